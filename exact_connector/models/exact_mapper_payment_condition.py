import re
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import format_date

from ..due_date import INVOICE_DATES, due_date, due_dates
from ..resolution import Problem, Sourced

# How payment terms and payment methods name a direct debit, in the languages of Exact's countries.
DIRECT_DEBIT = re.compile(
    r"incasso|domicili[eë]ring|domiciliation|pr[eé]l[eè]vement|direct[\s-]?debit|lastschrift"
    r"|bankeinzug|\bsepa\b|\bsdd\b",
    re.IGNORECASE,
)
# SEPA is also how credit is transferred.
CREDIT_TRANSFER = re.compile(
    r"overboeking|overschrijving|virement|credit transfer|überweisung|\bsct\b", re.IGNORECASE
)
DIRECT_DEBIT_CODES = ("sdd", "sepa_direct_debit")


def names_direct_debit(text):
    """Whether a name speaks of direct debit (R26)."""
    text = text or ""
    return bool(DIRECT_DEBIT.search(text)) and not CREDIT_TRANSFER.search(text)


@dataclass
class Choice:
    """The condition of a document, why, what to tell, and what stops it.

    ``reason``: why the payment term itself led to none.
    """

    chosen: Sourced | None = None
    reason: str = ""
    notes: list = field(default_factory=list)
    problem: Problem | None = None

    @property
    def condition(self):
        return self.chosen.value if self.chosen else None


class ExactMapperPaymentCondition(models.AbstractModel):
    """From a payment term of Odoo to a payment condition of Exact, by computed due date (R21-R27)."""

    _name = "exact.mapper.payment.condition"
    _description = "Exact Mapper: Payment Condition"
    _inherit = ["exact.mapper"]

    # === TERM TO CONDITION === #

    @api.model
    def _propose(self, connection, term, debit=None):
        """The conditions that fall due like ``term`` on every day of a year, leap day and year end included.

        Only plain conditions of the same family. The one mapped on the term comes first, then the
        lowest code (R27). Cheap: due dates are kept in memory, by value.

        :param debit: collected by direct debit; by default as the term says.
        :return: (conditions best first, reason, confidence "high" | "low" | "none")
        """
        env = self.env
        conditions = env["exact.payment.condition"]
        term = term.with_company(connection.company_id)
        debit = term.exact_direct_debit if debit is None else debit
        reason = self._why_unmatched(term)
        if reason:
            return conditions, reason, "none"
        wanted = term.line_ids._exact_due_dates()
        reading = connection._get_month_end_reading()
        same = [
            candidate
            for candidate in conditions._candidates(connection.id)
            if candidate.debit == debit
            and due_dates(candidate.month_ends, candidate.days, reading) == wanted
        ]
        if not same:
            reason = (
                env._("no direct-debit condition has the same due date on every day of a year")
                if debit
                else env._("no condition has the same due date on every day of a year")
            )
            return conditions, reason, "none"
        found = conditions.browse([candidate.id for candidate in same])
        mapped = term.exact_payment_condition_id
        if mapped in found:
            found = mapped | found
        elif len(found) > 1:
            return found, env._("several have the same due dates: the lowest code"), "low"
        if same[0].month_ends and not connection.month_end_reading:
            reason = env._(
                "same due date on every day of a year, month ends counted as Exact documents them"
            )
        else:
            reason = env._("same due date on every day of a year")
        return found, reason, "high"

    @api.model
    def _why_unmatched(self, term):
        """Why no condition can be equal to ``term`` (R24); False where one may be."""
        env = self.env
        if term.early_discount:
            return env._("its early-payment discount is not carried over to Exact")
        if len(term.line_ids) > 1:
            return env._("it has several instalments")
        if not term.line_ids:
            return env._("it has no due date")
        return False

    @api.model
    def _condition_of_term(self, connection, term):
        """The condition that documents and new customers with ``term`` get, the default left out; may be empty."""
        choice = self._choose_by_term(connection, term, term.exact_direct_debit)
        return choice.condition or self.env["exact.payment.condition"]

    @api.model
    def _terms_by_code(self, connection):
        """{code of a condition: id of the payment term that stands for it}, for imported customers.

        Chosen by hand goes before the same due dates; of several the first in Odoo's order.
        """
        terms = (
            self.env["account.payment.term"]
            .with_company(connection.company_id)
            .search([("company_id", "in", (False, connection.company_id.id))])
        )
        mapped, same = {}, {}
        for term in terms:
            if term.exact_payment_condition_id:
                mapped.setdefault(term.exact_payment_condition_id.code, term.id)
                continue
            for condition in self._propose(connection, term)[0]:
                same.setdefault(condition.code, term.id)
        return {**same, **mapped}

    @api.model
    def _days_apart(self, condition, term):
        """On how many of the compared invoice dates Exact's due date would not be Odoo's.

        :return: number of :data:`INVOICE_DATES`; all of them for a term in several instalments.
        """
        if len(term.line_ids) != 1:
            return len(INVOICE_DATES)
        reading = condition.connection_id._get_month_end_reading()
        exact = due_dates(condition.end_of_months, condition.payment_days, reading)
        odoo = term.line_ids._exact_due_dates()
        return sum(ours != theirs for ours, theirs in zip(odoo, exact, strict=True))

    # === DOCUMENT TO CONDITION === #

    @api.model
    def _choose_for_move(self, move, connection):
        """The condition of a document and all there is to tell about it; no write, no call.

        :return: :class:`Choice`
        """
        refund = move.move_type == "out_refund"
        term = move.invoice_payment_term_id
        choice = self._choose(
            connection, term, refund, self._is_debit_method(move.preferred_payment_method_line_id)
        )
        # When a credit note without a term is due means nothing: it is set off or paid back.
        if choice.condition and (term or not refund):
            choice.notes += self._due_notes_of_move(connection, choice.condition, move)
        return choice

    @api.model
    def _due_notes_of_move(self, connection, condition, move):
        """Both due dates of a document where they differ; of an invoice that Exact prints, Exact's where it decides."""
        date, due = move.invoice_date, move.invoice_date_due
        if move.exact_route == "invoice" and move.state == "draft":
            mapper = self.env["exact.mapper.sales.invoice"]
            date = mapper._document_date(move)
            if not mapper._due_date(move):
                return [
                    self.env._(
                        "Without a payment term it falls due by condition %(condition)s of Exact, on %(date)s.",
                        condition=condition._label(),
                        date=self._date(condition._get_due_date(date)),
                    )
                ]
        return self._due_notes(connection, condition, date, due)

    @api.model
    def _choose(self, connection, term, refund=False, debit_method=False):
        """The condition of documents with ``term``, whatever their date.

        :param refund: credit notes take the default, always (R23).
        :param debit_method: the document's own payment method is a direct debit (R26).
        """
        env = self.env
        term = term.with_company(connection.company_id)
        if refund:
            choice = self._choose_default(connection, term, False)
            if term and choice.condition:
                choice.notes.append(
                    env._(
                        "Credit notes take the default condition %(condition)s: "
                        "payment term %(term)s does not count.",
                        condition=choice.condition._label(),
                        term=term.display_name,
                    )
                )
            return choice
        debit = bool(term.exact_direct_debit or debit_method)
        if not term:
            return self._choose_default(connection, term, debit)
        choice = self._choose_by_term(connection, term, debit)
        if choice.condition or choice.problem:
            return choice
        default = self._choose_default(connection, term, debit)
        default.notes = choice.notes + default.notes
        if default.condition:
            default.notes.append(
                env._(
                    "Payment term %(term)s is not mapped, and %(reason)s: "
                    "the default condition %(condition)s is used.",
                    term=term.display_name,
                    reason=choice.reason,
                    condition=default.condition._label(),
                )
            )
        return default

    @api.model
    def _choose_by_term(self, connection, term, debit):
        """The condition mapped on the term, else the one that falls due alike (R21, R27)."""
        env = self.env
        term = term.with_company(connection.company_id)
        choice = Choice()
        mapped = term.exact_payment_condition_id
        if mapped and mapped.connection_id == connection:
            refused = mapped._why_refused()
            texts = {"condition": mapped._label(), "term": term.display_name}
            if not mapped.active:
                choice.notes.append(
                    env._(
                        "Payment condition %(condition)s of payment term %(term)s is blocked or gone "
                        "in Exact.",
                        **texts,
                    )
                )
            elif refused:
                choice.problem = Problem(*refused, term)
                return choice
            elif mapped._is_debit() != debit:
                choice.notes.append(
                    env._(
                        "This is collected by direct debit: payment condition %(condition)s of "
                        "payment term %(term)s is not.",
                        **texts,
                    )
                    if debit
                    else env._(
                        "This is not collected by direct debit: payment condition %(condition)s of "
                        "payment term %(term)s is.",
                        **texts,
                    )
                )
            else:
                choice.chosen = Sourced(
                    mapped, env._("payment condition on payment term %s", term.display_name)
                )
                if term.early_discount:
                    choice.notes.append(
                        env._(
                            "The early-payment discount of payment term %s is not carried over to Exact.",
                            term.display_name,
                        )
                    )
                return choice
        found, choice.reason, _confidence = self._propose(connection, term, debit)
        if found:
            choice.chosen = Sourced(found[0], choice.reason)
            if len(found) > 1:
                choice.notes.append(
                    env._(
                        "Payment conditions %(codes)s fall due alike: %(condition)s, the lowest code, "
                        "is used. Choose one on payment term %(term)s.",
                        codes=", ".join(found.mapped("code")),
                        condition=found[0]._label(),
                        term=term.display_name,
                    )
                )
        return choice

    @api.model
    def _choose_default(self, connection, term, debit):
        """The default of the family (R22, R26); the ordinary one, and a note, where direct debit has none."""
        env = self.env
        choice = Choice()
        default, default_debit = connection._default_conditions()
        if debit and default_debit.active and not default_debit._why_refused():
            choice.chosen = Sourced(default_debit, env._("default payment condition, direct debit"))
            return choice
        if not default or not default.active:
            choice.problem = Problem(
                "no_payment_condition",
                env._("No Exact payment condition is mapped and no default is set."),
                term or connection,
            )
            return choice
        refused = default._why_refused()
        if refused:
            choice.problem = Problem(*refused, connection)
            return choice
        if default._is_debit() and not debit:
            choice.problem = Problem(
                "condition_family",
                env._(
                    "The default payment condition %s is a direct debit in Exact: choose a credit transfer.",
                    default._label(),
                ),
                connection,
            )
            return choice
        choice.chosen = Sourced(default, env._("default payment condition"))
        if debit and not default._is_debit():
            choice.notes.append(
                env._(
                    "This is collected by direct debit, but the connection has no default condition for "
                    "that: Exact takes it as a credit transfer."
                )
            )
        return choice

    @api.model
    def _is_debit_method(self, method_line):
        """Whether the payment method on a document is a direct debit (R26)."""
        if not method_line:
            return False
        method = method_line.payment_method_id
        codes = (*DIRECT_DEBIT_CODES, *method._get_sdd_payment_method_code())
        return method.code in codes or names_direct_debit(method_line.name)

    # === DUE DATE (W9) === #

    @api.model
    def _due_notes(self, connection, condition, invoice_date, odoo_due):
        """Where Exact would derive another due date than Odoo has: both dates, and the nearest condition."""
        env = self.env
        if not invoice_date or not odoo_due:
            return []
        exact_due = condition._get_due_date(invoice_date)
        notes = []
        if exact_due != odoo_due:
            text = env._(
                "In Exact condition %(condition)s would fall due on %(exact)s; "
                "Odoo's due date %(odoo)s is sent and holds.",
                condition=condition._label(),
                exact=self._date(exact_due),
                odoo=self._date(odoo_due),
            )
            near = self._nearest(connection, condition, invoice_date, odoo_due)
            if near:
                text += " " + env._(
                    "Nearest condition: %(condition)s, %(date)s.",
                    condition=near._label(),
                    date=self._date(near._get_due_date(invoice_date)),
                )
            notes.append(text)
        other = condition._get_other_due_date(invoice_date)
        if other and other != odoo_due:
            notes.append(
                env._(
                    "Condition %(condition)s counts month ends: should your Exact count the end of the "
                    "current month as the first, it would fall due on %(date)s. "
                    "Odoo's due date is sent and holds.",
                    condition=condition._label(),
                    date=self._date(other),
                )
            )
        return notes

    @api.model
    def _nearest(self, connection, condition, invoice_date, odoo_due):
        """The condition of the same family that falls due nearest to ``odoo_due``; empty where none is nearer."""
        reading = connection._get_month_end_reading()

        def distance(month_ends, days):
            return abs((due_date(invoice_date, month_ends, days, reading) - odoo_due).days)

        conditions = self.env["exact.payment.condition"]
        candidates = [
            candidate
            for candidate in conditions._candidates(connection.id)
            if candidate.debit == condition._is_debit()
        ]
        best = min(candidates, key=lambda c: distance(c.month_ends, c.days), default=None)
        if best and distance(best.month_ends, best.days) < distance(
            condition.end_of_months, condition.payment_days
        ):
            return conditions.browse(best.id)
        return conditions

    @api.model
    def _date(self, day):
        """A date as the user writes it."""
        return format_date(self.env, day)
