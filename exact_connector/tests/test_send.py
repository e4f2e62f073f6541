"""Create Exact Sales Entry: what goes, when, in which order, and never twice (R4, R29, R40-R42, R51-R58)."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .sending import ACCOUNTS, ENTRIES, SendCase


@tagged("post_install", "-at_install")
class TestSend(SendCase):
    # === START DATE (R4) === #

    join_once = True

    def test_r04_start_date_itself_goes_and_the_day_before_never_does(self):
        start = fields.Date.today() - timedelta(days=3)
        self.connection.start_date = start
        partner = self.customer()
        for move_type in ("out_invoice", "out_refund"):
            before, same, after = (
                self.invoice(
                    partner=partner,
                    move_type=move_type,
                    invoice_date=start + timedelta(days=days),
                )
                for days in (-1, 0, 1)
            )
            self.assertFalse(before.exact_can_create)
            self.assertTrue(same.exact_can_create)
            self.assertTrue(after.exact_can_create)
            due = self.env["account.move"]._exact_search_due(self.connection)
            self.assertNotIn(before, due)
            self.assertLessEqual(same | after, due)
            (before | same | after).action_exact_create_sales_entry()
            self.assertEqual(
                (before | same | after).mapped("exact_state"), ["failed", "done", "done"]
            )
            self.assertEqual(before.exact_problem_ids.cause_id.code, "before_start_date")
        self.assertEqual(len(self.entries()), 4)

    def test_r04_without_a_start_date_nothing_goes(self):
        self.connection.start_date = False
        move = self.invoice()
        self.clear_calls()
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_problem_ids.cause_id.code, "no_start_date")
        self.assertFalse(self.calls())
        self.assertFalse(self.env["account.move"]._exact_search_due(self.connection))

    # === CUSTOMERS FIRST (R29, R40-R42) === #

    def new_customer(self, **values):
        return self.customer(known=False, **values)

    def test_r29_customers_of_the_documents_go_first_and_others_never(self):
        one, two = self.new_customer(name="Een BV"), self.new_customer(name="Twee BV")
        self.new_customer(name="Onbekend gebleven BV", customer_rank=1)
        moves = self.invoice(partner=one) | self.invoice(partner=two)
        self.clear_calls()
        moves.action_exact_create_sales_entry()
        self.assertEqual(
            self.paths(),
            [("GET", ACCOUNTS), ("POST", ACCOUNTS), ("POST", ACCOUNTS)] + [("POST", ENTRIES)] * 2,
        )
        names = [row["Name"] for row in self.account_rows()]
        self.assertIn("Een BV", names)
        self.assertIn("Twee BV", names)
        self.assertNotIn("Onbekend gebleven BV", names)

    def test_r40_customer_known_by_its_number_is_linked_and_not_made(self):
        partner = self.new_customer(ref="2", name=self.account_row("2")["Name"].upper())
        before = len(self.account_rows())
        move = self.invoice(partner=partner)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(len(self.account_rows()), before)
        self.assertEqual(partner.exact_account_id, self.account_row("2")["ID"])
        self.assertEqual(self.entry(move)["CustomerCode"].strip(), "2")

    def test_r41_new_customer_is_sent_field_by_field(self):
        partner = self.new_customer(
            name="Bloemen & Zo",
            street="Hoofdstraat 1",
            street2="Achterom",
            zip="1234 AB",
            city="Zwolle",
            phone="+31 38 1234567",
            email="info@bloemen.example",
            website="https://bloemen.example",
            vat="NL000099998B57",
            company_registry="12345678",
        )
        self.invoice(partner=partner).action_exact_create_sales_entry()
        (body,) = self.bodies(ACCOUNTS)
        mark = body.pop("SearchCode")
        self.assertEqual(mark, self.env["exact.mapper.account"]._our_reference(partner))
        self.assertEqual(
            body,
            {
                "Name": "Bloemen & Zo",
                "Status": "C",
                "AddressLine1": "Hoofdstraat 1",
                "AddressLine2": "Achterom",
                "Postcode": "1234 AB",
                "City": "Zwolle",
                "Country": "NL",
                "Phone": "+31 38 1234567",
                "Email": "info@bloemen.example",
                "Website": "https://bloemen.example",
                "VATNumber": "NL000099998B57",
                "ChamberOfCommerce": "12345678",
                "Language": "EN",
                "SalesVATCode": self.connection.default_vat_code_id.code,
            },
        )

    def test_r41_invoice_address_wins_over_the_main_one(self):
        partner = self.new_customer(street="Hoofdstraat 1", city="Zwolle", email="main@x.example")
        self.env["res.partner"].create(
            {
                "parent_id": partner.id,
                "type": "invoice",
                "name": "Administratie",
                "street": "Postbus 99",
                "zip": "8000 AA",
                "city": "Kampen",
                "country_id": self.env.ref("base.be").id,
                "email": "facturen@x.example",
            }
        )
        self.invoice(partner=partner).action_exact_create_sales_entry()
        (body,) = self.bodies(ACCOUNTS)
        sent = {
            name: body.get(name)
            for name in ("Name", "AddressLine1", "Postcode", "City", "Country", "Email")
        }
        self.assertEqual(
            sent,
            {
                "Name": "Bakkerij Jansen",
                "AddressLine1": "Postbus 99",
                "Postcode": "8000 AA",
                "City": "Kampen",
                "Country": "BE",
                "Email": "facturen@x.example",
            },
        )

    def test_r42_number_given_by_exact_is_written_back(self):
        partner = self.new_customer()
        self.invoice(partner=partner).action_exact_create_sales_entry()
        row = next(r for r in self.account_rows() if r["ID"] == partner.exact_account_id)
        self.assertEqual(partner.exact_account_code, row["Code"].strip())
        self.assertEqual(partner.ref, row["Code"].strip())
        self.assertIn(partner.ref, self.chatter(partner))

    def test_r42_number_chosen_in_odoo_is_kept(self):
        partner = self.new_customer(ref="9001")
        self.invoice(partner=partner).action_exact_create_sales_entry()
        self.assertEqual((partner.ref, partner.exact_account_code), ("9001", "9001"))

    def test_r42_two_invoices_at_once_make_one_customer(self):
        partner = self.new_customer(name="Samen BV")
        moves = self.invoice(partner=partner) | self.invoice(partner=partner)
        moves.action_exact_create_sales_entry()
        self.assertEqual(moves.mapped("exact_state"), ["done", "done"])
        self.assertEqual(sum(r["Name"] == "Samen BV" for r in self.account_rows()), 1)
        self.assertEqual(len(self.calls("POST", ACCOUNTS)), 1)

    def test_r42_contact_of_a_company_books_on_the_company(self):
        partner = self.new_customer(name="Moeder BV")
        contact = self.env["res.partner"].create({"parent_id": partner.id, "name": "Ans"})
        move = self.invoice(partner=contact)
        move.action_exact_create_sales_entry()
        self.assertEqual(self.entry(move)["CustomerName"], "Moeder BV")
        self.assertTrue(partner.exact_account_id)

    def test_r42_customer_whose_answer_was_lost_is_adopted_not_made_again(self):
        partner = self.new_customer(name="Verloren BV")
        move = self.invoice(partner=partner)
        self.fault("drop_after", path=ACCOUNTS)
        move.action_exact_create_sales_entry()
        self.assertEqual(partner.exact_exchange_ids.state, "unclear")
        self.assertEqual(move.exact_state, "waiting")
        self.assertFalse(move.exact_entry_id)
        for exchange in partner.exact_exchange_ids | self.exchange(move):
            self.make_due(exchange)
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(sum(r["Name"] == "Verloren BV" for r in self.account_rows()), 1)
        self.assertEqual(len(self.calls("POST", ACCOUNTS)), 1)

    # === THE ACTION (R51, R52) === #

    def test_r51_server_action_takes_a_selection(self):
        moves = self.invoice() | self.invoice(move_type="out_refund")
        action = self.env.ref("exact_connector.action_create_exact_sales_entry")
        self.assertEqual(action.binding_model_id.model, "account.move")
        self.assertIn("list", action.binding_view_types)
        answer = action.with_context(active_model="account.move", active_ids=moves.ids).run()
        self.assertEqual(moves.mapped("exact_state"), ["done", "done"])
        self.assertEqual(answer["tag"], "display_notification")
        self.assertEqual(answer["params"]["type"], "success")
        self.assertIn("2 sent", answer["params"]["title"])

    def test_r51_action_is_for_exact_users_only(self):
        user = new_test_user(
            self.env,
            login="exact-none",
            groups="account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        move = self.invoice()
        with self.assertRaises(AccessError):
            move.with_user(user).action_exact_create_sales_entry()
        user.group_ids += self.env.ref("account.group_account_invoice")
        user.group_ids += self.env.ref("exact_connector.group_exact_user")
        move.with_user(user).action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(move.exact_sent_by_id, user)

    def test_r51_many_documents_go_in_the_background(self):
        partner = self.customer()
        moves = self.env["account.move"].union(*(self.invoice(partner=partner) for _n in range(21)))
        self.clear_calls()
        answer = moves.action_exact_create_sales_entry()
        self.assertFalse(self.calls())
        self.assertIn("21 to follow", answer["params"]["title"])
        self.cron("ir_cron_process_exchanges")
        self.assertEqual(set(moves.mapped("exact_state")), {"done"})

    def send_from_odoo(self, move, methods):
        """Odoo's own Send & Print, as the wizard does it."""
        wizard = (
            self.env["account.move.send.wizard"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"sending_methods": methods})
        )
        wizard.action_send_and_print()

    def test_r52_offered_only_once_sent_to_the_customer(self):
        partner = self.customer(email="klant@customer.example")
        draft = self.invoice(partner=partner, post=False)
        posted = self.invoice(partner=partner, send=False)
        cancelled = self.invoice(partner=partner, post=False)
        cancelled.button_cancel()
        for move in (draft, posted, cancelled):
            self.assertFalse(move.exact_can_create)
        mailed = self.invoice(partner=partner, send=False)
        self.send_from_odoo(mailed, ["email"])
        printed = self.invoice(partner=partner, send=False)
        self.send_from_odoo(printed, [])
        self.assertTrue(mailed.exact_can_create)
        self.assertTrue(printed.exact_can_create)
        (mailed | printed).action_exact_create_sales_entry()
        self.assertFalse(mailed.exact_can_create, "what is in Exact is not offered again")
        self.assertEqual(printed.exact_state, "done")

    def test_r52_button_of_the_form_follows_what_is_offered(self):
        arch = self.env["account.move"].get_view(self.env.ref("account.view_move_form").id, "form")[
            "arch"
        ]
        button = arch[arch.index('id="exact_create_sales_entry"') - 200 :]
        button = button[button.index("<button", 0) :].split(">")[0]
        self.assertIn('invisible="not exact_can_create"', button)

    def test_r52_of_a_mixed_selection_only_the_sent_ones_go_and_the_rest_is_reported(self):
        partner = self.customer()
        sent = self.invoice(partner=partner)
        posted = self.invoice(partner=partner, send=False)
        draft = self.invoice(partner=partner, post=False)
        cancelled = self.invoice(partner=partner, post=False)
        cancelled.button_cancel()
        bill = self.init_invoice("in_invoice", partner=partner, amounts=[10.0], post=True)
        answer = (sent | posted | draft | cancelled | bill).action_exact_create_sales_entry()
        self.assertEqual(sent.exact_state, "done")
        self.assertEqual(len(self.entries()), 1)
        self.assertIn("1 sent", answer["params"]["title"])
        self.assertIn("4 skipped", answer["params"]["title"])
        self.assertNotEqual(answer["params"]["type"], "success")
        for move, reason in (
            (posted, "not sent to the customer yet"),
            (draft, "not posted"),
            (cancelled, "not posted"),
            (bill, "only customer invoices"),
        ):
            line = next(
                line
                for line in answer["params"]["message"].splitlines()
                if line.startswith(f"{move.display_name}: ")
            )
            self.assertIn(reason, line)
            self.assertFalse(move.exact_exchange_ids)
        self.assertIn("not sent to the customer yet", self.chatter(posted))

    # === WHAT IS PASSED (R53, R54) === #

    def test_r53_invoices_and_credit_notes_land_in_their_own_journal_and_type(self):
        invoice, refund = self.invoice(), self.invoice(move_type="out_refund")
        (invoice | refund).action_exact_create_sales_entry()
        self.assertEqual(
            [(e["Type"], e["Journal"]) for e in (self.entry(invoice), self.entry(refund))],
            [(20, "70"), (21, "71")],
        )
        self.assertEqual(self.entry(refund)["AmountFC"], "-121.00")

    def test_r54_entry_is_sent_field_by_field(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "14 dagen",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 14})
                ],
                "exact_payment_condition_id": self.exact("payment.condition", "14").id,
            }
        )
        product = self.env["product.template"].create(
            {"name": "Advies", "exact_item_id": self.exact("item", "UREN").id}
        )
        partner = self.customer()
        move = self.invoice(
            [
                {
                    "name": "Advies\nin maart",
                    "product_id": product.product_variant_id.id,
                    "quantity": 2.5,
                    "price_unit": 80.0,
                    "tax_ids": [Command.set(self.tax_21.ids)],
                }
            ],
            partner=partner,
            invoice_date=fields.Date.today() - timedelta(days=1),
            invoice_payment_term_id=term.id,
            payment_reference="1234567890",
        )
        move.action_exact_create_sales_entry()
        (body,) = self.bodies(ENTRIES)
        self.assertEqual(
            body,
            {
                "Customer": partner.exact_account_id,
                "Journal": "70",
                "EntryDate": str(move.invoice_date),
                "DueDate": str(move.invoice_date + timedelta(days=14)),
                "Description": f"{move.name} Bakkerij Jansen",
                "YourRef": move.name,
                "PaymentCondition": "14",
                "PaymentReference": "1234567890",
                "Currency": "EUR",
                "SalesEntryLines": [
                    {
                        "AmountFC": 200,
                        "VATAmountFC": 42,
                        "VATCode": "2",
                        "GLAccount": self.exact("gl.account", "8100").exact_id,
                        "Description": "UREN Advies in maart",
                        "Quantity": 2.5,
                    }
                ],
            },
        )
        entry = self.entry(move)
        self.assertEqual(entry["lines"][0]["GLAccountCode"], "8100")
        self.assertEqual(entry["EntryDate"][:10], str(move.invoice_date))
        self.assertEqual(entry["DueDate"][:10], str(move.invoice_date_due))
        self.assertEqual(self.exchange(move).payload, body, "what was sent can be read back")

    def test_r54_item_code_on_the_line_can_be_switched_off(self):
        self.connection.item_code_on_line = False
        self.invoice().action_exact_create_sales_entry()
        (body,) = self.bodies(ENTRIES)
        self.assertEqual(body["SalesEntryLines"][0]["Description"], "Advies")

    # === AFTERWARDS (R58) === #

    def test_r58_number_date_person_and_link_show_on_the_document(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        entry = self.entry(move)
        self.assertEqual(move.exact_entry_number, str(entry["EntryNumber"]))
        self.assertEqual(move.exact_sent_by_id, self.env.user)
        self.assertAlmostEqual(
            move.exact_sent_on, fields.Datetime.now(), delta=timedelta(minutes=5)
        )
        self.assertIn(str(entry["EntryNumber"]), self.chatter(move))
        link = move.action_exact_open_entry()
        self.assertEqual(link["type"], "ir.actions.act_url")
        self.assertIn(move.exact_entry_id, link["url"])
        self.assertEqual(move.action_exact_open_exchange()["res_id"], self.exchange(move).id)

    def test_r58_copy_of_a_sent_document_is_not_in_exact(self):
        move = self.invoice()
        move.action_exact_create_sales_entry()
        copy = move.copy()
        self.assertFalse(copy.exact_entry_id)
        self.assertEqual(copy.exact_state, "not_sent")

    # === SCHEDULED ACTIONS === #

    def test_r31_automatic_sending_is_off_until_switched_on(self):
        cron = self.env.ref("exact_connector.ir_cron_send_documents")
        self.assertFalse(cron.active, "off by default")
        self.assertFalse(self.connection.auto_send, "off by default")
        move = self.invoice()
        self.clear_calls()
        self.cron("ir_cron_send_documents")
        self.assertFalse(self.calls())
        self.connection.auto_send = True
        self.assertTrue(cron.active, "one switch is enough")
        unsent = self.invoice(send=False)
        self.cron("ir_cron_send_documents")
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.assertEqual(unsent.exact_state, "not_sent")
        self.cron("ir_cron_send_documents")
        self.assertEqual(len(self.entries()), 1)

    def test_r31_automatic_sending_leaves_failed_documents_to_a_person(self):
        self.connection.auto_send = True
        move = self.invoice([(1, 10.0, self.tax(9))])
        cron = self.env.ref("exact_connector.ir_cron_send_documents")
        cron.active = True
        self.cron("ir_cron_send_documents")
        self.assertEqual(move.exact_state, "failed")
        self.assertFalse(self.env["account.move"]._exact_search_due(self.connection))

    def test_scheduled_actions_do_nothing_while_not_connected(self):
        self.connection.authorization_id.action_disconnect()
        self.clear_calls()
        move = self.invoice()
        self.env.ref("exact_connector.ir_cron_send_documents").active = True
        for name in ("send_documents", "import_customers", "sync_payments", "process_exchanges"):
            self.cron(f"ir_cron_{name}")
        self.assertFalse(self.calls())
        self.assertEqual(move.exact_state, "not_sent")

    def test_r30_historic_documents_are_due_as_well(self):
        """Imported documents on or after the start date count like those made here."""
        move = self.invoice(invoice_date=fields.Date.today() - timedelta(days=300))
        self.connection.start_date = move.invoice_date
        self.assertIn(move, self.env["account.move"]._exact_search_due(self.connection))
