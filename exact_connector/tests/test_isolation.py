"""Three companies side by side: two on two divisions by one Exact user, one by another user in another country (R3)."""

from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..client import COUNTRIES
from .common import BE_APP, BOOKKEEPER, NL_APP, OFFICE, post
from .sending import ACCOUNTS, ENTRIES, SendCase


@dataclass
class Side:
    """One company with its connection, and where its books are in the simulator."""

    company: object
    connection: object
    country: str
    division: int

    @property
    def prefix(self):
        return "/be" if self.country == "be" else ""


class IsolationCase(SendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = [
            cls._create_company(name=name) for name in ("Zuid Advies B.V.", "Antwerpen Advies NV")
        ]
        cls.env.user.company_ids += cls.others[0] + cls.others[1]

    def setUp(self):
        super().setUp()
        belgium = patch.dict(COUNTRIES, {"be": ("Belgium", f"{self.sim.url}/be")})
        belgium.start()
        self.addCleanup(belgium.stop)
        post(f"{self.sim.url}/be/_sim/limits", {"minute": None, "errors": None})
        self.noord = Side(self.company, self.connection, "nl", 1001)
        zuid, antwerpen = self.others
        companies = self.env.user.company_ids.ids
        self.env = self.env(context={**self.env.context, "allowed_company_ids": companies})
        self.zuid = self.join(zuid, "nl", 1002)
        self.antwerpen = self.join(antwerpen, "be", 2001, login=OFFICE, app=BE_APP, country="be")
        self.sides = [self.noord, self.zuid, self.antwerpen]
        for side in self.sides:
            with self.at(side):
                side.tax = self.tax(21, "4" if side.country == "be" else "2")
        self.env.flush_all()
        self.clear_calls()

    def grant(self, login=BOOKKEEPER, app=NL_APP, prefix=""):
        return super().grant(login, app, "/be" if app == BE_APP else "")

    def give_division(self, login, division, granted=True, prefix=""):
        return super().give_division(
            login, division, granted, "/be" if division == 2001 else prefix
        )

    def join(self, company, land, division, **values):
        return Side(company, self.connect(company, division=division, **values), land, division)

    @contextmanager
    def at(self, side):
        """Be in one company, as its helpers know it."""
        before = self.company, self.connection, self.env
        self.company, self.connection = side.company, side.connection
        companies = [side.company.id, *(set(self.env.user.company_ids.ids) - {side.company.id})]
        self.env = self.env(context={**self.env.context, "allowed_company_ids": companies})
        try:
            yield
        finally:
            self.company, self.connection, self.env = before

    def document(self, side, partner=None, **values):
        """A sent invoice of 100.00 and 21 % in one company."""
        with self.at(side):
            partner = partner or self.customer(known=False, name=f"Klant van {side.company.name}")
            return self.invoice([(1, 100.0, side.tax)], partner=partner, **values)

    def books(self, side):
        return self.ledger(side.division, side.prefix)["entries"]

    def user_of(self, side):
        """A manager of this company alone."""
        return new_test_user(
            self.env,
            login=f"manager_{side.division}",
            groups="account.group_account_manager,exact_connector.group_exact_manager",
            company_id=side.company.id,
            company_ids=[(6, 0, side.company.ids)],
        )


@tagged("post_install", "-at_install")
class TestIsolation(IsolationCase):
    def test_r03_data_of_three_companies_stays_in_their_own_books(self):
        shared = self.customer(known=False, name="Gedeelde klant", zip="1234 AB")
        moves = {side.division: self.document(side, shared) for side in self.sides}
        union = self.env["account.move"].union(*moves.values())
        union.action_exact_create_sales_entry()
        self.assertEqual(set(union.mapped("exact_state")), {"done"}, union.mapped("exact_message"))
        accounts = set()
        for side in self.sides:
            with self.subTest(side.company.name):
                move = moves[side.division]
                self.assertEqual([e["YourRef"] for e in self.books(side)], [move.name])
                self.assertEqual(move.exact_exchange_ids.company_id, side.company)
                # The contact is one; its account and number are each division's own.
                partner = shared.with_company(side.company)
                rows = self.sim_rows(ACCOUNTS, side.division, side.country)
                row = next(r for r in rows if r["ID"] == partner.exact_account_id)
                self.assertEqual(row["Code"].strip(), partner.exact_account_code)
                self.assertEqual(row["Name"], "Gedeelde klant")
                accounts.add(partner.exact_account_id)
                # What a line is booked with is this division's.
                for name in ("vat.code", "item", "journal", "gl.account", "payment.condition"):
                    own = self.env[f"exact.{name}"].search(
                        [("connection_id", "=", side.connection.id)]
                    )
                    self.assertTrue(own)
                    self.assertEqual(own.company_id, side.company)
                self.assertEqual(side.tax.exact_vat_code_id.connection_id, side.connection)
        self.assertEqual(len(accounts), 3)

    def test_r03_number_of_a_contact_in_one_division_finds_no_stranger_in_another(self):
        """The customer number is one field in Odoo, but each division counts for itself."""
        shared = self.customer(known=False, name="Slagerij Vos", city="Assen", zip="9401 AA")
        self.document(self.noord, shared).action_exact_create_sales_entry()
        number = shared.with_company(self.noord.company).exact_account_code
        post(f"{self.sim.url}/_sim/limits", {"clear": True})
        client = self.zuid.connection._get_client()
        stranger = client.create(
            ACCOUNTS,
            {
                "Name": "Garage De Berg",
                "Code": number.rjust(18),
                "Status": "C",
                "Country": "NL",
                "Postcode": "6211 CX",
            },
        )
        move = self.document(self.zuid, shared)
        move.action_exact_create_sales_entry()
        linked = shared.with_company(self.zuid.company).exact_account_id
        self.assertNotEqual(linked, stranger["ID"])
        self.assertNotIn(stranger["ID"], [entry["Customer"] for entry in self.books(self.zuid)])
        # And an import there neither links nor changes the contact.
        self.zuid.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(shared.name, "Slagerij Vos")
        self.assertNotEqual(shared.with_company(self.zuid.company).exact_account_id, stranger["ID"])

    def test_r03_user_of_one_company_sees_and_does_nothing_of_another(self):
        theirs = {side.division: self.document(side) for side in self.sides}
        for side in self.sides:
            self.env["exact.exchange"]._enqueue_moves(side.connection, theirs[side.division])
        self.env.flush_all()
        self.clear_calls()
        for side in self.sides:
            user = self.user_of(side)
            others = [other for other in self.sides if other is not side]
            for other in others:
                self.assert_shut(user, other, theirs[other.division])
            # By domain and by the whole model: nothing but one's own.
            for name, model in self.env.registry.items():
                if not name.startswith("exact.") or model._abstract or model._transient:
                    continue
                records = self.env[name].with_user(user).with_context(active_test=False)
                records = records.with_context(allowed_company_ids=side.company.ids)
                if "company_id" not in records._fields or not records.has_access("read"):
                    continue
                found = records.search([]).sudo().company_id
                self.assertLessEqual(found, side.company, name)
                theirs_only = [("company_id", "in", [other.company.id for other in others])]
                self.assertFalse(records.search_count(theirs_only), name)
        self.assertFalse(self.calls())
        self.assertFalse([entry for side in self.sides for entry in self.books(side)])

    def assert_shut(self, user, side, move):
        """Neither reading, writing, a button, a server action nor a wizard of another company works."""
        own = user.company_ids.ids
        connection, exchange, document = (
            record.with_user(user).with_context(allowed_company_ids=own)
            for record in (side.connection, move.exact_exchange_ids, move)
        )
        item = self.exact("item", "ALG", side.connection).with_user(user)
        wizard = self.env["exact.mapping.wizard"].with_user(user)
        action = self.env.ref("exact_connector.action_create_exact_sales_entry").with_user(user)
        attempts = [
            lambda: connection.read(["name"]),
            lambda: connection.write({"auto_send": True}),
            lambda: connection.action_refresh_reference_data(),
            lambda: connection.action_import_customers(),
            lambda: connection.action_refresh_payments(),
            lambda: connection.action_open_mapping(),
            lambda: connection.authorization_id.read(["name"]),
            lambda: item.read(["name"]),
            lambda: exchange.read(["state"]),
            lambda: exchange.action_retry(),
            lambda: exchange.action_cancel(),
            lambda: exchange.action_mend(),
            lambda: document.action_exact_create_sales_entry(),
            lambda: document.action_exact_refresh_payment(),
            lambda: document.action_exact_mend(),
            lambda: wizard._open(connection),
            lambda: action.with_context(
                active_model="account.move", active_ids=move.ids, active_id=move.id
            ).run(),
        ]
        for number, attempt in enumerate(attempts):
            with self.subTest(number=number, company=side.company.name):
                self.assertRaises(AccessError, attempt)

    def test_r03_each_call_carries_the_token_of_its_own_user_and_country(self):
        moves = self.env["account.move"].union(*(self.document(side) for side in self.sides))
        moves.action_exact_create_sales_entry()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"}, moves.mapped("exact_message"))
        seen = {}
        for call in self.calls():
            division = int(call["path"].split("/")[3])
            seen.setdefault((call["country"], division), set()).add(call["user"])
        self.assertEqual(
            seen, {("nl", 1001): {BOOKKEEPER}, ("nl", 1002): {BOOKKEEPER}, ("be", 2001): {OFFICE}}
        )
        # One Exact user is one authorization: a second one would kill the first.
        noord, zuid, antwerpen = (side.connection.authorization_id for side in self.sides)
        self.assertEqual(noord, zuid)
        self.assertNotEqual(noord, antwerpen)
        tokens = self.env["exact.token"].sudo().search([])
        self.assertEqual(tokens.authorization_id, noord | antwerpen)
        # What one of them loses does not touch the other.
        antwerpen.sudo().token_ids.dead_reason = "Old refresh token used."
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(
            [side.connection.state for side in self.sides], ["connected", "connected", "expired"]
        )

    def test_r03_each_cron_serves_all_companies_and_one_that_fails_stops_no_other(self):
        moves = {side.division: self.document(side) for side in self.sides}
        for side in self.sides:
            side.connection.write({"auto_send": True, "import_customers": True})
        # The first in line is shut out: what is refused there is told there.
        self.administrate("right", login=BOOKKEEPER, resource=ENTRIES, granted=False)
        self.cron("ir_cron_send_documents")
        states = [moves[side.division].exact_state for side in self.sides]
        self.assertEqual(states, ["failed", "failed", "done"])
        self.administrate("right", login=BOOKKEEPER, resource=ENTRIES, granted=True)
        self.fault("status", method="GET", path="/1001/", status=503, times=0)
        self.env["account.move"].union(*moves.values()).exact_exchange_ids.action_retry()
        states = [moves[side.division].exact_state for side in self.sides]
        self.assertEqual(states, ["waiting", "done", "done"])
        for side in self.sides[1:]:
            entry = moves[side.division].exact_entry_id
            post(
                f"{self.sim.url}{side.prefix}/_sim/accountant/{side.division}/receive",
                {"entries": [{"entry": entry}]},
            )
        for name in ("sync_payments", "import_customers", "refresh_reference_data"):
            self.clear_calls()
            self.cron(f"ir_cron_{name}")
            asked = {int(call["path"].split("/")[3]) for call in self.calls()}
            self.assertEqual(asked, {1001, 1002, 2001}, name)
        for side in self.sides[1:]:
            self.assertIn(moves[side.division].payment_state, ("paid", "in_payment"))
            self.assertTrue(side.connection.customers_imported_on)
        self.assertFalse(self.noord.connection.customers_imported_on)

    def test_r03_limit_of_one_division_holds_up_that_division_only(self):
        moves = {side.division: self.document(side) for side in self.sides}
        self.fault("status", method="GET", path="/1001/", status=429, headers={"Retry-After": "90"})
        self.env["account.move"].union(*moves.values()).action_exact_create_sales_entry()
        states = [moves[side.division].exact_state for side in self.sides]
        self.assertEqual(states, ["waiting", "done", "done"])
        self.assertTrue(self.noord.connection.limited_until)
        self.assertFalse(self.zuid.connection.limited_until)
        self.assertFalse(self.antwerpen.connection.limited_until)
