"""Importing customers: all of them, field by field, and afterwards only what changed (R36-R39)."""

import json
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import post
from .sending import SendCase

SYNC = "sync/CRM/Accounts"


@tagged("post_install", "-at_install")
class TestImport(SendCase):
    join_once = True

    def run_import(self, everything=False):
        """Press the button, let the scheduler do the work; the run as it ended."""
        if everything:
            action = self.connection.action_import_all_customers()
        else:
            action = self.connection.action_import_customers()
        self.assertEqual(action["res_model"], "exact.exchange")
        self.cron("ir_cron_process_exchanges")
        return self.env["exact.exchange"].browse(action["res_id"])

    def imported(self, code, company=None):
        partners = self.env["res.partner"].with_company(company or self.company)
        return partners.search([("exact_account_code", "=", code)])

    def counts(self, run):
        return run.created_count, run.updated_count, run.unchanged_count, run.failed_count

    # === WHICH (R36, R37) === #

    def test_r36_all_customers_come_and_only_customers(self):
        run = self.run_import()
        self.assertEqual(run.state, "done", run.exact_message)
        customers = {row["Code"].strip() for row in self.account_rows() if row["Status"] == "C"}
        partners = self.env["res.partner"].search([("exact_account_id", "!=", False)])
        self.assertEqual(set(partners.mapped("exact_account_code")), customers)
        self.assertEqual(run.created_count, len(customers))
        self.assertFalse(self.imported("9") | self.imported("10"), "a prospect and a supplier")
        self.assertIn(str(len(customers)), run.message)
        self.assertTrue(self.connection.customers_imported_on)

    def test_r36_nothing_comes_unless_asked_for(self):
        self.cron("ir_cron_import_customers")
        self.assertFalse(self.calls())
        self.connection.import_customers = True
        self.cron("ir_cron_import_customers")
        self.assertTrue(self.imported("1"))

    def test_r37_number_links_to_the_contact_that_has_it(self):
        """Exact pads "12" to 18 places; Odoo's reference does not."""
        known = self.env["res.partner"].create(
            {"name": self.account_row("12")["Name"].upper(), "ref": "12"}
        )
        self.run_import()
        row = self.account_row("12")
        self.assertEqual(row["Code"], "12".rjust(18))
        self.assertEqual(self.imported("12"), known)
        self.assertEqual(known.exact_account_id, row["ID"])
        self.assertEqual(known.name, row["Name"])
        self.assertEqual(self.env["res.partner"].search_count([("ref", "=", "12")]), 1)

    def test_r37_number_of_another_does_not_link_by_a_part_of_it(self):
        other = self.env["res.partner"].create({"name": "Ander", "ref": "112"})
        self.run_import()
        self.assertFalse(other.exact_account_id)

    # === AGAIN (R38) === #

    def test_r38_second_time_brings_nothing_new_and_then_only_what_changed(self):
        first = self.run_import()
        total = first.created_count
        before = self.env["res.partner"].search_count([])
        second = self.run_import()
        self.assertEqual(self.counts(second), (0, 0, 0, 0))
        self.accountant("account", account="3", City="Verhuisd", Phone="+31 6 1")
        third = self.run_import()
        self.assertEqual(self.counts(third), (0, 1, 0, 0))
        self.assertEqual(self.imported("3").city, "Verhuisd")
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        self.assertEqual(total, 38)

    def test_r38_import_whose_time_is_up_goes_on_with_the_next_run(self):
        run = self.env["exact.exchange"]._enqueue_run(self.connection, "customer_import")

        def commit(exchange, *_args, **_kwargs):
            self._flush(exchange)
            return 0

        with patch.object(self.env.registry["exact.exchange"], "_commit", commit):
            run._drive()
        self.assertEqual(
            (run.state, run.cause_id, run.created_count), ("pending", run.cause_id.browse(), 38)
        )
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(run.state, "done")

    def test_r38_reading_everything_again_changes_nothing(self):
        first = self.run_import()
        again = self.run_import(everything=True)
        self.assertEqual(self.counts(again), (0, 0, first.created_count, 0))

    def test_r38_what_is_empty_in_exact_wipes_nothing_in_odoo(self):
        self.run_import()
        self.imported("3").phone = "+31 6 99999999"
        self.accountant("account", account="3", Phone=None, City="Elders")
        self.run_import()
        self.assertEqual(self.imported("3").phone, "+31 6 99999999")
        self.assertEqual(self.imported("3").city, "Elders")

    def test_r38_customer_made_by_odoo_does_not_come_back_as_another(self):
        partner = self.customer(known=False, name="Uit Odoo BV")
        self.invoice(partner=partner).action_exact_create_sales_entry()
        self.run_import()
        self.assertEqual(self.imported(partner.exact_account_code), partner)

    # === FIELD BY FIELD (R39) === #

    def test_r39_customer_is_taken_over_field_by_field(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "21 dagen",
                "exact_payment_condition_id": self.exact("payment.condition", "21").id,
            }
        )
        self.accountant(
            "account",
            account="1",
            PaymentConditionSales="21",
            AddressLine2="Achter",
            SalesVATCode="1",
            ChamberOfCommerce="12345678",
        )
        self.run_import()
        row, partner = self.account_row("1"), self.imported("1")
        self.assertEqual(
            {
                "name": partner.name,
                "ref": partner.ref,
                "street": partner.street,
                "street2": partner.street2,
                "zip": partner.zip,
                "city": partner.city,
                "country": partner.country_id.code,
                "phone": partner.phone,
                "email": partner.email,
                "vat": partner.vat,
                "registry": partner.company_registry,
                "term": partner.property_payment_term_id,
                "vat code": partner.exact_vat_code_id.code,
                "id": partner.exact_account_id,
                "company": partner.is_company,
                "customer": partner.customer_rank,
                "blocked": partner.exact_account_blocked,
            },
            {
                "name": row["Name"],
                "ref": "1",
                "street": row["AddressLine1"],
                "street2": "Achter",
                "zip": row["Postcode"],
                "city": row["City"],
                "country": row["Country"],
                "phone": row["Phone"],
                "email": row["Email"],
                "vat": row["VATNumber"],
                "registry": row["ChamberOfCommerce"],
                "term": term,
                "vat code": "1",
                "id": row["ID"],
                "company": True,
                "customer": 1,
                "blocked": False,
            },
        )
        self.assertIn(row["Website"], partner.website)

    def test_r39_without_a_vat_code_21_percent_domestic_is_kept(self):
        self.run_import()
        self.assertNotIn("SalesVATCode", self.account_row("6"))
        code = self.imported("6").exact_vat_code_id
        self.assertEqual((code.code, code.percentage, code.type), ("2", 21.0, "E"))

    def test_r39_own_vat_code_is_kept(self):
        self.run_import()
        self.assertEqual(self.account_row("11")["Country"], "US")
        self.assertEqual(self.imported("11").exact_vat_code_id.code, "6")

    def test_r39_blocked_customer_is_flagged_and_released_again(self):
        self.run_import()
        self.assertTrue(self.imported("7").exact_account_blocked)
        self.assertTrue(
            self.imported("8").exact_account_blocked, "ended, which Exact refuses as well"
        )
        self.assertFalse(self.imported("1").exact_account_blocked)
        self.accountant("block-account", account="7", blocked=False)
        self.run_import()
        self.assertFalse(self.imported("7").exact_account_blocked)

    def test_r39_odd_characters_survive(self):
        self.run_import()
        row, partner = self.account_row("5"), self.imported("5")
        self.assertIn("🚲 <Ünïcode>", row["Name"])
        self.assertEqual((partner.name, partner.street), (row["Name"], row["AddressLine1"]))

    # === WHEN THINGS GO WRONG === #

    def test_bad_record_harms_no_other_and_is_told(self):
        partners = self.env.registry["res.partner"]
        create = partners.create

        def refuse_one(records, vals_list):
            several = vals_list if isinstance(vals_list, list) else [vals_list]
            if any(vals.get("ref") == "4" for vals in several):
                raise UserError(records.env._("The office takes no four."))
            return create(records, vals_list)

        with patch.object(partners, "create", refuse_one):
            run = self.run_import()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.failed_count, run.created_count), (1, 37))
        self.assertFalse(self.imported("4"))
        self.assertTrue(self.imported("3") and self.imported("5"))
        (problem,) = run.problem_ids
        self.assertIn("4", problem.message)
        self.assertIn("takes no four", problem.message)
        self.assertTrue(problem.advice)

    def test_unknown_country_is_told_and_the_customer_comes_all_the_same(self):
        self.division.tables["crm/Accounts"].rows[self.account_row("3")["ID"]]["Country"] = "ZZ"
        run = self.run_import()
        self.assertTrue(self.imported("3"))
        self.assertFalse(self.imported("3").country_id)
        self.assertIn("ZZ", run.problem_ids.message)

    def test_row_of_a_page_before_a_pause_stays_told_once(self):
        self.reseed(1005)
        customers = [row for row in self.sim_rows("crm/Accounts") if row["Status"] == "C"]
        min(customers, key=lambda row: int(row["Timestamp"]))["Country"] = "ZZ"
        self.fault("status", method="GET", path=SYNC, nth=2, status=503)
        run = self.run_import()
        self.assertEqual(run.state, "waiting")
        self.assertEqual(len(run.problem_ids), 1)
        self.make_due(run)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(run.state, "done")
        self.assertIn("ZZ", run.problem_ids.message)

    def test_what_stopped_a_run_is_told_until_it_goes_on(self):
        self.fault("say", method="GET", path=SYNC, status=400, text="Zo niet")
        run = self.run_import()
        self.assertEqual(run.state, "failed")
        self.assertIn("Zo niet", run.exact_message)
        run.action_retry()
        self.env.invalidate_all()
        self.assertEqual((run.state, run.created_count), ("done", 38))
        self.assertFalse(run.problem_ids)

    def test_page_that_failed_is_read_again_and_the_ones_before_stay(self):
        self.reseed(1005)
        self.fault("status", method="GET", path=SYNC, nth=2, status=503)
        run = self.run_import()
        self.assertEqual(run.state, "waiting")
        self.assertEqual(run.cause_id.code, "unreachable")
        self.assertTrue(run.retry_at)
        partners = self.env["res.partner"].search_count([("exact_account_id", "!=", False)])
        self.assertEqual(partners, 998)
        self.make_due(run)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(run.state, "done")
        self.assertEqual(len(self.calls(path=SYNC)), 3, "only the page that was missing")
        self.assertEqual(run.created_count, 1003, "the whole of what this run brought")
        total = self.env["res.partner"].search_count([("exact_account_id", "!=", False)])
        self.assertEqual(total, 1003)

    def test_read_all_again_that_is_asked_for_during_an_import_is_not_forgotten(self):
        self.reseed(1005)
        model = self.env.registry["exact.exchange"]
        take, pages = model._import_page, []

        def meanwhile(exchange, connection, rows, **options):
            pages.append(len(rows))
            result = take(exchange, connection, rows, **options)
            if len(pages) == 2:
                connection.sudo().action_import_all_customers()
            return result

        with patch.object(model, "_import_page", meanwhile):
            self.run_import()
        self.assertEqual(pages, [1000, 5, 1000, 5], "from the beginning again")

    def test_r03_division_chosen_during_an_import_gets_nothing_of_the_former_one(self):
        self.reseed(1005)
        model = self.env.registry["exact.exchange"]
        take, pages = model._import_page, []

        def meanwhile(exchange, connection, rows, **options):
            pages.append(len(rows))
            result = take(exchange, connection, rows, **options)
            other = connection.authorization_id.division_ids.filtered(lambda d: d.code == 1002)
            if len(pages) == 2:
                connection.division_id = other
                self.env.flush_all()
            return result

        with patch.object(model, "_import_page", meanwhile):
            run = self.run_import()
        self.assertEqual((pages, run.state), ([1000, 5], "waiting"))
        # The new books are read from the beginning.
        self.assertEqual(self.connection.customer_cursor, "1")

    def test_row_version_beyond_all_measure_is_told_and_hides_no_later_change(self):
        names = ("ID", "Code", "Name", "Status")
        rows = [{name: row[name] for name in names} for row in self.account_rows()[:3]]
        for row, version in zip(rows, ("41", str(9 * 10**18), "42"), strict=True):
            row["Timestamp"] = version
        body = json.dumps({"d": {"results": rows}})
        self.fault("body", method="GET", path=SYNC, body=body)
        run = self.run_import()
        self.assertEqual((self.connection.customer_cursor, run.failed_count), ("42", 1))
        self.assertIn("Timestamp", run.problem_ids.message)

    def test_refused_import_says_why_and_changes_nothing(self):
        cursor = self.connection.customer_cursor
        post(
            f"{self.sim.url}/_sim/accountant/right",
            {"login": "bookkeeper@practice.example", "resource": "crm/Accounts", "granted": False},
        )
        self.fault("status", method="GET", path=SYNC, status=403, body="Forbidden")
        run = self.run_import()
        self.assertEqual((run.state, run.cause_id.code), ("failed", "forbidden"))
        self.assertEqual(run.owner, "exact_admin")
        self.assertEqual(self.connection.customer_cursor, cursor)

    def test_pressing_twice_runs_once(self):
        first = self.connection.action_import_customers()
        second = self.connection.action_import_customers()
        self.assertEqual(first["res_id"], second["res_id"])

    # === TWO COMPANIES (R3) === #

    def test_r03_customers_of_another_division_do_not_mix_with_ours(self):
        """Both divisions number their customers from 1: the numbers are equal, the businesses are not."""
        other = self.setup_other_company()["company"]
        connection = self.connect(other, division=1002)
        self.run_import()
        mine = {
            p.id: (p.name, p.street, p.exact_account_id) for p in self.imported_all(self.company)
        }
        self.assertEqual(len(mine), 38)
        connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        theirs = self.imported_all(other)
        rows = {row["ID"]: row["Name"] for row in self.sim_rows("crm/Accounts", 1002)}
        self.assertEqual(len(theirs), 38)
        for partner in theirs:
            self.assertEqual(rows[partner.exact_account_id], partner.name)
        for partner in self.imported_all(self.company):
            self.assertEqual(
                mine[partner.id], (partner.name, partner.street, partner.exact_account_id)
            )

    def imported_all(self, company):
        partners = self.env["res.partner"].with_company(company)
        return partners.search([("exact_account_id", "!=", False)])
