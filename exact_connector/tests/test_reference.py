"""Reference data: read whole or not at all, archived and never deleted, warnings in time (R10, R17)."""

from contextlib import ExitStack
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .cases import REFERENCE, UnlimitedCase
from .common import post


@tagged("post_install", "-at_install")
class TestReference(UnlimitedCase):
    def fault(self, path, **values):
        post(f"{self.sim.url}/_sim/faults", {"method": "GET", "path": path, **values})

    def copy_in_exact(self, resource, code, number, **values):
        """``number`` more records like ``code``, made in Exact."""
        country = self.sim.countries["nl"]
        table = self.division.table(resource)
        row = next(row for row in table if row["Code"].strip() == code)
        owner = next(iter(country.users.values()))
        with country.lock:
            for count in range(number):
                extra = {"ID": f"00000000-0000-4000-8000-{count:012d}", "Code": f"N{count:04d}"}
                self.division.save(resource, {**row, **extra, **values}, owner, True)

    def written(self):
        """A context that records every create and write on reference data."""
        stack, seen = ExitStack(), []
        for name in REFERENCE:
            model = self.env.registry[f"exact.{name}"]
            for method in ("write", "create"):
                original = getattr(model, method)

                def record(records, values, original=original, method=method):
                    if values and (records or method == "create"):
                        seen.append((records._name, method, values))
                    return original(records, values)

                stack.enter_context(patch.object(model, method, record))
        return stack, seen

    def test_refresh_reads_every_record_of_the_division(self):
        for name, resource in {
            "gl.account": "financial/GLAccounts",
            "vat.code": "vat/VATCodes",
            "journal": "financial/Journals",
            "payment.condition": "cashflow/PaymentConditions",
            "item": "logistics/Items",
        }.items():
            records = (
                self.env[f"exact.{name}"]
                .with_context(active_test=False)
                .search([("connection_id", "=", self.connection.id)])
            )
            self.assertEqual(
                sorted(records.mapped("exact_id")),
                sorted(row["ID"] for row in self.sim_rows(resource)),
                name,
            )

    def test_refresh_reads_all_pages_of_1200_items_and_150_journals(self):
        self.copy_in_exact("logistics/Items", "ALG", 1200)
        self.copy_in_exact("financial/Journals", "70", 150)
        self.clear_calls()
        counts = self.connection._refresh_reference_data()
        self.assertEqual(counts["exact.item"], 9 + 1200)
        self.assertEqual(counts["exact.journal"], 9 + 150)
        self.assertTrue(self.exact("item", "N1199"))
        self.assertEqual(len(self.calls(path="Logistics/Items")), 2, "1,000 items a page")
        self.assertEqual(len(self.calls(path="financial/Journals")), 3, "60 journals a page")

    def test_changes_in_exact_are_taken_over(self):
        self.accountant("item", code="UREN", Description="Advies per kwartier")
        self.accountant("gl", code="8100", Description="Omzet advies")
        self.accountant("condition", code="14", PaymentDays=15)
        item = self.exact("item", "UREN")
        self.connection._refresh_reference_data()
        self.assertEqual(item.name, "Advies per kwartier")
        self.assertEqual(item.gl_account_id.name, "Omzet advies")
        self.assertEqual(self.exact("payment.condition", "14").payment_days, 15)

    def test_item_follows_its_revenue_account_and_vat_code(self):
        item = self.exact("item", "BOEK")
        self.assertEqual((item.gl_account_id.code, item.vat_code_id.code), ("8010", "1"))
        account = self.exact("gl.account", "8020")
        self.accountant("item", code="BOEK", GLRevenue=account.exact_id, SalesVatCode="8")
        self.connection._refresh_reference_data()
        self.assertEqual((item.gl_account_id.code, item.vat_code_id.code), ("8020", "8"))

    def test_blocked_records_are_archived_and_come_back_when_unblocked(self):
        self.assertFalse(self.exact("journal", "80").active, "blocked from the start")
        self.assertFalse(self.exact("vat.code", "9").active)
        self.assertFalse(self.exact("gl.account", "9990").active)
        journal = self.exact("journal", "74")
        self.accountant("journal", code="74", IsBlocked=True)
        self.connection._refresh_reference_data()
        self.assertEqual((journal.active, journal.exact_blocked), (False, True))
        self.accountant("journal", code="74", IsBlocked=False)
        self.connection._refresh_reference_data()
        self.assertEqual((journal.active, journal.exact_blocked), (True, False))
        self.assertEqual(self.exact("journal", "74"), journal, "the same record, so mappings hold")

    def test_vanished_records_are_archived_never_deleted(self):
        journal, item = self.exact("journal", "74"), self.exact("item", "KM")
        self.accountant("remove", resource="financial/Journals", code="74")
        self.accountant("remove", resource="logistics/Items", code="KM")
        self.connection._refresh_reference_data()
        self.assertTrue(journal.exists())
        self.assertTrue(item.exists())
        self.assertFalse(journal.active)
        self.assertFalse(item.active)

    def test_unchanged_refresh_writes_nothing(self):
        stack, seen = self.written()
        with stack:
            self.connection._refresh_reference_data()
            self.assertEqual(seen, [])
            self.accountant("item", code="UREN", Description="Anders")
            self.connection._refresh_reference_data()
        self.assertEqual(seen, [("exact.item", "write", {"name": "Anders"})])

    def test_refresh_that_fails_half_way_changes_nothing(self):
        before = self.connection.refreshed_on
        for code in ("8000", "8100"):
            self.accountant("gl", code=code, Description="Nieuw")
        self.accountant("remove", resource="financial/Journals", code="74")
        for kind in ({"kind": "status", "status": 503}, {"kind": "drop_before"}):
            with self.subTest(**kind):
                # Items are read last: everything else has been read by then.
                self.fault("Items", times=5, **kind)
                with self.assertRaises(UserError):
                    self.connection.action_refresh_reference_data()
                self.assertNotEqual(self.exact("gl.account", "8000").name, "Nieuw")
                self.assertTrue(self.exact("journal", "74").active)
                self.assertEqual(self.connection.refreshed_on, before)
                self.sim_delete("/_sim/faults")

    def test_second_page_that_fails_archives_nothing(self):
        self.copy_in_exact("financial/Journals", "70", 80)
        self.connection._refresh_reference_data()
        self.fault("Journals", kind="status", status=503, nth=2, times=5)
        with self.assertRaises(UserError):
            self.connection.action_refresh_reference_data()
        journals = self.env["exact.journal"].search([("connection_id", "=", self.connection.id)])
        self.assertEqual(len(journals), 9 + 80)

    def test_r10_vat_code_that_became_including_is_reported_at_the_next_refresh(self):
        tax = self.tax(21, "2")
        self.accountant("vat-type", code="2", type="I")
        self.assertNotIn("Including", self.chatter(self.connection))
        self.connection._refresh_reference_data()
        self.assertIn("is of type Including now", self.chatter(self.connection))
        self.assertIn(tax.name, self.chatter(self.connection))

    def test_r10_vat_code_that_was_blocked_is_reported_at_the_next_refresh(self):
        tax = self.tax(9, "1")
        self.accountant("vat", code="1", IsBlocked=True)
        warnings = self.connection._warn_of_changes()
        self.assertFalse([text for text in warnings if tax.name in text])
        self.connection._refresh_reference_data()
        self.assertRegex(self.chatter(self.connection), f"blocked or gone.*{tax.name}")

    def test_r17_mapped_item_that_stops_being_divisible_is_reported(self):
        product = self.env["product.template"].create({"name": "Uren"})
        category = self.env["product.category"].create({"name": "Reizen"})
        product.with_company(self.company).exact_item_id = self.exact("item", "UREN")
        category.with_company(self.company).exact_item_id = self.exact("item", "REIS")
        for code in ("UREN", "REIS", "ALG", "KM"):
            self.accountant("item", code=code, IsFractionAllowedItem=False)
        self.connection._refresh_reference_data()
        text = self.chatter(self.connection)
        for code in ("UREN", "REIS", "ALG"):
            self.assertRegex(text, f"{code} .*not divisible", "on product, category and as default")
        self.assertNotRegex(text, "KM .*not divisible", "in use nowhere")

    def test_r17_no_warning_where_any_item_may_be_used(self):
        self.connection.only_divisible_items = False
        self.accountant("item", code="ALG", IsFractionAllowedItem=False)
        self.connection._refresh_reference_data()
        self.assertNotIn("not divisible", self.chatter(self.connection))

    def test_r17_item_that_lost_its_revenue_account_is_reported(self):
        self.accountant("item", code="ALG", GLRevenue=None)
        self.connection._refresh_reference_data()
        self.assertRegex(self.chatter(self.connection), "ALG .*no revenue account")

    def test_journals_and_defaults_that_were_blocked_are_reported(self):
        self.accountant("journal", code="70", IsBlocked=True)
        self.accountant("remove", resource="cashflow/PaymentConditions", code="30")
        self.connection._refresh_reference_data()
        text = self.chatter(self.connection)
        self.assertRegex(text, "70 Verkoopboek.*blocked or gone")
        self.assertRegex(text, "30 30 dagen.*blocked or gone")
        self.assertEqual(self.connection.sale_journal_id.code, "70", "settings are never changed")

    def test_nightly_refresh_goes_on_with_the_next_connection_after_a_failure(self):
        _company, other = self.other_company()
        self.fault("/1001/.*Items", kind="status", status=503, times=20)
        self.accountant("item", division=1002, code="UREN", Description="Zuid")
        commits = patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=100)
        rollback = patch.object(self.env.cr, "rollback")
        with commits, rollback:
            self.env["exact.connection"]._cron_refresh_reference_data()
        self.assertEqual(self.exact("item", "UREN", other).name, "Zuid")
        self.assertEqual(self.exact("item", "UREN").name, "Advies per uur")
        self.assertTrue(self.connection.message_ids[0].body)

    def sim_delete(self, path):
        import requests

        requests.delete(self.sim.url + path, timeout=20).raise_for_status()
