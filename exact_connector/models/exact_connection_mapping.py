"""Whether what is mapped still holds, and telling in time when it does not (R10, R17, W11)."""

import json
from dataclasses import dataclass

from markupsafe import Markup

from odoo import api, fields, models

from ..resolution import Gap
from .exact_connection import SALES_JOURNAL_TYPES
from .exact_mapping_targets import TARGETS, WATCHED

ACTIVITY = "exact_connector.mail_activity_type_mapping"
# Records named in one warning; the others are told as a number.
NAMED = 3


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a counterpart in Exact; ``stops``: documents with it stop."""

    code: str
    text: str
    stops: bool = True


class ExactConnection(models.Model):
    _name = "exact.connection"
    _inherit = ["exact.connection", "mail.activity.mixin"]

    # What managers were told last, so that nobody is told the same every night.
    told_warnings = fields.Json(readonly=True, copy=False)
    mapping_alert = fields.Html(compute="_compute_mapping_alert", sanitize=False)

    # === WHAT IS WRONG WITH A CHOICE === #

    def _choice_flaw(self, choice, record=None):
        """What is wrong with a counterpart in Exact, for ``record`` of Odoo where that matters.

        :return: :class:`Flaw`, or None where it can be used.
        """
        env = self.env
        name = choice.display_name
        if choice.connection_id != self:
            return Flaw("foreign", env._("%s belongs to another connection.", name))
        if not choice.active:
            return Flaw("gone", env._("%s is blocked or gone in Exact.", name))
        check = getattr(
            self, f"_flaw_{choice._name.removeprefix('exact.').replace('.', '_')}", None
        )
        return check(choice, record) if check else None

    def _flaw_vat_code(self, code, record):
        env = self.env
        name = code.display_name
        if code.type == "I":
            return Flaw("including", env._("VAT code %s is of type Including now.", name))
        fits = True
        if record and record._name == "account.tax":
            if record.amount_type in ("percent", "division"):
                fits = code._fits_rate(record._exact_rate())
        elif record and record._name == "exact.connection":
            as_default = code == self.default_vat_code_id and code.type == "E"
            fits = as_default or (code == self.no_tax_vat_code_id and code._fits_rate(0))
        if not fits:
            values = {"code": name, "record": record.display_name}
            return Flaw("rate", env._("VAT code %(code)s does not fit %(record)s.", **values))
        return None

    def _flaw_item(self, item, _record):
        env = self.env
        name = item.display_name
        if not item.is_sales_item:
            return Flaw("unsold", env._("Item %s is not a sales item in Exact.", name))
        if not item._is_valid_on(fields.Date.context_today(self)):
            return Flaw("ended", env._("Item %s is not in use in Exact today.", name))
        if self.only_divisible_items and not item.is_divisible:
            return Flaw("indivisible", env._("Item %s is not divisible in Exact.", name))
        if not item.gl_account_id:
            return Flaw("no_account", env._("Item %s has no revenue account in Exact.", name))
        if not item.gl_account_id.active:
            account = item.gl_account_id.display_name
            text = env._(
                "Revenue account %(account)s of item %(item)s is blocked in Exact.",
                account=account,
                item=name,
            )
            return Flaw("account", text)
        return None

    def _flaw_gl_account(self, account, record):
        env = self.env
        if account.type in account._refused_types:
            return Flaw(
                "type",
                env._(
                    "Ledger account %s is a debtor, creditor or VAT account.", account.display_name
                ),
            )
        if record and record._name == "exact.connection" and not account.is_revenue:
            return Flaw(
                "revenue",
                env._("Ledger account %s is not a revenue account in Exact.", account.display_name),
            )
        return None

    def _flaw_journal(self, journal, _record):
        if journal.type not in SALES_JOURNAL_TYPES:
            text = self.env._("Journal %s is not a sales journal in Exact.", journal.display_name)
            return Flaw("type", text)
        return None

    def _flaw_payment_condition(self, condition, record):
        """Discount or instalments stop a document (R24); other days are only told (W9)."""
        env = self.env
        refused = condition._why_refused()
        if refused:
            return Flaw(*refused)
        if record and condition.exact_change:
            text = env._(
                "Payment condition %(condition)s was changed in Exact: %(change)s.",
                condition=condition.display_name,
                change=condition.exact_change,
            )
            is_term = record._name == "account.payment.term"
            if is_term and env["exact.mapper.payment.condition"]._days_apart(condition, record):
                text += " " + env._("Its due date differs from Odoo's now.")
            return Flaw(f"changed {condition.exact_change}", text, stops=False)
        return None

    def _flaw_project(self, project, _record):
        if project.end_date and project.end_date < fields.Date.context_today(self):
            return Flaw("ended", self.env._("Project %s has ended in Exact.", project.display_name))
        return None

    # === EVERYTHING MAPPED === #

    def _get_flaws(self):
        """Everything mapped that no longer holds.

        Only what may be wrong is looked up: the bad counterparts first, then who points to them.
        :return: list of (target name, record, choice, :class:`Flaw`), records read as superuser.
        """
        self.ensure_one()
        connection = self.sudo().with_company(self.company_id)
        found, bad = [], {}
        for name, target in {**TARGETS, **WATCHED}.items():
            if target.model not in self.env or name in ("expense", "plan"):
                continue
            field = self.env[target.model]._fields.get(target.field)
            if not field or (name == "product_journal" and not self.journal_per_product):
                continue
            if target.is_setting():
                records = connection.filtered(target.field)
            else:
                records = connection._search_suspect(target, field, bad)
            for record in records:
                choice = record[target.field]
                flaw = connection._choice_flaw(choice, record)
                if flaw:
                    found.append((name, record, choice, flaw))
        return found

    def _search_suspect(self, target, field, bad):
        """Records whose counterpart may be wrong; all mapped ones where that depends on the record.

        :param bad: counterparts found wrong so far, by model: thousands of items are judged once.
        """
        every = target.model in ("account.tax", "account.payment.term")
        if every or field.comodel_name not in bad:
            choices = (
                self.env[field.comodel_name]
                .with_context(active_test=False)
                .search([("connection_id", "=", self.id)])
            )
            if not every:
                choices = choices.filtered(lambda choice: self._choice_flaw(choice))
                bad[field.comodel_name] = choices
        else:
            choices = bad[field.comodel_name]
        if not choices:
            return self.env[target.model]
        return self.env[target.model].search([(target.field, "in", choices.ids)])

    def _group_flaws(self):
        """What no longer holds, once for each counterpart in Exact, with all it is used for.

        :return: list of (choice, :class:`Flaw`, list of (target name, record))
        """
        grouped = {}
        for name, record, choice, flaw in self._get_flaws():
            # A rate or a due date is wrong for one record; the rest is wrong wherever it is used.
            own = (name, record.id) if flaw.code == "rate" or not flaw.stops else ()
            group = grouped.setdefault((choice, flaw.code, own), (choice, flaw, []))
            group[2].append((name, record))
        return list(grouped.values())

    def _get_warnings(self):
        """What no longer holds, in words.

        :return: list of (key, :class:`Gap`); the key changes when what is wrong changes.
        """
        env = self.env
        warnings = []
        for choice, flaw, uses in self._group_flaws():
            names = [self._name_use(name, record) for name, record in uses[:NAMED]]
            if len(uses) > NAMED:
                names.append(env._("%s more", len(uses) - NAMED))
            text = env._("%(what)s Used for: %(where)s.", what=flaw.text, where=", ".join(names))
            where = sorted(f"{record._name},{record.id}" for _name, record in uses)
            key = json.dumps([choice._name, choice.id, flaw.code, where])
            kind = {**TARGETS, **WATCHED}[uses[0][0]].kind
            record = uses[0][1].with_env(env)
            warnings.append((key, Gap(kind, text, "", record, "", flaw.stops)))
        return warnings

    def _name_use(self, name, record):
        """A mapped record in words: the label of a setting, else its name."""
        target = {**TARGETS, **WATCHED}[name]
        if target.is_setting():
            return self.fields_get([target.field], ["string"])[target.field]["string"]
        return record.display_name

    # === TELLING === #

    def _warn_of_changes(self):
        """Tell which mappings no longer hold, before the next document fails (R10, R17, W11).

        Once: in the chatter what is new, and one activity that lists all there is.
        :return: texts of everything that is wrong now.
        """
        self.ensure_one()
        warnings = self._get_warnings()
        told = set(self.told_warnings or ())
        new = [gap.message for key, gap in warnings if key not in told]
        keys = sorted(key for key, _gap in warnings)
        if keys != sorted(told):
            self.sudo().told_warnings = keys
            # What only deserves a look stays in the activity until a person has had it.
            seen_only = any(json.loads(key)[2].startswith("changed") for key in told)
            if warnings or not seen_only:
                self._keep_activity([gap.message for _key, gap in warnings])
        if new:
            self._message_log(body=Markup("<br/>").join(new))
        return [gap.message for _key, gap in warnings]

    def _keep_activity(self, texts):
        """One activity for the managers, as long as something is wrong."""
        connection = self.sudo()
        activity = connection.activity_search([ACTIVITY], only_automated=False)
        if not texts:
            activity.action_feedback(feedback=self.env._("Everything mapped holds again."))
            return
        note = Markup("<ul>%s</ul>") % Markup("").join(
            Markup("<li>%s</li>") % text for text in texts
        )
        if activity:
            activity[0].note = note
            return
        connection.activity_schedule(
            ACTIVITY,
            summary=self.env._("Mapping to Exact needs a look"),
            note=note,
            user_id=self._get_manager().id,
        )

    def _get_manager(self):
        """The person to tell: who set the connection up where that is a manager, else the first manager."""
        self.ensure_one()
        group = "exact_connector.group_exact_manager"
        maker = self.sudo().create_uid
        if maker.active and maker.has_group(group) and self.company_id in maker.company_ids:
            return maker
        managers = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", self.env.ref(group).ids),
                    ("company_ids", "in", self.company_id.ids),
                    ("share", "=", False),
                ],
                order="id",
            )
        )
        return managers[:1]

    @api.depends("refreshed_on", "told_warnings")
    def _compute_mapping_alert(self):
        """What stops documents now, each with a link to where it is mapped."""
        for connection in self:
            if connection.state != "connected" or not connection.id:
                connection.mapping_alert = False
                continue
            lines = [
                Markup("<li>%s</li>") % connection._alert_line(flaw, uses)
                for _choice, flaw, uses in connection._group_flaws()
                if flaw.stops
            ]
            connection.mapping_alert = (
                Markup('<ul class="mb-0">%s</ul>') % Markup("").join(lines) if lines else False
            )

    def _alert_line(self, flaw, uses):
        """What is wrong, and links to the records that it is used for, in the same tab."""
        names = []
        for name, record in uses[:NAMED]:
            label = self._name_use(name, record)
            link = Markup('<a class="alert-link" href="/odoo/%s/%s">%s</a>')
            names.append(label if record == self else link % (record._name, record.id, label))
        if len(uses) > NAMED:
            names.append(self.env._("%s more", len(uses) - NAMED))
        where = Markup(", ").join(names)
        # "where" is markup, so it stays; the rest, a translation too, is text and is escaped.
        return Markup("%s %s") % (flaw.text, self.env._("Used for: %s.", where))

    # === DEFAULTS === #

    def _get_default_proposals(self):
        """What is right for most offices in each setting: name of the field -> record of Exact (R5)."""
        self.ensure_one()
        env = self.env
        own = [("connection_id", "=", self.id)]
        journals = env["exact.journal"].search(
            [*own, ("type", "in", SALES_JOURNAL_TYPES)], order="type, code"
        )
        sales = journals.filtered(lambda journal: journal.type == "20")
        credit = sales.filtered(lambda journal: "credit" in (journal.name or "").lower())
        codes = env["exact.vat.code"].search(own, order="code")
        conditions = env["exact.payment.condition"].search(own)
        return {
            "sale_journal_id": sales[:1],
            "refund_journal_id": (credit or sales)[:1],
            "default_vat_code_id": codes._standard_rate(self.division_id.country_code),
            "no_tax_vat_code_id": codes.filtered(lambda code: code.type == "N")[:1],
            "default_payment_condition_id": conditions._usual(),
        }

    def _propose_defaults(self):
        """Fill empty settings with what is right for most offices; never overwrite (R5, requirements 1)."""
        values = {
            name: record.id
            for name, record in self._get_default_proposals().items()
            if record and not self[name]
        }
        if values:
            self.sudo().write(values)
