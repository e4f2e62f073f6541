"""The desk where a person says which relation a customer is (R37, R43, W10)."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .sending import ACCOUNTS, SendCase


class MatchCase(SendCase):
    def match(self, partner):
        return self.env["exact.match"].search([("partner_id", "=", partner.id)])

    def new_customer(self, **values):
        return self.customer(known=False, **values)

    def send(self, partner):
        move = self.invoice(partner=partner)
        move.action_exact_create_sales_entry()
        return move

    def go_on(self):
        """What waited goes on by itself."""
        self.cron("ir_cron_process_exchanges")

    def import_customers(self):
        action = self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        return self.env["exact.exchange"].browse(action["res_id"])

    def in_exact(self, **values):
        """A relation made in Exact."""
        row = self.connection._get_client().create(ACCOUNTS, {"Status": "C", **values})
        self.clear_calls()
        return row

    def linked(self, row):
        return self.env["res.partner"].search([("exact_account_id", "=", row["ID"])])


@tagged("post_install", "-at_install")
class TestMatchOnSending(MatchCase):
    def test_w10_candidates_are_found_in_every_way_with_one_look_up(self):
        row = self.account_row("12")
        self.accountant("account", account="12", VATNumber="NL000099998B57")
        self.accountant("account", account="13", ChamberOfCommerce="87654321", Country="NL")
        self.accountant("account", account="14", Name="Vlierbes Bouw BV", Postcode="1234 AB")
        self.accountant("account", account="15", Email="post@gelijk.example")
        cases = {
            "vat": self.new_customer(name="Een", vat="NL000099998B57"),
            "registry": self.new_customer(name="Twee", company_registry="87654321"),
            "name_postcode": self.new_customer(name="VLIERBES BOUW", zip="1234AB"),
            "email": self.new_customer(name="Vier", email="Post@gelijk.example"),
            "number": self.new_customer(name="Xylofoon", ref="16"),
            None: self.new_customer(name="Onbekend Gebleven"),
        }
        before = len(self.account_rows())
        moves = self.env["account.move"].union(*(self.invoice(partner=p) for p in cases.values()))
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(len(self.calls("GET", ACCOUNTS)), 1)
        self.assertEqual(len(self.account_rows()), before + 1, "only the unknown one is made")
        for reason, partner in cases.items():
            match = self.match(partner)
            if reason is None:
                self.assertFalse(match)
                self.assertTrue(partner.exact_account_id)
                continue
            self.assertEqual((match.state, match.origin), ("open", "send"), reason)
            best = match.candidate_ids[0]
            self.assertIn(reason, best.reason_codes.split(","))
            self.assertTrue(best.reasons)
            self.assertEqual(match.score, best.score)
            self.assertFalse(partner.exact_account_id)
        self.assertEqual(self.match(cases["vat"]).candidate_ids.exact_account_id, row["ID"])
        failed = moves.exact_exchange_ids.filtered(lambda e: e.state == "failed")
        self.assertEqual(len(failed), 5)
        for exchange in failed:
            action = exchange.problem_ids[:1].action_open_record()
            match = self.match(exchange.move_id.partner_id)
            self.assertEqual((action["res_model"], action["res_id"]), ("exact.match", match.id))
            mending = exchange._mend(exchange.action, exchange.problem_ids[:1]._get_record())
            self.assertEqual((mending["res_model"], mending["res_id"]), ("exact.match", match.id))
            self.assertTrue(exchange.advice)

    def test_w10_linking_lets_the_documents_go_and_is_never_asked_again(self):
        self.accountant("account", account="12", Email="post@gelijk.example")
        self.accountant("account", account="13", Email="post@gelijk.example")
        before = [dict(self.account_row(code)) for code in ("12", "13")]
        partner = self.new_customer(name="Iets Anders", email="post@gelijk.example")
        moves = self.send(partner) | self.send(partner)
        match = self.match(partner)
        self.assertEqual(len(match.candidate_ids), 2)
        self.assertEqual(match.waiting_count, 2)
        self.clear_calls()
        candidate = match.candidate_ids.filtered(lambda c: c.number == "13")
        answer = candidate.action_link()
        self.assertIn("2", answer["params"]["message"])
        self.assertEqual(partner.exact_account_id, self.account_row("13")["ID"])
        self.assertEqual((partner.name, partner.ref), ("Iets Anders", "13"), "only the link")
        self.assertEqual(
            (match.state, match.decision, match.decided_by_id), ("done", "link", self.env.user)
        )
        self.go_on()
        self.assertEqual(set(moves.mapped("exact_state")), {"done"}, moves.mapped("exact_message"))
        self.assertFalse(self.calls("GET", ACCOUNTS) + self.calls("POST", ACCOUNTS))
        self.assertEqual([dict(self.account_row(code)) for code in ("12", "13")], before)
        self.assertIn("13", self.chatter(partner))
        with self.assertRaises(UserError):
            match.candidate_ids[0].action_link()

    def test_w10_another_business_gets_a_relation_and_a_number_of_its_own(self):
        partner = self.new_customer(name="Xylofoon", ref="16")
        move = self.send(partner)
        self.assertEqual(self.exchange(move).cause_id.code, "customer_match")
        before = dict(self.account_row("16"))
        match = self.match(partner)
        match.action_create()
        self.go_on()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertNotEqual(partner.exact_account_id, before["ID"])
        self.assertNotEqual(partner.exact_account_code, "16")
        self.assertEqual(self.account_row("16"), before)
        self.assertEqual((match.decision, match.candidate_ids.state), ("create", "rejected"))
        # Not asked again, even where the link is lost and it is looked up once more.
        partner.exact_account_id = False
        again = self.send(partner)
        self.assertEqual(again.exact_state, "done")
        self.assertEqual(match.state, "done")

    def test_w10_left_out_stops_documents_with_that_reason_until_decided_again(self):
        self.accountant("account", account="12", Email="post@gelijk.example")
        partner = self.new_customer(name="Iets Anders", email="post@gelijk.example")
        move = self.send(partner)
        match = self.match(partner)
        match.action_skip()
        self.clear_calls()
        self.go_on()
        self.assertEqual(move.exact_state, "failed")
        self.assertEqual(self.exchange(move).cause_id.code, "customer_left_out")
        later = self.send(partner)
        self.assertEqual(self.exchange(later).cause_id.code, "customer_left_out")
        self.assertFalse(self.calls(), "decided: nothing to ask")
        self.assertEqual(match.waiting_count, 2)
        match.action_reopen()
        match.action_create()
        self.go_on()
        self.assertEqual((move | later).mapped("exact_state"), ["done", "done"])

    def test_r43_prospect_and_supplier_become_customers_only_on_a_click(self):
        for code in ("9", "10"):
            row = self.account_row(code)
            before = dict(row)
            partner = self.new_customer(name=row["Name"], ref=code)
            move = self.send(partner)
            self.assertEqual(self.exchange(move).cause_id.code, "account_role")
            candidate = self.match(partner).candidate_ids
            self.assertTrue(candidate.warning)
            with self.assertRaises(UserError):
                candidate.action_link()
            user = new_test_user(
                self.env,
                login=f"biller{code}",
                groups="exact_connector.group_exact_user",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            with self.assertRaises(AccessError):
                candidate.with_user(user).action_make_customer()
            self.assertEqual(self.account_row(code), before)
            self.clear_calls()
            candidate.action_make_customer()
            self.assertEqual(self.bodies(ACCOUNTS, "PUT"), [{"Status": "C"}])
            after = self.account_row(code)
            self.assertEqual(after["Status"], "C")
            self.assertEqual(
                (after["IsSupplier"], after["Name"], after.get("Email")),
                (before["IsSupplier"], before["Name"], before.get("Email")),
            )
            self.go_on()
            self.assertEqual(move.exact_state, "done", move.exact_message)

    def test_w10_what_was_mended_elsewhere_closes_the_question(self):
        partner = self.new_customer(name="Xylofoon", ref="16")
        move = self.send(partner)
        partner.name = self.account_row("16")["Name"]
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(partner.exact_account_id, self.account_row("16")["ID"])
        self.assertEqual(self.match(partner).state, "done")

    def test_w10_a_wrong_link_can_be_undone_and_does_not_come_back_by_itself(self):
        row = self.account_row("16")
        partner = self.new_customer(name=row["Name"], ref="16")
        self.send(partner)
        self.assertEqual(partner.exact_account_id, row["ID"])
        partner.action_exact_unlink()
        self.assertFalse(partner.exact_account_id or partner.exact_account_seen)
        move = self.send(partner)
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertNotIn(partner.exact_account_id, (False, row["ID"]))
        self.import_customers()
        self.assertNotEqual(self.linked(row), partner)
        self.assertEqual(len(self.linked(row)), 1)

    def test_w10_the_desk_is_for_its_own_company_and_for_exact_users(self):
        self.accountant("account", account="12", Email="post@gelijk.example")
        partner = self.new_customer(name="Iets Anders", email="post@gelijk.example")
        self.send(partner)
        match = self.match(partner)
        other = self.env["res.company"].create({"name": "Elders"})

        def user(login, group, company):
            return new_test_user(
                self.env,
                login=login,
                groups=group,
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )

        for stranger in (
            user("elders", "exact_connector.group_exact_manager", other),
            user("gewoon", "base.group_user", self.company),
        ):
            with self.assertRaises(AccessError):
                match.with_user(stranger).action_skip()
            with self.assertRaises(AccessError):
                match.candidate_ids.with_user(stranger).action_link()
        biller = user("biller", "exact_connector.group_exact_user", self.company)
        match.candidate_ids.with_user(biller).action_link()
        self.assertEqual(match.decided_by_id, biller)
        self.assertTrue(partner.exact_account_id)


@tagged("post_install", "-at_install")
class TestMatchOnImport(MatchCase):
    def test_w10_import_makes_no_second_contact_of_one_that_is_there(self):
        self.accountant("account", account="12", VATNumber="NL000099998B57", City="Nieuwstad")
        self.accountant(
            "account", account="13", Name="Vlierbes Bouw BV", Postcode="1234 AB", Country="NL"
        )
        self.accountant("account", account="14", Name="Zeemeeuw Advies BV", VATNumber="NL5B01")
        partners = self.env["res.partner"]
        same_vat = self.new_customer(name="Heel Anders", vat="NL000099998B57", city="Oudstad")
        same_place = self.new_customer(name="Vlierbes Bouw", zip="1234AB")
        other_number = self.new_customer(name="Xylofoon", ref="14")
        run = self.import_customers()
        self.assertEqual((run.created_count, run.to_decide_count), (35, 3))
        self.assertIn("3", run.message.split(",")[-1])
        people = same_vat | same_place | other_number
        self.assertFalse(any(people.mapped("exact_account_id")))
        matches = self.match(same_vat) | self.match(same_place) | self.match(other_number)
        self.assertEqual(set(matches.mapped("origin")), {"import"})
        self.assertEqual(self.connection.match_open_count, 3)
        action = run.action_view_matches()
        self.assertEqual(self.env["exact.match"].search(action["domain"]), matches)
        # Asked once: reading all again asks the same three, not three more.
        self.connection.action_import_all_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.connection.match_open_count, 3)
        self.assertEqual(len(matches.candidate_ids), 3)
        # Link: it takes over what Exact has. Another business: it comes on its own. Left out: it stays away.
        self.match(same_vat).candidate_ids.action_link()
        self.assertEqual(same_vat.exact_account_code, "12")
        self.assertEqual(same_vat.city, "Nieuwstad")
        self.assertIn("Oudstad", self.chatter(same_vat), "what was given up is told")
        self.match(same_place).action_create()
        own = partners.search([("exact_account_code", "=", "13")])
        self.assertEqual((own.name, len(own)), ("Vlierbes Bouw BV", 1))
        self.assertFalse(same_place.exact_account_id)
        self.match(other_number).action_skip()
        self.connection.action_import_all_customers()
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(self.connection.match_open_count, 0)
        self.assertFalse(partners.search([("exact_account_code", "=", "14")]))
        self.assertEqual(len(partners.search([("exact_account_code", "in", ("12", "13"))])), 2)

    def test_w10_two_contacts_like_one_relation_are_both_asked_and_one_answer_settles_it(self):
        row = self.in_exact(Name="Vlierbes Bouw BV", Postcode="1234 AB", Country="NL")
        first = self.new_customer(name="Vlierbes Bouw", zip="1234 AB")
        second = self.new_customer(name="Vlierbes Bouw B.V.", zip="1234AB")
        run = self.import_customers()
        self.assertEqual(run.to_decide_count, 1)
        self.match(first).action_create()
        self.assertFalse(self.linked(row), "the other question is still open")
        self.match(second).candidate_ids.action_link()
        self.assertEqual(self.linked(row), second)

    def test_r37_equal_number_of_a_contact_with_another_name_is_asked_not_overwritten(self):
        known = self.env["res.partner"].create({"name": "Xylofoon", "ref": "12"})
        self.import_customers()
        self.assertEqual((known.name, known.exact_account_id), ("Xylofoon", False))
        self.assertEqual(self.match(known).candidate_ids.number, "12")
        self.assertIn("name_differs", self.match(known).candidate_ids.reason_codes)
