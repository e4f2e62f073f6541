"""What Exact allows is asked right after connecting, gently, and told with who must grant it (W13)."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..models.exact_connection_probe import (
    BOOKING,
    DIMENSION_PROBES,
    INVOICING,
    MOST_REFUSALS,
    PROBES,
)
from .cases import UnlimitedCase
from .common import BOOKKEEPER, NL_APP, post


@tagged("post_install", "-at_install")
class TestProbe(UnlimitedCase):
    def sim_post(self, address, **values):
        return post(f"{self.sim.url}/_sim/{address}", values)

    def probe(self, resource):
        return self.connection.probe_ids.filtered(lambda row: row.resource == resource)

    def test_w13_one_cheap_call_for_each_resource(self):
        self.clear_calls()
        self.assertFalse(self.connection._probe())
        calls = self.calls()
        unused = [p for p in PROBES if not self.connection._is_probed(p.resource)]
        self.assertEqual({p.resource for p in unused}, {*DIMENSION_PROBES, INVOICING})
        self.assertEqual(len(calls), len(PROBES) - len(unused))
        for call in calls:
            self.assertEqual(call["method"], "GET")
            self.assertIn("%24top=1", call["path"].replace("$", "%24"))
            self.assertIn("%24select=", call["path"].replace("$", "%24"))
        required = self.connection.probe_ids.filtered(lambda row: not row.optional)
        states = {row.resource: row.state for row in required}
        self.assertEqual(states.pop(BOOKING), "unknown", "cannot be tried without booking")
        self.assertEqual(set(states.values()), {"ok"})
        self.assertIn("after the first sending", self.probe(BOOKING).who)

    def test_w13_cost_centres_and_projects_are_asked_for_only_where_they_are_used(self):
        self.connection._probe()
        self.assertEqual(self.probe("project/Projects").state, "unknown")
        self.connection.use_dimensions = True
        self.connection._probe()
        self.assertEqual(self.probe("project/Projects").state, "ok")
        self.assertEqual(self.probe("hrm/Costcenters").state, "ok")

    def test_w13_missing_scope_names_the_scope_and_the_owner_of_the_app(self):
        self.sim_post(
            "accountant/scope", client_id=NL_APP[0], scope="financial cashflow", granted=False
        )
        missing = self.connection._probe()
        self.assertEqual(
            set(missing.mapped("resource")),
            {"cashflow/PaymentConditions", "sync/Cashflow/PaymentTerms"},
        )
        self.assertEqual(set(missing.mapped("state")), {"scope"})
        self.assertEqual(missing.cause_id.code, "scope")
        self.assertIn("Financial cashflow (Read)", missing[0].who)
        self.assertIn("App Centre", missing[0].who)
        self.assertIn("Scope Violated", missing[0].exact_message)
        self.assertIn("Financial cashflow", self.connection.probe_message)

    def test_w13_missing_right_names_the_exact_user(self):
        self.sim_post("accountant/right", login=BOOKKEEPER, resource="crm/Accounts", granted=False)
        missing = self.connection._probe()
        self.assertIn("crm/Accounts", missing.mapped("resource"))
        self.assertEqual(set(missing.mapped("state")), {"right"})
        self.assertIn("Bo de Boer", missing[0].who)

    def test_w13_licence_and_division_are_told_apart(self):
        self.sim_post(
            "say",
            method="GET",
            path="vat/VATCodes",
            status=403,
            text="Module niet in licentie",
        )
        self.assertEqual(self.connection._probe().mapped("state"), ["licence"])
        self.give_division(BOOKKEEPER, 1001, granted=False)
        missing = self.connection._probe()
        self.assertEqual(set(missing.mapped("state")), {"division"})
        self.assertIn("tick this division", missing[0].who)

    def test_w13_optional_right_that_is_missing_stops_nothing(self):
        self.sim_post(
            "accountant/scope", client_id=NL_APP[0], scope="organization documents", granted=False
        )
        self.assertFalse(self.connection._probe())
        self.assertEqual(self.probe("documents/Documents").state, "scope")
        self.assertFalse(self.connection.probe_message)

    def test_w13_booking_is_known_after_the_first_sending(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.connection._probe()
        self.assertEqual(self.probe(BOOKING).state, "ok")

    def test_w13_booking_refused_is_known_after_the_first_sending_too(self):
        self.sim_post(
            "accountant/scope", client_id=NL_APP[0], scope="financial accounting", granted="read"
        )
        move = self.invoice()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        missing = self.connection._probe()
        self.assertEqual((missing.resource, missing.state), (BOOKING, "scope"))
        self.assertIn("Financial accounting (Manage)", missing.who)

    def test_w13_refused_resource_is_not_asked_for_again_and_again(self):
        self.sim_post(
            "accountant/right", login=BOOKKEEPER, resource="financial/Journals", granted=False
        )
        self.clear_calls()
        for _press in range(MOST_REFUSALS + 3):
            self.connection._probe()
        self.assertEqual(len(self.calls(path="financial/Journals")), MOST_REFUSALS)
        self.assertEqual(self.probe("financial/Journals").state, "right", "what was known stays")
        self.sim_post(
            "accountant/right", login=BOOKKEEPER, resource="financial/Journals", granted=True
        )
        hour_ago = fields.Datetime.now() - timedelta(minutes=61)
        self.probe("financial/Journals").sudo().refused_on = hour_ago
        self.connection._probe()
        self.assertEqual(self.probe("financial/Journals").state, "ok")

    def test_w13_outage_leaves_what_was_known(self):
        self.connection._probe()
        checked = self.connection.probed_on
        self.sim_post(
            "faults", method="GET", path="system/Divisions", kind="status", status=503, times=9
        )
        self.connection._probe()
        self.assertEqual(self.probe("crm/Accounts").state, "ok")
        self.assertEqual(self.connection.probed_on, checked)

    def test_w13_division_is_not_read_while_a_right_is_missing(self):
        self.sim_post("accountant/right", login=BOOKKEEPER, resource="vat/VATCodes", granted=False)
        self.connection.refreshed_on = False
        self.connection.setup_step = "division"
        self.clear_calls()
        self.connection.action_setup_division()
        self.assertEqual(self.connection.setup_step, "division", "it says there what is missing")
        self.assertFalse(self.connection.refreshed_on)
        self.assertNotIn("division", self.connection.setup_done.split())
        self.sim_post("accountant/right", login=BOOKKEEPER, resource="vat/VATCodes", granted=True)
        self.connection.action_setup_division()
        self.assertIn("division", self.connection.setup_done.split())

    def test_w13_rights_are_checked_right_after_connecting(self):
        self.connection.probe_ids.unlink()
        self.connection._probe_quietly()
        self.assertTrue(self.connection.probed_on)
        self.connection.probe_ids.sudo().unlink()
        self.connection.division_id = False
        self.connection._probe_quietly()
        self.assertFalse(self.connection.probe_ids, "no division, no question")
