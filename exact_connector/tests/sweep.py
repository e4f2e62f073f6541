"""Every public method of our models, called by somebody who has no business with the records."""

import inspect
from dataclasses import dataclass

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tools import mute_logger

# What Odoo itself guards, by access rights and rules: test_rights.py looks at these.
BY_RIGHTS = {"create", "write", "unlink", "read", "copy"}
# What a parameter gets; the others get nothing at all.
ARGUMENTS = {
    "kind": "vat",
    "vals": {},
    "values": {},
    "vals_list": [{}],
    "domain": [],
    "specification": {},
    "code": "unknown",
    "message": "x",
}
# What may change by any call of any person.
PASSING = ("wizard", "uninvoiced", "billable", "exact_oauth_state")
MORE_TABLES = (
    "account_move", "account_move_line", "res_partner", "res_company", "ir_attachment", "ir_config_parameter",
    "ir_cron", "ir_cron_trigger", "mail_message", "account_tax", "product_template", "sale_order",
    "account_analytic_line", "hr_expense",
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    model: str
    method: str

    def __str__(self):
        return f"{self.model}.{self.method}"


class Sweep:
    """Mixed into a case with a connection: what a stranger can do, method by method.

    A method may refuse by any error; what it must not do is change, call Exact, or tell.
    """

    # Modules whose methods are called.
    OURS = "odoo.addons.exact_connector"

    def public_calls(self):
        """What our add-ons define and RPC lets through, on our models and on those of Odoo."""
        for name in sorted(self.env.registry):
            model = self.env.registry[name]
            found = set()
            for base in model.__mro__:
                if not base.__module__.startswith(self.OURS):
                    continue
                for method, value in vars(base).items():
                    if not method.startswith("_") and inspect.isfunction(value):
                        found.add(method)
            for method in sorted(found - BY_RIGHTS):
                try:
                    get_public_method(self.env[name], method)
                except AccessError:
                    continue
                yield Call(name, method)

    def victims(self, name, company):
        """Records of ``company`` that such a call could be about, the last ones made; most buttons want one."""
        model = self.env[name].sudo().with_context(active_test=False)
        if model._abstract or not model._auto:
            return self.env[name].browse()
        domain = [("company_id", "=", company.id)] if "company_id" in model._fields else []
        if name == "res.company":
            domain = [("id", "=", company.id)]
        most = 2 if name in ("account.move", "exact.exchange") else 1
        return model.search(domain, limit=most, order="id desc").sudo(False)

    def rows_written(self):
        """Table -> rows that this transaction has made, changed or deleted, of what is not everybody's."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE relname LIKE 'exact\\_%%' OR relname IN %s",
            [MORE_TABLES],
        )
        return {
            name: rows
            for name, rows in self.env.cr.fetchall()
            if not any(word in name for word in PASSING)
        }

    def arguments(self, records, method):
        """Enough for the call to begin."""
        parameters = list(inspect.signature(getattr(type(records), method)).parameters.values())[1:]
        return [
            ARGUMENTS.get(parameter.name)
            for parameter in parameters
            if parameter.default is parameter.empty
            and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]

    def sweep(self, user, company, canaries):
        """Call everything as ``user``, in that user's own companies.

        :param canaries: words of ``company`` that no answer may hold
        :return: list of texts, one for each call that did or told something
        """
        found = []
        own = user.sudo().company_ids.ids
        victims = {}
        self.refused = self.harmless = 0
        for call in list(self.public_calls()):
            if call.model not in victims:
                victims[call.model] = self.victims(call.model, company)
            records = victims[call.model].with_user(user).with_context(allowed_company_ids=own)
            for record in records or [records]:
                self.attempt(user, call, record, canaries, found)
        return found

    def attempt(self, user, call, record, canaries, found):
        """One call on one record, taken back afterwards; adds to ``found`` what it did or told."""
        arguments = self.arguments(record, call.method)
        before = self.rows_written()
        self.clear_calls()
        point = self.env.cr.savepoint(flush=False)
        answer = None
        try:
            with mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_rule"):
                answer = getattr(record, call.method)(*arguments)
                self.env.cr.flush()
        except AccessError:
            self.refused += 1
        except Exception as error:
            # RPC would take it all back, and show the text.
            answer = str(error)
        else:
            self.harmless += 1
            after = self.rows_written()
            changed = [name for name in after if after[name] != before.get(name, 0)]
            if changed:
                found.append(f"{user.login}: {call} changed {', '.join(changed)}")
        told = [word for word in canaries if word in str(self.spoken(answer))]
        if told:
            found.append(f"{user.login}: {call} told {', '.join(told)}: {answer}")
        if self.calls():
            found.append(f"{user.login}: {call} called Exact")
        point.rollback()
        self.env.cr.precommit.clear()
        self.env.transaction.clear()

    @staticmethod
    def spoken(answer):
        """An answer as RPC would send it."""
        return answer.ids if hasattr(answer, "ids") else answer

    def people_without_business(self, company, other):
        """Who is asked: a manager of another company, colleagues without the group, the world outside."""
        managers = [
            "exact_connector.group_exact_manager",
            "account.group_account_manager",
            "base.group_allow_export",
        ]
        portal = self.make_user("sweep_portal", "base.group_portal", company=company)
        return [
            self.make_user("sweep_stranger", *managers, company=other),
            self.make_user("sweep_chief", *managers, "base.group_system", company=other),
            self.make_user("sweep_colleague", "base.group_user", company=company),
            portal,
            self.env.ref("base.public_user"),
        ]
