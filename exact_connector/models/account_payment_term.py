from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..due_date import INVOICE_DATES
from .exact_mapper_payment_condition import names_direct_debit
from .exact_payment_condition import PLAIN_CONDITION


class AccountPaymentTerm(models.Model):
    """Payment terms: which condition of Exact they stand for (R21-R27)."""

    _inherit = "account.payment.term"

    exact_payment_condition_id = fields.Many2one(
        "exact.payment.condition",
        company_dependent=True,
        domain="[('company_id', '=', allowed_company_ids[0]), "
        "('payment_method', '=' if exact_direct_debit else '!=', 'I'), "
        f"{PLAIN_CONDITION}]",
        help="The payment condition of entries and customers with this term. Empty: the condition "
        "that has the same due date on every day of a year, else the default of the connection.",
    )
    exact_direct_debit = fields.Boolean(
        "Direct Debit",
        compute="_compute_exact_direct_debit",
        store=True,
        readonly=False,
        help="Collected from the customer's account. In Exact such documents only get conditions "
        "of the method Collection, and no others do.",
    )
    exact_condition_summary = fields.Text(
        "In Exact",
        compute="_compute_exact_condition_summary",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )

    @api.depends("name")
    def _compute_exact_direct_debit(self):
        """Proposed from the name, in any language (R26); what someone ticked stays."""
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        for term in self:
            term.exact_direct_debit = term.exact_direct_debit or any(
                names_direct_debit(term.with_context(lang=code).name) for code in languages
            )

    @api.depends(
        "exact_payment_condition_id",
        "exact_direct_debit",
        "early_discount",
        "line_ids.delay_type",
        "line_ids.nb_days",
        "line_ids.days_next_month",
    )
    @api.depends_context("company", "lang")
    def _compute_exact_condition_summary(self):
        """What documents with this term get in Exact, and why."""
        env = self.env
        connection = env["exact.connection"]._for_company(env.company)
        mapper = env["exact.mapper.payment.condition"]
        for term in self:
            if not connection.division_id:
                term.exact_condition_summary = False
                continue
            choice = mapper._choose(connection, term)
            if choice.problem:
                term.exact_condition_summary = choice.problem.message
                continue
            mapped = choice.condition == term.exact_payment_condition_id
            apart = mapper._days_apart(choice.condition, term)
            lines = [
                env._(
                    "Exact will use: %(condition)s (%(why)s)",
                    condition=choice.condition._label(),
                    why=env._("chosen here") if mapped else choice.chosen.source,
                )
            ]
            lines += choice.notes
            if apart == len(INVOICE_DATES):
                lines.append(
                    env._("Its due date differs from Odoo's, which is sent along and holds.")
                )
            elif apart:
                lines.append(
                    env._(
                        "Its due date differs from Odoo's on %s %% of all days; "
                        "Odoo's is sent along and holds.",
                        max(1, round(100 * apart / len(INVOICE_DATES))),
                    )
                )
            term.exact_condition_summary = "\n".join(lines)

    @api.constrains("exact_payment_condition_id")
    def _check_exact_payment_condition(self):
        """Refused when mapping, with the reason (R24, R26).

        A term that becomes a direct debit afterwards, by its new name, can be saved: its condition
        is not used then, and the term and each document say so.
        """
        env = self.env
        # Whoever copies a payment term need not know Exact.
        for term in self.sudo():
            condition = term.exact_payment_condition_id
            refused = condition and condition._why_refused()
            if refused:
                raise ValidationError(refused[1])
            if condition and condition._is_debit() != term.exact_direct_debit:
                texts = {"condition": condition._label(), "term": term.display_name}
                raise ValidationError(
                    env._(
                        "Payment condition %(condition)s is a direct debit in Exact and payment term "
                        "%(term)s is not: tick Direct Debit on the payment term, or choose another "
                        "condition.",
                        **texts,
                    )
                    if condition._is_debit()
                    else env._(
                        "Payment term %(term)s is a direct debit and payment condition %(condition)s "
                        "in Exact is not: choose a condition that is collected, or untick Direct Debit.",
                        **texts,
                    )
                )

    @api.onchange("exact_direct_debit")
    def _onchange_exact_direct_debit(self):
        """A condition of the other family cannot stay."""
        for term in self:
            condition = term.exact_payment_condition_id
            if condition and condition._is_debit() != term.exact_direct_debit:
                term.exact_payment_condition_id = False


class AccountPaymentTermLine(models.Model):
    _inherit = "account.payment.term.line"

    def _exact_due_dates(self):
        """Odoo's due date for each of ``INVOICE_DATES``, a tuple."""
        self.ensure_one()
        return self._exact_due_table(self.delay_type, self.nb_days, self.days_next_month)

    @tools.ormcache("delay_type", "nb_days", "days_next_month")
    def _exact_due_table(self, delay_type, nb_days, days_next_month):
        """Kept by value, so that a thousand documents cost it once and a changed term is worked out anew."""
        return tuple(self._get_due_date(day) for day in INVOICE_DATES)
