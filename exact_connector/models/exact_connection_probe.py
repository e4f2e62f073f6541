import logging
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client import (
    AuthError,
    ExactError,
    Int64,
    LimitError,
    RightsError,
    UnreachableError,
    odata,
)

_logger = logging.getLogger(__name__)

# Exact shuts an app out of an endpoint after ten refusals within an hour (API 2): stay far below.
MOST_REFUSALS = 4
REFUSAL_SPAN = timedelta(hours=1)
NEVER = 2**62
BOOKING = "salesentry/SalesEntries (POST)"
INVOICING = "salesinvoice/SalesInvoices"


class Probe(NamedTuple):
    """One resource that is asked for: its key, scope at the app and whether the connector can do without."""

    resource: str
    select: str
    scope: str
    manage: bool = False
    optional: bool = False


# Scope names as Exact shows them at the app (API 1.6).
PROBES = (
    Probe("system/Divisions", "Code", "Organization administration"),
    Probe("crm/Accounts", "ID", "CRM accounts", manage=True),
    Probe("sync/CRM/Accounts", "ID", "CRM accounts", manage=True),
    Probe("sync/Logistics/Items", "ID", "Logistics items"),
    Probe("sync/Financial/GLAccounts", "ID", "Financial generalledgers"),
    Probe("financial/Journals", "ID", "Financial generalledgers"),
    Probe("vat/VATCodes", "ID", "Financial accounting", manage=True),
    Probe("salesentry/SalesEntries", "EntryID", "Financial accounting", manage=True),
    Probe("cashflow/PaymentConditions", "ID", "Financial cashflow"),
    Probe("sync/Cashflow/PaymentTerms", "ID", "Financial cashflow"),
    Probe("cashflow/Receivables", "ID", "Financial receivables"),
    Probe("documents/Documents", "ID", "Organization documents", manage=True, optional=True),
    Probe(INVOICING, "InvoiceID", "Sales invoices", manage=True, optional=True),
    Probe("hrm/Costcenters", "ID", "Financial costcenters", optional=True),
    Probe("project/Projects", "ID", "Projects projects", optional=True),
)
# Causes that mean: no sales invoices in this division for this user (R50).
INVOICING_CAUSES = ("invoicing_licence", "invoicing_expired")
# Asked for only where cost centres and projects are in use.
DIMENSION_PROBES = ("hrm/Costcenters", "project/Projects")
REASONS = {
    "applicationscopeviolated": "scope",
    "licenseexpired": "licence",
    "wrongdivision": "division",
    "nodivisionaccess": "division",
    "divisionblocked": "division",
}


class ExactProbe(models.Model):
    """What Exact lets this connection do, asked with one cheap call for each resource (W13)."""

    _name = "exact.probe"
    _description = "Exact Right"
    _order = "sequence, id"

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    sequence = fields.Integer(readonly=True)
    resource = fields.Char("Resource at Exact", required=True, readonly=True)
    purpose = fields.Char("What For", compute="_compute_purpose")
    scope = fields.Char(readonly=True)
    access = fields.Selection([("read", "Read"), ("manage", "Manage")], readonly=True)
    optional = fields.Boolean(readonly=True)
    state = fields.Selection(
        [
            ("ok", "Granted"),
            ("scope", "Scope missing"),
            ("right", "Right missing"),
            ("licence", "Not in the licence"),
            ("division", "Division not granted"),
            ("unknown", "Not known yet"),
        ],
        "Result",
        required=True,
        default="unknown",
        readonly=True,
    )
    cause_id = fields.Many2one("exact.cause", readonly=True, ondelete="set null")
    exact_message = fields.Char("Exact's Own Words", readonly=True)
    who = fields.Char("Who Grants It", compute="_compute_who")
    checked_on = fields.Datetime(readonly=True)
    refusals = fields.Integer(readonly=True)
    refused_on = fields.Datetime(readonly=True, help="The first refusal of this hour.")

    _resource_uniq = models.Constraint(
        "UNIQUE(connection_id, resource)", "A resource stands once at a connection."
    )

    @api.depends("resource")
    @api.depends_context("lang")
    def _compute_purpose(self):
        purposes = self._purposes()
        for probe in self:
            probe.purpose = purposes.get(probe.resource, probe.resource)

    @api.model
    def _purposes(self):
        env = self.env
        return {
            "system/Divisions": env._("Choose the division, see what was deleted"),
            "crm/Accounts": env._("Find and create customers"),
            "sync/CRM/Accounts": env._("Import customers"),
            "sync/Logistics/Items": env._("Read items"),
            "sync/Financial/GLAccounts": env._("Read ledger accounts"),
            "financial/Journals": env._("Read journals"),
            "vat/VATCodes": env._("Read VAT codes"),
            "salesentry/SalesEntries": env._("Look up sales entries"),
            BOOKING: env._("Book sales entries"),
            "cashflow/PaymentConditions": env._("Read payment conditions"),
            "sync/Cashflow/PaymentTerms": env._("Read what was paid"),
            "cashflow/Receivables": env._("Read open items"),
            "documents/Documents": env._("Add the PDF of the invoice"),
            INVOICING: env._("Invoice in Exact"),
            "hrm/Costcenters": env._("Read cost centres"),
            "project/Projects": env._("Read projects"),
        }

    @api.depends("state", "scope", "access", "resource")
    @api.depends_context("lang")
    def _compute_who(self):
        """Who has to do what, in one line; empty where nothing is missing."""
        env = self.env
        access = dict(self._fields["access"]._description_selection(env))
        for probe in self:
            user = probe.connection_id.exact_user_name or ""
            probe.who = {
                "scope": env._(
                    "Owner of the app, in the App Centre: tick %(scope)s (%(access)s), then connect again.",
                    scope=probe.scope,
                    access=access.get(probe.access, ""),
                ),
                "right": env._(
                    "Exact administrator: give %(user)s the right to this in Exact.", user=user
                ),
                "licence": env._(
                    "Exact administrator: this part is not in the licence of the division."
                ),
                "division": env._(
                    "You: connect again and tick this division on Exact's page; "
                    "or the Exact administrator gives %(user)s access to it.",
                    user=user,
                ),
                "unknown": env._("Cannot be tried without booking: known after the first sending.")
                if probe.resource == BOOKING
                else False,
            }.get(probe.state, False)

    def _is_held_back(self):
        """Whether Exact has refused this so often of late that asking again would do harm."""
        self.ensure_one()
        return (
            self.refusals >= MOST_REFUSALS
            and self.refused_on
            and self.refused_on > fields.Datetime.now() - REFUSAL_SPAN
        )

    def _ask(self, client, probe):
        """One call of one row; the answer is kept.

        :return: whether it makes sense to go on asking.
        """
        self.ensure_one()
        options = {"select": [probe.select], "top": 1}
        if probe.resource.startswith("sync/"):
            # Past the last row version: an empty page instead of a thousand rows.
            options["filter"] = odata.gt("Timestamp", Int64(NEVER))
        try:
            client.first(probe.resource, **options)
        except RightsError as error:
            self._keep_refusal(error)
            return True
        except (LimitError, UnreachableError, AuthError) as error:
            self.exact_message = str(error)
            return False
        except ExactError as error:
            self.write(
                {
                    "state": "unknown",
                    "exact_message": str(error),
                    "checked_on": fields.Datetime.now(),
                }
            )
            return True
        self._keep_grant()
        return True

    def _keep_refusal(self, error):
        """What a refusal says, met here or at work."""
        now = fields.Datetime.now()
        cause = self.env["exact.cause"]._find(error)
        again = self.refused_on and self.refused_on > now - REFUSAL_SPAN
        self.write(
            {
                "state": self._judge(error, cause),
                "cause_id": cause.id,
                "exact_message": str(error),
                "checked_on": now,
                "refusals": self.refusals + 1 if again else 1,
                "refused_on": self.refused_on if again else now,
            }
        )

    def _keep_grant(self):
        self.write(
            {
                "state": "ok",
                "cause_id": False,
                "exact_message": False,
                "checked_on": fields.Datetime.now(),
                "refusals": 0,
                "refused_on": False,
            }
        )

    @api.model
    def _judge(self, error, cause):
        """Scope, licence, division, or a right of the user (API 1.6, 4.1)."""
        found = REASONS.get((error.reason or "").lower())
        if found:
            return found
        # Without the module Exact answers as without the right to it (API 5.13).
        lacking = (cause.code or "").startswith("licence") or cause.code in INVOICING_CAUSES
        return "licence" if lacking else "right"


class ExactConnection(models.Model):
    _inherit = "exact.connection"

    probe_ids = fields.One2many("exact.probe", "connection_id", "Rights", readonly=True)
    probed_on = fields.Datetime("Rights Checked on", readonly=True, copy=False)
    probe_missing_count = fields.Integer(compute="_compute_probe_missing")
    probe_message = fields.Text(compute="_compute_probe_missing")

    @api.depends("probe_ids.state", "probe_ids.optional")
    @api.depends_context("lang")
    def _compute_probe_missing(self):
        for connection in self:
            missing = connection._get_missing_rights()
            connection.probe_missing_count = len(missing)
            lines = dict.fromkeys(f"{probe.purpose}: {probe.who}" for probe in missing)
            connection.probe_message = "\n".join(lines)

    def _get_missing_rights(self):
        """Rights that were refused and that the connector cannot do without."""
        self.ensure_one()
        return self.probe_ids.filtered(
            lambda probe: probe.state not in ("ok", "unknown") and not probe.optional
        )

    def _probe(self):
        """Ask for one row of every resource that is used; never raises what Exact answers.

        :return: the rights that are missing.
        """
        self.ensure_one()
        connection_sudo = self.sudo()
        client = connection_sudo._get_client()
        rows = connection_sudo._get_probes()
        for probe in PROBES:
            row = rows[probe.resource]
            if not self._is_probed(probe.resource) or row._is_held_back():
                continue
            if not row._ask(client, probe):
                break
        else:
            connection_sudo.probed_on = fields.Datetime.now()
        connection_sudo._judge_booking(rows[BOOKING])
        return self._get_missing_rights()

    def _is_probed(self, resource):
        """Whether a right is of use here: what is never used is not asked for."""
        if resource in DIMENSION_PROBES:
            return self.use_dimensions
        if resource == INVOICING:
            # Right after connecting too, so that it is known before anybody wants it (R50).
            return self.invoicing or bool(self.env.context.get("exact_just_connected"))
        return True

    def _get_probes(self):
        """The rows of this connection by resource, made where there are none yet."""
        self.ensure_one()
        wanted = [
            *PROBES,
            Probe(BOOKING, "EntryID", "Financial accounting", manage=True),
        ]
        known = {row.resource: row for row in self.probe_ids}
        for number, probe in enumerate(wanted):
            if probe.resource not in known:
                known[probe.resource] = self.env["exact.probe"].create(
                    {
                        "connection_id": self.id,
                        "sequence": number,
                        "resource": probe.resource,
                        "scope": probe.scope,
                        "access": "manage" if probe.manage else "read",
                        "optional": probe.optional,
                    }
                )
        return known

    def _judge_booking(self, row):
        """Booking cannot be tried without booking: what the exchanges met is the answer."""
        exchanges = self.env["exact.exchange"]
        domain = [("connection_id", "=", self.id), ("kind", "=", "sales_entry")]
        last = exchanges.search(
            [*domain, "|", ("state", "=", "done"), ("http_status", "=", 403)],
            order="started_on desc, id desc",
            limit=1,
        )
        values = {"state": "unknown", "cause_id": False, "exact_message": False}
        if last.state == "done":
            values = {**values, "state": "ok", "checked_on": last.done_on}
        elif last:
            state = {"scope": "scope", "licence_module": "licence"}.get(last.cause_id.code, "right")
            values = {
                "state": state,
                "cause_id": last.cause_id.id,
                "exact_message": last.exact_message,
                "checked_on": last.started_on,
            }
        row.write(values)

    def _probe_quietly(self):
        """After connecting: a check that fails must not undo the connection."""
        self.ensure_one()
        if self.pending_authorization_id or not self.division_id:
            return
        try:
            self.with_context(exact_just_connected=True)._probe()
        except (ExactError, UserError) as error:
            _logger.warning("Rights of connection %s were not checked: %s", self.id, error)

    def action_probe(self):
        """Check the rights now and say what is missing."""
        self.ensure_one()
        self._check_manager()
        try:
            missing = self._probe()
        except ExactError as error:
            raise UserError(self.env["exact.cause"]._explain(error)) from error
        env = self.env
        if missing:
            return self._notify(
                env._("%s rights are missing", len(missing)), self.probe_message, "warning"
            )
        unknown = self.probe_ids.filtered(lambda p: p.state == "unknown" and p.exact_message)
        if unknown:
            return self._notify(
                env._("Not everything could be checked"), unknown[0].exact_message, "warning"
            )
        return self._notify(env._("Exact grants what is needed"), "", "success")
