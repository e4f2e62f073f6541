import io
import json
import platform
import zipfile
from importlib import metadata

from odoo import fields, models, release
from odoo.tools import config

from ..redaction import Redactor

# How much of what happened goes along.
LAST_EXCHANGES = 200
LAST_ERRORS = 50
LAST_RUNS = 20
# Fields of a connection that tell how it is set up; none of them holds a word of a person.
PLAIN = ("boolean", "integer", "float", "selection", "date", "datetime")
LIBRARIES = ("requests", "requests-oauthlib", "oauthlib", "urllib3", "odoo-addon-queue-job")
README = """Support parcel of the Exact Online connector

For a consultant or the makers of the connector. It holds versions, settings, counts, the last
exchanges with Exact and their errors. It holds no token, no secret and no bank number; names, mail
addresses, telephone numbers and texts of documents are left out: "partner 12" is the contact with
ID 12 in Odoo. Look through it before sending it on: these are plain text files.
"""


def _is_secret(field):
    """Whether a field holds what opens a door: kept from everybody, or named so."""
    return field.groups == fields.NO_ACCESS or field.name.endswith(
        ("_secret", "_token", "client_id")
    )


class ExactConnection(models.Model):
    """One redacted file that tells a stranger what is the matter (W16). Read only; no call is made."""

    _inherit = "exact.connection"

    def action_support_parcel(self):
        """The file, made while it is fetched and kept nowhere."""
        self.ensure_one()
        self._check_manager()
        return {
            "type": "ir.actions.act_url",
            "url": f"/exact_connector/support/{self.id}",
            "target": "download",
        }

    def _get_support_parcel(self):
        """Name and content of the parcel: a ZIP of readable files.

        :raises AccessError: for whoever is no manager of this company.
        """
        self.ensure_one()
        self._check_manager()
        # English throughout: whoever reads it is not its user.
        connection = self.with_context(lang="en_US").sudo()
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as parcel:
            parcel.writestr("README.txt", README)
            for name, content in connection._support_parts().items():
                text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
                parcel.writestr(f"{name}.json", text)
        moment = fields.Datetime.now().strftime("%Y%m%d-%H%M")
        return f"exact_support_{self.division or 'new'}_{moment}.zip", output.getvalue()

    def _support_parts(self):
        """File name -> content. Other add-ons put theirs beside it, through the same redactor."""
        exchanges = self.env["exact.exchange"]
        own = [("connection_id", "=", self.id)]
        last = exchanges.search(own, order="id desc", limit=LAST_EXCHANGES)
        errors = exchanges.search(
            [*own, ("cause_id", "!=", False)], order="write_date desc, id desc", limit=LAST_ERRORS
        )
        redactor = self._support_redactor(last | errors)
        return {
            "versions": self._support_versions(),
            "settings": self._support_settings(redactor),
            "mapping": self._support_mapping(redactor),
            "exchanges": [self._support_exchange(each, redactor) for each in last],
            "errors": [self._support_error(each, redactor) for each in errors],
            "causes": self._support_causes(),
            "runs": self._support_runs(redactor),
            "crons": self._support_crons(),
            "budget": self._support_budget(),
        }

    # === WHAT MUST NOT BE IN IT === #

    def _support_secrets(self):
        """Every secret that this database knows, whatever connection it belongs to."""
        secrets = []
        for name, model in self.env.registry.items():
            if not name.startswith("exact.") or model._abstract:
                continue
            for field in model._fields.values():
                if field.type == "char" and field.store and _is_secret(field):
                    records = self.env[name].with_context(active_test=False)
                    secrets += records.search([(field.name, "!=", False)]).mapped(field.name)
        return secrets

    def _support_redactor(self, exchanges):
        """Knows the secrets, and the names of the people and customers that these exchanges are about."""
        partners = exchanges.partner_id | exchanges.move_id.partner_id
        partners |= partners.commercial_partner_id
        partners |= partners.child_ids
        users = exchanges.user_id | self.authorization_id.connected_by_id | self.env.user
        names = {name: f"partner {each.id}" for each in partners for name in self._names_of(each)}
        names |= {user.name: f"user {user.id}" for user in users}
        names |= {user.login: f"user {user.id}" for user in users}
        known = self.authorization_id | self.pending_authorization_id
        names |= dict.fromkeys(
            [*known.mapped("exact_user_name"), self.known_user_name], "the Exact user"
        )
        return Redactor(
            self._support_secrets(), {name: each for name, each in names.items() if name}
        )

    def _names_of(self, partner):
        values = [partner.name, partner.email, partner.phone, partner.street, partner.vat]
        values += [partner.company_registry, partner.city, partner.website]
        # A person is also known by a family name alone.
        words = [] if partner.is_company else (partner.name or "").split()[-1:]
        return [value for value in [*values, *words] if value and len(value) > 2]

    # === PARTS === #

    def _support_versions(self):
        modules = self.env["ir.module.module"].search(
            [
                ("state", "not in", ("uninstalled", "uninstallable")),
                "|",
                ("name", "=like", "exact\\_%"),
                ("name", "in", ("account", "sale", "hr_timesheet", "hr_expense", "queue_job")),
            ]
        )
        found = {}
        for name in LIBRARIES:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                found[name] = None
        return {
            "made_on": fields.Datetime.now(),
            "odoo": release.version,
            "python": platform.python_version(),
            "postgresql": self.env.cr.connection.server_version,
            "modules": {module.name: module.installed_version for module in modules},
            "libraries": found,
            "languages": [code for code, _name in self.env["res.lang"].get_installed()],
            "server": {
                name: config.get(name)
                for name in ("workers", "max_cron_threads", "limit_time_real", "limit_time_cpu")
            },
        }

    def _support_settings(self, redactor):
        values = {
            name: self[name]
            for name, field in self._fields.items()
            if field.type in PLAIN and (field.store or name == "state") and not field.groups
        }
        for name in self._own_links():
            values[name] = self[name].code or None
        authorization = self.authorization_id
        return {
            "connection": values,
            "settlement_journal": self.settlement_journal_id.code or None,
            "missing": (self.missing_settings or "").splitlines(),
            "authorization": {
                "site": authorization.country or None,
                "state": authorization.state or None,
                "connected_on": authorization.connected_on or None,
                "renewed_on": authorization.renewed_on or None,
                "ends_if_not_used_until": authorization.risk_on or None,
                "last_error": redactor.text(authorization.last_error),
                "divisions": len(authorization.division_ids),
                "companies": len(authorization.company_ids),
            },
            "rights": [
                {
                    "resource": probe.resource,
                    "access": probe.access,
                    "optional": probe.optional,
                    "state": probe.state,
                    "checked_on": probe.checked_on or None,
                    "exact_said": redactor.text(probe.exact_message),
                }
                for probe in self.probe_ids
            ],
        }

    def _support_mapping(self, redactor):
        """How many records of each kind there are in Exact's copy, and how many of Odoo's stand for one."""
        reference, mapped = {}, {}
        for name, model in self.env.registry.items():
            if model._abstract or model._transient:
                continue
            if name.startswith("exact.") and "exact_blocked" in model._fields:
                records = self.env[name].with_context(active_test=False)
                own = [("connection_id", "=", self.id)]
                reference[name] = {
                    "all": records.search_count(own),
                    "gone": records.search_count([*own, ("active", "=", False)]),
                    "blocked": records.search_count([*own, ("exact_blocked", "=", True)]),
                }
            elif not name.startswith("exact."):
                for field in model._fields.values():
                    if (
                        field.type == "many2one"
                        and field.store
                        and "exact_blocked"
                        in getattr(self.env.get(field.comodel_name), "_fields", ())
                    ):
                        records = self.env[name].with_company(self.company_id)
                        domain = [(f"{field.name}.connection_id", "=", self.id)]
                        mapped[f"{name}.{field.name}"] = records.search_count(domain)
        partners = self.env["res.partner"].with_company(self.company_id)
        mapped["res.partner"] = partners.search_count([("exact_account_id", "!=", False)])
        gaps = self._get_gaps() if self.division_id else []
        return {
            "in_exact": reference,
            "mapped_in_odoo": mapped,
            "gaps": [{"kind": gap.kind, "text": redactor.text(gap.message)} for gap in gaps],
        }

    def _support_exchange(self, exchange, redactor):
        sent = exchange.payload
        if isinstance(sent, str):
            sent = json.loads(sent)
        return {
            "id": exchange.id,
            "kind": exchange.kind,
            "state": exchange.state,
            "document": exchange.move_id.name or None,
            "partner": exchange.partner_id.id or exchange.move_id.partner_id.id or None,
            "asked_by_user": exchange.user_id.id or None,
            "asked_on": exchange.create_date,
            "attempts": exchange.attempts,
            "last_attempt_on": exchange.started_on or None,
            "done_on": exchange.done_on or None,
            "again_at": exchange.retry_at or None,
            "cause": exchange.cause_id.code or None,
            "http_status": exchange.http_status or None,
            "exact_id": exchange.exact_id or None,
            "exact_number": exchange.exact_number or None,
            "sent": redactor.sent(sent or None),
        }

    def _support_error(self, exchange, redactor):
        return {
            "exchange": exchange.id,
            "kind": exchange.kind,
            "state": exchange.state,
            "on": exchange.write_date,
            "cause": exchange.cause_id.code,
            "http_status": exchange.http_status or None,
            "message": redactor.text(exchange.message),
            "exact_said": redactor.text(exchange.exact_message),
            "notes": redactor.text(exchange.notes),
            "problems": [
                {
                    "cause": problem.cause_id.code or None,
                    "text": redactor.text(problem.message),
                    "record": f"{problem.res_model} {problem.res_id}"
                    if problem.res_model
                    else None,
                }
                for problem in exchange.problem_ids
            ],
        }

    def _support_causes(self):
        """What stands open, counted by its cause."""
        groups = self.env["exact.exchange"]._read_group(
            [("connection_id", "=", self.id)], ["kind", "state", "cause_id"], ["__count"]
        )
        return [
            {"kind": kind, "state": state, "cause": cause.code or None, "count": count}
            for kind, state, cause, count in groups
        ]

    def _support_runs(self, redactor):
        runs = self.env["exact.sync.run"].search(
            [("connection_id", "=", self.id)], order="id desc", limit=LAST_RUNS
        )
        return [
            {
                "started_on": run.started_on,
                "done_on": run.done_on or None,
                "state": run.state,
                "in_background": run.in_background,
                "result": redactor.text(run.summary),
            }
            for run in runs
        ]

    def _support_crons(self):
        crons = self.env["ir.cron"].with_context(active_test=False)
        found = crons.search([("model_id.model", "=like", "exact.%")], order="id")
        return [
            {
                "name": cron.cron_name,
                "active": cron.active,
                "every": f"{cron.interval_number} {cron.interval_type}",
                "last": cron.lastcall or None,
                "next": cron.nextcall or None,
                "failures": cron.failure_count,
            }
            for cron in found
        ]

    def _support_budget(self):
        """Exact's limits as it last told them, and what other tables keep of them."""
        return {
            "day_limit": self.day_limit,
            "day_remaining": self.day_remaining,
            "limited_until": self.limited_until or None,
            **{
                name: [
                    {
                        field.name: record[field.name]
                        for field in record._fields.values()
                        if field.type in PLAIN and field.store
                    }
                    for record in self.env[name].search([("connection_id", "=", self.id)], limit=50)
                ]
                for name, model in self.env.registry.items()
                if name.startswith("exact.budget")
                and not model._abstract
                and "connection_id" in model._fields
            },
        }
