"""Bad answers of Exact through the real client and importers: the one row stops, everything else goes on."""

import json
import os
import random
import uuid
from datetime import datetime
from urllib.parse import urlencode

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..models.exact_authorization import CALLBACK_PATH
from ..models.exact_webhook import WEBHOOK_PATH
from .sending import ENTRIES, SendCase

ACCOUNTS, CONTACTS = "sync/CRM/Accounts", "sync/CRM/Contacts"
TERMS, ITEMS = "sync/Cashflow/PaymentTerms", "sync/Logistics/Items"
LONG = "Zeer lange naam " * 625
text = st.text(
    st.characters() | st.sampled_from("\x00\x07\x1b\u202e\u2066\ud83d\udfff\ufffe🧾'\"<%=@"),
    max_size=30,
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    text,
    st.lists(text, max_size=2),
    st.dictionaries(text, text, max_size=2),
    st.sampled_from(
        [
            *(
                LONG,
                "",
                " ",
                "-0.0",
                "/Date(253402300799999)/",
                "/Date(-62135596800000)/",
                "ZZ",
                "=",
            ),
            *(
                f"/Date({10**16})/",
                "\u202etxet",
                "<script>alert(1)</script>",
                "٣",
                -0.0,
                2**31,
                10**12,
            ),
        ]
    ),
)
# A handful each time; EXACT_FUZZ=100 for a long look.
few = settings(
    max_examples=int(os.environ.get("EXACT_FUZZ", 5)),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def changes(names):
    """One to three properties and what is put in their place."""
    return st.dictionaries(st.sampled_from(sorted(names)), values, min_size=1, max_size=3)


class FuzzCase(SendCase):
    def answer(self, path, *rows, method="GET", **values):
        """The next answer for ``path`` holds these rows."""
        body = json.dumps({"d": {"results": list(rows)}})
        self.fault("body", method=method, path=path, body=body, times=1, **values)

    def each(self, strategy, check):
        """Try ``check`` with what hypothesis thinks of, each time on the same database."""

        @few
        @given(strategy)
        def attempt(example):
            requests_delete(f"{self.sim.url}/_sim/faults")
            with self.assertNoLogs("odoo.addons.exact_connector", "ERROR"):
                savepoint = self.cr.savepoint()
                try:
                    check(example)
                    self.env.flush_all()
                finally:
                    self.env.invalidate_all(flush=False)
                    savepoint.rollback()
                    savepoint.close(rollback=True)
                    self.env.invalidate_all(flush=False)

        attempt()

    def run_of(self, kind):
        exchange = self.env["exact.exchange"]._enqueue_run(self.connection, kind)
        exchange._drive()
        self.env.invalidate_all()
        return exchange


def requests_delete(url):
    requests.delete(url, timeout=20).raise_for_status()


def account(number, **changed):
    """A relation as Exact sends it."""
    row = {
        "ID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"account {number}")),
        "Code": f"{9000 + number:>18}",
        "Name": f"Relatie {number}",
        "Status": "C",
        "IsSupplier": False,
        "AddressLine1": "Kade 1",
        "Postcode": "1011 AB",
        "City": "Amsterdam",
        "Country": "NL ",
        "State": None,
        "Phone": "020",
        "Email": f"r{number}@example.com",
        "Website": "example.com",
        "VATNumber": None,
        "ChamberOfCommerce": None,
        "SalesVATCode": "2  ",
        "PaymentConditionSales": "30",
        "Blocked": False,
        "EndDate": None,
        "SearchCode": None,
        "Language": "NL",
        "Timestamp": str(1000 + number),
    }
    return {**row, **changed}


@tagged("post_install", "-at_install")
class TestFuzzAnswers(FuzzCase):
    def test_w05_odd_relation_stops_itself_only(self):
        def check(changed):
            odd = account(2, **changed)
            self.answer(ACCOUNTS, account(1), odd, account(3))
            run = self.run_of("customer_import")
            self.assertEqual(run.state, "done", run.message)
            partners = self.env["res.partner"].with_company(self.company)
            found = partners.search(
                [("exact_account_id", "in", [account(1)["ID"], account(3)["ID"]])]
            )
            self.assertEqual(sorted(found.mapped("ref")), ["9001", "9003"])
            taken = partners.search([("ref", "=", "9002")])
            if "ID" in changed or "Timestamp" in changed:
                return
            self.assertTrue(
                taken or run.problem_ids or changed.keys() & {"Status", "Code", "IsSupplier"},
                "taken over or told",
            )

        self.each(changes(account(1)), check)

    def test_w05_odd_contact_person_stops_nobody_else(self):
        row = self.account_row("1")
        self.customer()

        def person(number, **changed):
            return {
                "ID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"contact {number}")),
                "Account": row["ID"],
                "FirstName": "Jan",
                "LastName": f"Peer {number}",
                "Email": f"p{number}@example.com",
                "JobTitleDescription": "Chef",
                "Language": "NL",
                "EndDate": None,
                "Timestamp": str(5000 + number),
                **changed,
            }

        def check(changed):
            self.answer(CONTACTS, person(1), person(2, **changed), person(3))
            run = self.run_of("customer_import")
            self.assertEqual(run.state, "done", run.message)
            people = self.env["res.partner"].search([("name", "in", ["Jan Peer 1", "Jan Peer 3"])])
            self.assertEqual(len(people), 2)

        self.each(changes(person(1)), check)

    def test_w05_odd_receivable_settles_nothing_wrong_and_stops_no_other(self):
        move, other = self.sent(), self.sent()
        self.accountant("receive", entries=[{"entry": int(other.exact_entry_number)}])
        terms = self.connection._get_client().rows(
            TERMS,
            select=["ID", "TransactionEntryID", "AmountFC", "TransactionAmountFC", "IsFullyPaid"],
            filter="Timestamp gt 1L",
        )
        good = next(t for t in terms if t["TransactionEntryID"] == other.exact_entry_id)
        good = {
            **good,
            "AmountFC": 121.0,
            "TransactionAmountFC": 121.0,
            "LineType": 20,
            "Status": 50,
        }
        good |= {"EntryNumber": int(other.exact_entry_number), "Currency": "EUR", "Timestamp": "99"}

        def check(changed):
            odd = {**good, "TransactionEntryID": move.exact_entry_id, "IsFullyPaid": False}
            odd |= {"ID": str(uuid.uuid4()), "EntryNumber": int(move.exact_entry_number), **changed}
            self.answer(TERMS, odd, good)
            run = self.run_of("payment_sync")
            self.assertEqual(run.state, "done", run.message)
            self.assertEqual(other.payment_state, "paid")
            if "IsFullyPaid" not in changed:
                self.assertEqual(move.payment_state, "not_paid")

        self.each(changes({**good, "LastPaymentDate": None, "EndDate": None}), check)

    def test_odd_reference_data_archives_nothing(self):
        """What could not be read must not look as if it were gone in Exact."""
        items = self.env["exact.item"].search([("connection_id", "=", self.connection.id)])
        rows = [
            {key: _wire(value) for key, value in row.items() if not key.startswith("_")}
            for row in self.sim_rows("logistics/Items")
        ]
        for number, row in enumerate(rows):
            row["Timestamp"] = str(number + 2)

        def check(changed):
            self.answer(ITEMS, {**rows[0], **changed}, *rows[1:], rows[1])
            try:
                self.connection.action_refresh_reference_data()
            except UserError as error:
                self.assertIn("cannot be read", str(error))
            self.env.invalidate_all()
            others = items.filtered(lambda item: item.exact_id != rows[0]["ID"])
            self.assertTrue(all(others.mapped("active")))
            self.assertTrue(items.exists())

        names = ("ID", "Code", "Description", "IsSalesItem", "IsFractionAllowedItem", "EndDate")
        self.each(changes((*names, "Unit", "GLRevenue", "StartDate", "SalesVatCode")), check)

    def test_w03_odd_answer_to_a_booking_leads_to_one_entry(self):
        def check(changed):
            self.sim.reset(seed="demo", accounts=3)
            self.lift_limits()
            self.connection.authorization_id._connect(self.grant())
            move = self.invoice()
            body = {"EntryID": str(uuid.uuid4()), "EntryNumber": 7, "Type": 20, **changed}
            self.fault("body", path=ENTRIES, body=json.dumps({"d": body}), times=1)
            move.action_exact_create_sales_entry()
            self.assertIn(move.exact_state, ("done", "unclear", "differs", "failed", "waiting"))
            if move.exact_state == "unclear":
                with self.later(300):
                    self.cron("ir_cron_process_exchanges")
                self.assertEqual(move.exact_state, "done", move.exact_message)
            self.assertEqual(len(self.entries()), 1)

        names = ("EntryID", "EntryNumber", "AmountFC", "VATAmountFC", "SalesEntryLines", "YourRef")
        self.each(changes(names).filter(lambda c: "EntryID" in c), check)

    def test_same_relation_twice_in_a_page_counts_once(self):
        first = account(1)
        self.answer(ACCOUNTS, first, {**first, "Name": "De laatste", "Timestamp": "1002"})
        run = self.run_of("customer_import")
        self.assertEqual((run.state, run.failed_count), ("done", 0), run.message)
        [partner] = self.env["res.partner"].search([("exact_account_id", "=", first["ID"])])
        self.assertEqual(partner.name, "De laatste")

    def test_name_of_ten_thousand_characters_is_told_on_the_run(self):
        letters = [chr(random.Random(7).randrange(0x4E00, 0x9FFF) + n % 50) for n in range(10_000)]
        self.answer(ACCOUNTS, account(1), account(2, Name="".join(letters)), account(3))
        run = self.run_of("customer_import")
        self.assertEqual(run.state, "done")
        self.assertEqual(run.created_count + run.failed_count, 3)
        self.assertGreaterEqual(run.created_count, 2)

    def test_unreadable_page_of_another_division_is_not_read_and_stops_the_run(self):
        elsewhere = f"{self.sim.url}/api/v1/1002/crm/Accounts?$select=ID"
        body = json.dumps({"d": {"results": [account(1)], "__next": elsewhere}})
        self.fault("body", method="GET", path=ACCOUNTS, body=body, times=1)
        run = self.run_of("customer_import")
        self.assertEqual((run.state, run.cause_id.code), ("failed", "unreadable"))
        self.assertIn("outside the connected division", run.exact_message)
        self.assertFalse([call for call in self.calls() if "/1002/" in call["path"]])
        [kept] = self.env["res.partner"].search([("exact_account_id", "=", account(1)["ID"])])
        self.assertTrue(kept, "the page before it stands")


def _wire(value):
    """A value of the simulator as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, bool, int, type(None))) else str(value)


@tagged("post_install", "-at_install")
class TestFuzzRoutes(SendCase, HttpCase):
    """Anybody may call these addresses with anything: no page of ours breaks, nothing is stored."""

    parameters = st.lists(
        st.tuples(
            st.sampled_from(["state", "code", "error", "error_description", "kw", "x"]) | text,
            text | st.sampled_from(["1.x", "x" * 3000, "0", "²", "-1.x", f"{10**12}.x", "."]),
        ),
        max_size=5,
    )

    def test_callback_takes_any_parameters(self):
        self.authenticate("accountman", "accountman")
        before = self.env["exact.token"].sudo().search([]).mapped("access_token")

        @few
        @given(self.parameters)
        def attempt(pairs):
            query = urlencode(pairs, errors="replace")
            answer = self.url_open(f"{CALLBACK_PATH}?{query}", allow_redirects=False)
            self.assertEqual(answer.status_code, 200, query)
            self.assertIn("exact_oauth_failed", answer.text)
            self.assertNotIn("Traceback", answer.text)

        attempt()
        attempt_many = [("state", str(number)) for number in range(300)]
        answer = self.url_open(f"{CALLBACK_PATH}?{urlencode(attempt_many)}")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.env["exact.token"].sudo().search([]).mapped("access_token"), before)

    def test_what_a_stranger_says_of_an_error_is_cut_and_stays_text(self):
        self.authenticate("accountman", "accountman")
        connection = self.connection
        state = (
            self.env["exact.oauth.state"]
            .with_user(self._accountman())
            ._issue(connection.authorization_id, connection)
        )
        told = "<script>alert(1)</script>" + "y" * 20_000
        query = urlencode({"state": state, "error": "denied", "error_description": told})
        answer = self.url_open(f"{CALLBACK_PATH}?{query[:40_000]}")
        self.assertEqual(answer.status_code, 200)
        self.assertNotIn("<script>alert(1)", answer.text)
        self.assertLess(answer.text.count("y" * 100), 10)

    def _accountman(self):
        return self.env["res.users"].search([("login", "=", "accountman")])

    def test_webhook_takes_anything_and_believes_nothing(self):
        self.connection.authorization_id.webhook_secret = "s"

        @few
        @given(
            st.binary(max_size=300) | self.parameters.map(lambda p: json.dumps(p).encode()),
            self.parameters,
        )
        def attempt(body, pairs):
            query = urlencode(pairs, errors="replace")
            answer = self.url_open(
                f"{WEBHOOK_PATH}?{query}",
                data=body or b"x",
                headers={"Content-Type": "application/json"},
            )
            self.assertEqual((answer.status_code, answer.content), (403, b""), body)

        attempt()
        self.assertFalse(self.env["exact.webhook.event"].search([]))
