from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..client import ExactError
from ..customer_fields import PROPERTIES, QUIET


class ResPartner(models.Model):
    """Linking a contact to a relation of Exact, keeping both alike, and letting go (R37-R43)."""

    _inherit = "res.partner"

    exact_alert = fields.Char(
        compute="_compute_exact_alert", groups="exact_connector.group_exact_user"
    )
    exact_can_update = fields.Boolean(
        compute="_compute_exact_can_update",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )
    exact_match_open = fields.Boolean(
        compute="_compute_exact_can_update",
        compute_sudo=True,
        groups="exact_connector.group_exact_user",
    )

    @api.depends("exact_account_blocked", "exact_account_ended_on", "exact_account_status")
    @api.depends_context("company", "lang")
    def _compute_exact_alert(self):
        for partner in self:
            stop = partner.exact_account_id and partner._exact_get_stop()
            partner.exact_alert = stop[1] if stop else False

    @api.depends_context("company")
    def _compute_exact_can_update(self):
        connection = self.env["exact.connection"]._for_company(self.env.company)
        mapper = self.env["exact.mapper.account"]
        matches = self.env["exact.match"]._of(connection, self) if connection else {}
        for partner in self:
            partner.exact_match_open = bool(partner in matches and matches[partner].state == "open")
            partner.exact_can_update = bool(
                connection.update_customers
                and partner.exact_account_id
                and mapper._changes(partner, connection)
            )

    # === STOPS === #

    def _exact_get_stop(self):
        """Why Exact takes no entries for this customer.

        :return: (code of a cause, text) or None
        """
        self.ensure_one()
        env = self.env
        names = {"customer": self.display_name, "number": self.exact_account_code}
        ended = self.exact_account_ended_on
        if ended and ended < fields.Date.context_today(self):
            return "customer_blocked", env._(
                "Customer %(customer)s (%(number)s) has ended in Exact on %(date)s.",
                date=ended,
                **names,
            )
        if self.exact_account_blocked:
            return "customer_blocked", env._(
                "Customer %(customer)s (%(number)s) is blocked in Exact.", **names
            )
        if self.exact_account_status not in (False, "C"):
            return "account_role", env._(
                "Relation %(number)s %(customer)s is not a customer in Exact.", **names
            )
        return None

    def _exact_resolve_stop(self, resolution):
        """Add it to what stops a document."""
        stop = self.exact_account_id and self._exact_get_stop()
        if stop:
            resolution.problem(*stop, self)

    # === LINK === #

    def _exact_link(self, connection, row, payload=None, with_contacts=False, take_over=False):
        """Write ID and number of an account on this contact; nothing else of it changes (R42).

        :param row: the account, or no more than its ID, Code and Status.
        :param payload: what was sent to make it, where we did.
        :param with_contacts: its contact persons are to be asked for with the next import.
        :param take_over: the values of the account come along, as with an import.
        """
        self.ensure_one()
        mapper = self.env["exact.mapper.account"]
        values = {"exact_account_id": row["ID"], "exact_account_code": row.get("Code")}
        if not self.ref and row.get("Code"):
            values["ref"] = row["Code"]
        if "Blocked" in row:
            values |= mapper._account_state(row)
        elif row.get("Status"):
            values["exact_account_status"] = row["Status"]
        if payload:
            values["exact_account_seen"] = mapper._seen_of_sent(self, payload)
        elif row.get("Name") and not take_over:
            found, _notes = mapper._odoo_values(row, mapper._get_links(connection))
            values["exact_account_seen"] = mapper._write_seen(
                found_values(found), mapper._current(self)
            )
        if with_contacts and connection.contact_cursor != "1":
            values["exact_contacts_due"] = True
        self.with_context(**QUIET).write(values)
        if take_over:
            self._exact_take_over(connection, row)

    def _exact_take_over(self, connection, row):
        """Bring the values of an account to its contact, as an import would.

        :return: True where something changed.
        """
        mapper = self.env["exact.mapper.account"].with_company(connection.company_id)
        values, _notes = mapper._odoo_values(row, mapper._get_links(connection))
        return self._exact_apply(connection, values)

    def _exact_apply(self, connection, values):
        """Write what these values of Exact mean for the contact; True where something changed."""
        plan = self._exact_plan(connection, values)
        return bool(plan) and self._exact_carry_out(*plan)

    def _exact_plan(self, connection, values):
        """What :meth:`_merge` makes of these values, nothing written yet.

        :return: arguments of :meth:`_exact_carry_out`, or None where there is nothing to do.
        """
        self.ensure_one()
        mapper = self.env["exact.mapper.account"]
        writes, overruled, seen = mapper._merge(self, values, connection)
        own = {
            name: values[name]
            for name in (
                "ref",
                "exact_account_id",
                "exact_account_code",
                "exact_account_status",
                "exact_account_blocked",
                "exact_account_ended_on",
            )
            if name in values
            and (values[name] or name in ("exact_account_blocked", "exact_account_ended_on"))
            and self[name] != values[name]
        }
        if own:
            writes[self] = {**writes.get(self, {}), **own}
        if not writes and not overruled and seen == self.exact_account_seen:
            return None
        return writes, overruled, seen

    def _exact_carry_out(self, writes, overruled, seen):
        """Write, and tell in the chatter what was overruled (R43).

        :return: True where a value of the contact changed.
        """
        told = self._exact_describe(overruled) if overruled else None
        changed = bool(writes)
        if seen != self.exact_account_seen:
            writes[self] = {**writes.get(self, {}), "exact_account_seen": seen}
        for record, values in writes.items():
            record.with_context(**QUIET).write(values)
        if told:
            self._message_log(body=told)
        return changed

    def _exact_describe(self, overruled):
        """What was overruled, field by field with both values, for the chatter."""
        env = self.env
        labels = self.fields_get([name for name, *_rest in overruled], ["string"])
        lines = [env._("Changed both here and in Exact:")]
        for name, mine, value, winner in overruled:
            words = {
                "field": labels[name]["string"],
                "odoo": self._exact_show(name, mine),
                "exact": self._exact_show(name, value),
            }
            lines.append(
                env._("%(field)s: %(exact)s of Exact taken, %(odoo)s of Odoo given up", **words)
                if winner == "exact"
                else env._("%(field)s: %(odoo)s of Odoo kept, Exact has %(exact)s", **words)
            )
        return Markup("<br/>").join(lines)

    def _exact_show(self, name, value):
        field = self._fields[name]
        if field.relational and value:
            return self.env[field.comodel_name].browse(value).display_name
        return value or self.env._("(empty)")

    def _exact_name_properties(self, payload):
        """The fields of a sent update, in the user's words."""
        names = [name for name, prop in PROPERTIES.items() if prop in (payload or {})]
        labels = self.fields_get(names, ["string"])
        return ", ".join(labels[name]["string"] for name in names)

    @api.model
    def _exact_creation_values(self, values):
        """Values of a contact made from an account."""
        return {
            **values,
            "customer_rank": 1 if values.get("exact_account_status") == "C" else 0,
            "company_id": False,
            "exact_account_seen": self.env["exact.mapper.account"]._seen_of_new(values),
        }

    @api.model
    def _exact_create_from(self, connection, rows):
        """Make contacts of accounts that were held back."""
        mapper = self.env["exact.mapper.account"].with_company(connection.company_id)
        links = mapper._get_links(connection)
        due = connection.contact_cursor != "1"
        return self.with_context(**QUIET).create(
            [
                {
                    **self._exact_creation_values(mapper._odoo_values(row, links)[0]),
                    "exact_contacts_due": due,
                }
                for row in rows
            ]
        )

    # === LET GO === #

    @api.model
    def _exact_get_unlinked_values(self):
        """What a contact has that is not linked."""
        return {
            "exact_account_id": False,
            "exact_account_code": False,
            "exact_account_blocked": False,
            "exact_account_status": False,
            "exact_account_ended_on": False,
            "exact_account_seen": False,
            "exact_contact_id": False,
            "exact_contacts_due": False,
        }

    def _exact_unlink_gone(self):
        """Exact has this relation or contact person no more: the contact stays, its link does not."""
        for partner in self:
            text = (
                self.env._("Contact person deleted in Exact: the link is gone, the contact stays.")
                if partner.exact_contact_id
                else self.env._(
                    "Relation %s deleted in Exact: the link is gone, the contact stays.",
                    partner.exact_account_code,
                )
            )
            partner.with_context(**QUIET).write(self._exact_get_unlinked_values())
            partner._message_log(body=text)

    def action_exact_unlink(self):
        """Linked to the wrong relation: let go, and never link these two again by themselves."""
        self.ensure_one()
        self._exact_check_user()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        connection._check_manager()
        code, account = self.exact_account_code, self.exact_account_id
        if not account:
            return False
        self.env["exact.match"].sudo()._keep_apart(connection, self, account, code)
        self.sudo().with_context(**QUIET).write(self._exact_get_unlinked_values())
        self._message_log(body=self.env._("No longer linked to relation %s in Exact.", code))
        return connection._notify(
            self.env._("Unlinked"),
            self.env._("It is looked up again with its next document."),
            "success",
        )

    # === UPDATE IN EXACT === #

    @api.model
    def _exact_search_changed(self, connection):
        """Linked customers with changes for Exact, among those written since the last time."""
        mapper = self.env["exact.mapper.account"]
        partners = self.with_company(connection.company_id)
        domain = [("exact_account_seen", "!=", False)]
        if connection.customers_updated_on:
            since = connection.customers_updated_on
            domain += [
                "|",
                ("write_date", ">=", since),
                "&",
                ("child_ids.write_date", ">=", since),
                ("child_ids.type", "=", "invoice"),
            ]
        return partners.search(domain).filtered(
            lambda partner: mapper._changes(partner, connection)
        )

    def action_exact_update(self):
        """Bring what was changed here to Exact now, only those fields (R43)."""
        self._exact_check_user()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        if not connection.update_customers:
            raise UserError(
                self.env._("Switch on Update Customers in Exact in the connection first.")
            )
        partners = self.commercial_partner_id.filtered("exact_account_id")
        return self.env["exact.exchange"]._enqueue_updates(connection, partners)._run_and_report()

    def action_exact_make_customer(self):
        """Give the linked relation the status Customer in Exact; nothing else of it changes (R43)."""
        self.ensure_one()
        self._exact_check_user()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        connection._check_manager()
        try:
            connection.sudo()._get_client().update(
                "crm/Accounts", self.exact_account_id, {"Status": "C"}
            )
        except ExactError as error:
            raise UserError(self.env["exact.cause"]._explain(error)) from error
        self.sudo().write(
            {"exact_account_status": "C", "customer_rank": max(self.customer_rank, 1)}
        )
        self._message_log(
            body=self.env._("Relation %s made a customer in Exact.", self.exact_account_code)
        )
        return connection._notify(self.env._("Customer in Exact"), self.display_name, "success")

    def action_exact_open_match(self):
        """This customer's place on the desk."""
        self.ensure_one()
        connection = self.env["exact.connection"]._for_company(self.env.company)
        match = (
            self.env["exact.match"]
            ._of(connection, self.commercial_partner_id)
            .get(self.commercial_partner_id)
        )
        return match.sudo(False).get_formview_action() if match else False

    def _exact_check_user(self):
        """:raises AccessError: for a user outside the group, or another company's contact."""
        if not self.env.su and not self.env.user.has_group("exact_connector.group_exact_user"):
            raise AccessError(self.env._("Only an Exact Online user can do this."))
        self.check_access("read")


def found_values(values):
    """Only the fields that are compared."""
    return {name: values.get(name) or False for name in PROPERTIES}
