"""The set-up page: what leads, what is refused, what is remembered (R2-R8); reconnecting (W13)."""

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..models.exact_connection_app import SECRET_DOTS
from ..models.exact_connection_setup import STEPS
from .cases import UnlimitedCase
from .common import NL_APP, OFFICE

PAGE = "exact_connector.view_exact_setup_form"


@tagged("post_install", "-at_install")
class TestSetup(UnlimitedCase):
    def done(self):
        return self.connection.setup_done.split()

    def division_of(self, code, connection=None):
        authorization = (connection or self.connection).authorization_id
        return authorization.division_ids.filtered(lambda division: division.code == code)

    def second_company(self, **values):
        company = self.env["res.company"].create({"name": "Zuid Advies B.V.", **values})
        self.env.user.company_ids += company
        companies = [*self.env.companies.ids, company.id]
        self.env = self.env(context={**self.env.context, "allowed_company_ids": companies})
        return company

    # === STEPS === #

    def test_r02_steps_are_done_as_they_are_filled_in_and_the_list_shrinks(self):
        connection = self.fresh()
        self.assertEqual(self.done(), ["register", "connect"])
        connection.division_id = self.division_of(1001)
        self.assertNotIn("division", self.done(), "its reference data were not read yet")
        connection.setup_step = "division"
        connection.action_setup_division()
        self.assertEqual(connection.setup_step, "start", "the next one is shown")
        gaps = len(connection.setup_gaps)
        for field, value, left in (
            ("start_date", fields.Date.today(), gaps - 1),
            ("default_item_id", self.exact("item", "ALG"), gaps - 2),
        ):
            connection[field] = value
            self.assertEqual(len(connection.setup_gaps or []), left, field)
        for step in ("start", "journals", "mapping"):
            self.assertNotIn(step, self.done(), "a proposal nobody has looked at")
            connection.setup_step = step
            connection.action_setup_next()
            self.assertIn(step, self.done())
        connection.action_setup_import_no()
        connection.action_setup_next()
        self.assertEqual(self.done(), list(STEPS))
        self.assertFalse(connection.setup_step, "nothing left to show")
        self.assertEqual(connection.setup_percent, 100)

    def test_r02_every_gap_says_why_it_matters_and_where_it_is_mended(self):
        self.invoice([(1, 10.0, self.tax(19))])
        self.connection.default_item_id = False
        gaps = self.connection.setup_gaps
        item = next(gap for gap in gaps if gap["step"] == "mapping")
        tax = next(gap for gap in gaps if gap["model"] == "account.tax")
        self.assertTrue(item["why"] and tax["why"] and tax["id"])
        mapping = len(gaps) - 1
        self.assertEqual(self.connection.setup_mapping_count, mapping, "not the empty setting")
        self.connection.with_context(exact_step=item["step"]).action_setup_show()
        self.assertEqual(self.connection.setup_step, "mapping")

    def test_r02_coming_back_resumes_at_the_first_open_step(self):
        self.connection._confirm_steps("start", "journals", "mapping")
        action = self.env["exact.connection"].action_open_setup()
        self.assertEqual(action["res_id"], self.connection.id)
        self.assertEqual(self.connection.setup_step, "import")
        self.connection.action_setup_import_no()
        self.env["exact.connection"].action_open_setup()
        self.assertEqual(self.connection.setup_step, "sync")

    def test_r02_without_a_division_only_the_first_steps_can_be_opened(self):
        connection = self.fresh()
        connection.with_context(exact_step="journals").action_setup_go()
        self.assertEqual(connection.setup_step, "division")
        connection.with_context(exact_step="register").action_setup_go()
        self.assertEqual(connection.setup_step, "register")
        connection.with_context(exact_step="register").action_setup_go()
        self.assertFalse(connection.setup_step, "pressed again: closed")

    def test_app_opens_the_setup_until_there_is_a_division(self):
        setup = self.env.ref("exact_connector.action_exact_setup_page").id
        connections = self.env["exact.connection"]
        self.assertNotEqual(connections.action_open_home()["id"], setup)
        self.fresh()
        self.assertEqual(connections.action_open_home()["id"], setup)
        self.connection.unlink()
        action = connections.action_open_home()
        self.assertEqual(action["id"], setup)
        self.assertEqual(action["context"]["default_company_id"], self.company.id)
        biller = self.make_user("biller", "account.group_account_invoice")
        manager = self.make_user("manager", "exact_connector.group_exact_manager")
        for user in (biller, manager):
            action = connections.with_user(user).action_open_home()
            self.assertNotEqual(action["id"], setup, "nothing they could do there")
        with self.assertRaisesRegex(UserError, "system administrator"):
            connections.with_user(manager).action_open_setup()
        with self.assertRaises(AccessError):
            connections.with_user(biller).action_open_setup()

    def test_first_save_of_the_page_makes_connection_and_app_and_keeps_the_secret_hidden(self):
        company = self.second_company()
        self.clear_calls()
        page = Form(self.env["exact.connection"].with_context(default_company_id=company.id), PAGE)
        self.assertEqual(page.start_date, fields.Date.today().replace(day=1), "R4")
        page.setup_country = "practice"
        page.setup_client_id = f" {NL_APP[0]} "
        page.setup_client_secret = NL_APP[1]
        connection = page.save()
        self.assertEqual(connection.company_id, company)
        authorization = connection.authorization_id.sudo()
        self.assertEqual((authorization.client_id, authorization.client_secret), NL_APP)
        self.assertEqual(connection.setup_client_secret, SECRET_DOTS)
        self.assertNotIn(NL_APP[1], str(connection.read()))
        connection.setup_client_secret = SECRET_DOTS
        self.assertEqual(authorization.client_secret, NL_APP[1], "dots change nothing")
        self.assertFalse(self.calls())

    # === SEVERAL COMPANIES === #

    def test_r03_second_company_shares_the_consent_with_one_click(self):
        company = self.second_company()
        other = self.env["exact.connection"].create({"company_id": company.id})
        self.assertEqual(other.setup_candidate_ids, self.connection.authorization_id)
        self.assertIn("Bo de Boer", other.setup_candidate_message)
        self.clear_calls()
        other.action_setup_share()
        self.assertFalse(self.sim.journal.records(), "Exact is not asked again")
        self.assertEqual(other.authorization_id, self.connection.authorization_id)
        self.assertEqual((other.state, other.setup_step), ("division", "division"))
        self.assertFalse(other.division_id, "the only free one is still a person's choice")
        other.division_id = other.setup_division_proposal_id
        self.assertEqual(other.division, 1002, "the other one is taken")
        other.action_setup_division()
        self.assertEqual((self.connection.state, other.state), ("connected", "connected"))

    def test_r03_connecting_the_same_app_for_another_company_warns_first(self):
        company = self.second_company()
        other = self.env["exact.connection"].create({"company_id": company.id})
        other._keep_app("practice", "another-app", "x")
        self.assertFalse(other.setup_same_app_message)
        other._keep_app("practice", *NL_APP)
        alone = other.with_context(allowed_company_ids=company.ids)
        self.assertIn(self.company.name, alone.setup_same_app_message)
        self.assertIn("replaces", alone.setup_same_app_message)

    def test_r03_division_of_another_company_is_refused_and_a_branch_may_share_it(self):
        company = self.second_company()
        branch = self.second_company(name="Filiaal", parent_id=self.company.id)
        for owner, refused in ((branch, False), (company, True)):
            connection = self.env["exact.connection"].create({"company_id": owner.id})
            connection._bind(self.connection.authorization_id.sudo())
            if refused:
                with self.assertRaisesRegex(ValidationError, "is used by company"):
                    connection.division_id = self.connection.division_id
            else:
                connection.division_id = self.connection.division_id
                self.assertIn(self.company.name, connection.setup_branch_message)

    def test_r03_division_in_another_currency_or_country_is_warned_about(self):
        self.assertFalse(self.connection.setup_division_message)
        self.connection.division_id.currency_code = "USD"
        self.connection.division_id.country_code = "BE "
        message = self.connection.setup_division_message
        for text in ("USD", "EUR", "Belgium", "Netherlands"):
            self.assertIn(text, message)

    def test_r03_division_is_proposed_by_vat_number_then_by_name(self):
        connection = self.fresh()
        noord, zuid = self.division_of(1001), self.division_of(1002)
        self.assertFalse(connection.setup_division_proposal_id)
        self.company.name = "Praktijk Zuid B.V."
        connection.invalidate_recordset()
        self.assertEqual(connection.setup_division_proposal_id, zuid)
        self.assertEqual(
            noord.display_name, "Praktijk Noord BV (1001), NL001234567B01, Netherlands"
        )
        self.company.vat = "NL123456782B90"
        noord.vat = "NL 1234.56.782.B90"
        connection.invalidate_recordset()
        self.assertEqual(connection.setup_division_proposal_id, noord)

    def test_r03_archived_division_is_marked_and_cannot_be_chosen(self):
        connection = self.fresh()
        rows = [
            {"Code": 1001, "Description": "Noord", "Status": 2},
            {"Code": 1002, "Description": "Zuid", "Status": 1},
        ]
        authorization = connection.authorization_id
        archived = self.division_of(1001)
        self.env["exact.division"].sudo()._sync(authorization, rows)
        self.assertIn("archived", archived.display_name)
        with self.assertRaisesRegex(ValidationError, "archived"):
            connection.division_id = archived
        gone = self.division_of(1002)
        self.env["exact.division"].sudo()._sync(authorization, [])
        self.assertIn("not granted", gone.display_name)

    # === JOURNALS === #

    def test_r05_page_offers_sales_journals_only_and_warns_when_both_are_the_same(self):
        for name in ("sale_journal_id", "refund_journal_id"):
            offered = self.choices(self.connection, name)
            self.assertTrue({"70", "71", "73"} <= offered)
            self.assertFalse({"10", "20", "60", "90"} & offered)
        arch = self.env["exact.connection"].get_view(self.env.ref(PAGE).id, "form")["arch"]
        self.assertIn('id="exact_setup_same_journal"', arch)
        self.assertIn("sale_journal_id != refund_journal_id", arch)

    # === CUSTOMERS === #

    def test_r06_no_creates_no_partner_and_is_remembered(self):
        before = self.env["res.partner"].search_count([])
        self.clear_calls()
        self.connection.action_setup_import_no()
        self.env["exact.connection"]._cron_import_customers()
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        self.assertFalse(self.calls())
        self.assertEqual(self.connection.import_decision, "no")
        self.assertIn("import", self.done())

    def test_r06_yes_imports_once_with_a_count_and_can_be_repeated(self):
        before = self.env["res.partner"].search_count([])
        action = self.connection.action_setup_import_yes()
        self.connection.action_setup_import_yes()
        run = self.env["exact.exchange"].browse(action["res_id"])
        self.assertEqual(
            self.env["exact.exchange"].search([("kind", "=", "customer_import")]), run, "one run"
        )
        run._drive()
        self.assertGreater(run.created_count, 0)
        self.assertGreater(self.env["res.partner"].search_count([]), before)
        self.assertIn(str(run.created_count), self.connection.setup_import_message)
        self.assertEqual(self.connection.import_decision, "yes")
        again = self.env["exact.exchange"].browse(
            self.connection.action_setup_import_yes()["res_id"]
        )
        self.assertNotEqual(again, run)
        again._drive()
        self.assertEqual((again.state, again.created_count), ("done", 0))

    # === NOTHING BEFORE SAVE, NO POP-UP === #

    def test_r07_filling_in_and_leaving_the_page_makes_no_call(self):
        connection = self.fresh()
        connection.setup_step = "division"
        with Form(connection, PAGE) as page:
            page.division_id = self.division_of(1001)
            self.assertFalse(self.calls(), "filled in")
        self.assertFalse(self.calls(), "saved, the division is read only at its button")
        connection.action_setup_division()
        self.assertTrue(self.calls(path="/1001/"))

    def test_r08_connecting_stays_in_the_same_tab(self):
        action = self.connection.action_setup_connect()
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "self"))
        state = self.env["exact.oauth.state"].sudo().search([])
        self.assertEqual(state.back, "setup")

    # === FIRST SENDING === #

    def test_first_sending_counts_and_sends_what_is_due(self):
        self.connection.start_date = fields.Date.today()
        move = self.invoice()
        self.invoice(send=False)
        self.assertEqual(self.connection.setup_due_count, 1)
        self.connection.action_setup_send()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.setup_due_count, 0)

    # === ANOTHER USER OR DIVISION COMES BACK: ASKED ABOUT BEFORE IT TAKES EFFECT === #

    def come_back(self, login, connection=None):
        """Press Connect, and consent as ``login``."""
        connection = connection or self.connection
        connection.action_connect()
        state_sudo = self.env["exact.oauth.state"].sudo().search([], limit=1, order="id desc")
        blank = state_sudo.authorization_id.sudo(False)
        kept = blank._connect(self.grant(login))
        connection._after_connect(kept)
        (blank - kept)._discard_unused()
        self.env.invalidate_all()
        return kept

    def test_w13_same_user_reconnects_without_a_question(self):
        authorization = self.connection.authorization_id
        kept = self.come_back("bookkeeper@practice.example")
        self.assertEqual(kept, authorization)
        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(self.env["exact.authorization"].search_count([]), 1, "no blank is left")

    def test_w13_other_user_takes_no_effect_until_somebody_says_so(self):
        before = self.connection.authorization_id
        self.come_back(OFFICE)
        connection = self.connection
        self.assertEqual(connection.state, "confirm")
        self.assertEqual(connection.authorization_id, before)
        self.assertIn("it was Bo de Boer", connection.confirm_message)
        self.assertIn(connection.confirm_message, self.chatter(connection).replace("<br>", "\n"))
        move = self.invoice()
        self.clear_calls()
        move.action_exact_create_sales_entry()
        connections = self.env["exact.connection"]
        connections._cron_sync_payments()
        connections._cron_refresh_reference_data()
        self.assertFalse(self.calls(), "nothing is sent or read")
        self.assertEqual(move.exact_state, "waiting")
        connection.action_keep_user()
        self.assertEqual((connection.state, connection.division), ("connected", 1001))
        self.assertNotEqual(connection.exact_user_name, "Bo de Boer")
        self.assertEqual(connection.default_item_id.code, "ALG", "mappings stay")
        self.assertEqual(connection.sale_journal_id.code, "70")
        self.assertFalse(before.exists(), "nobody uses the old consent any more")
        self.env["exact.exchange"]._cron_process()
        self.assertEqual(move.exact_state, "done", "what waited goes on")

    def test_w13_stay_with_the_user_before(self):
        before = self.connection.authorization_id
        kept = self.come_back(OFFICE)
        self.connection.action_stay_with_user()
        self.assertEqual(
            (self.connection.state, self.connection.authorization_id), ("connected", before)
        )
        self.assertFalse(kept.exists())
        self.assertTrue(self.connection._get_client().me())

    def test_w13_other_companies_of_the_old_user_go_on_untouched(self):
        other = self.connect(self.second_company(), division=1002)
        self.come_back(OFFICE)
        self.assertEqual((self.connection.state, other.state), ("confirm", "connected"))
        self.connection.action_keep_user()
        self.assertEqual(other.exact_user_name, "Bo de Boer")
        self.assertTrue(other._get_client().me())

    def test_w13_division_not_granted_any_more_is_asked_about_in_every_company(self):
        other = self.connect(self.second_company(), division=1002)
        self.give_division("bookkeeper@practice.example", 1002, granted=False)
        self.come_back("bookkeeper@practice.example")
        self.assertEqual((self.connection.state, other.state), ("connected", "confirm"))
        self.assertIn("Praktijk Zuid BV", other.confirm_message)
        with self.assertRaises(UserError):
            other.action_stay_with_user()
        self.give_division("bookkeeper@practice.example", 1002)
        self.come_back("bookkeeper@practice.example", other)
        self.assertEqual((other.state, other.division), ("connected", 1002))

    def test_w13_only_a_system_administrator_answers(self):
        self.come_back(OFFICE)
        manager = self.make_user("manager", "exact_connector.group_exact_manager")
        for method in ("action_keep_user", "action_stay_with_user"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(self.connection.with_user(manager), method)()
        self.assertEqual(self.connection.state, "confirm")

    def test_w13_passport_tells_who_since_when_and_when_it_ends(self):
        connection = self.connection
        self.assertEqual(connection.exact_user_name, "Bo de Boer")
        self.assertEqual(connection.connected_by_id, self.env.user)
        self.assertTrue(connection.connected_on and connection.renewed_on)
        self.assertEqual((connection.risk_on - connection.renewed_on).days, 30)

    def test_practice_cannot_be_chosen_by_a_crafted_call(self):
        self.env["ir.config_parameter"].set_param("exact_connector.practice_url", False)
        authorizations = self.env["exact.authorization"]
        with self.assertRaises(ValidationError):
            authorizations.create({"country": "practice"})
        other = authorizations.create({"country": "nl"})
        with self.assertRaises(ValidationError):
            other.country = "practice"

    def test_blank_of_a_consent_that_never_came_back_is_cleared(self):
        self.connection.action_connect()
        blank = self.env["exact.authorization"].search([("exact_user_id", "=", False)])
        self.assertEqual(len(blank), 1)
        self.env["exact.authorization"]._gc_blank()
        self.assertTrue(blank.exists(), "may still come back")
        self.env.cr.execute(
            "UPDATE exact_authorization SET create_date = create_date - interval '2 days' WHERE id = %s",
            [blank.id],
        )
        self.env.invalidate_all()
        self.env["exact.authorization"]._gc_blank()
        self.assertFalse(blank.exists())
        self.assertEqual(self.connection.state, "connected")

    def test_r2_page_left_open_saves_into_the_connection_made_meanwhile(self):
        pages = self.env["exact.connection"].with_context(exact_setup=True)
        again = pages.create({"company_id": self.company.id, "start_date": "2026-02-01"})
        self.assertEqual(again, self.connection)
        self.assertEqual(str(self.connection.start_date), "2026-02-01")
