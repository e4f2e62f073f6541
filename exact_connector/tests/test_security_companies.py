"""Nobody reaches another company's records: neither by a crafted ID in a setting nor by a wizard."""

from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .cases import UnlimitedCase

LINKS = {
    "sale_journal_id": ("journal", "70"),
    "refund_journal_id": ("journal", "70"),
    "default_item_id": ("item", "UREN"),
    "default_vat_code_id": ("vat.code", "2"),
    "no_tax_vat_code_id": ("vat.code", "2"),
    "default_payment_condition_id": ("payment.condition", "30"),
}


@tagged("post_install", "-at_install")
class TestSecurityCompanies(UnlimitedCase):
    def setUp(self):
        super().setUp()
        # Without a chart of accounts, which takes seconds to load.
        self.zuid = self.env["res.company"].create({"name": "Zuid Advies B.V."})
        self.env.user.company_ids += self.zuid
        companies = [self.company.id, self.zuid.id]
        self.env = self.env(context={**self.env.context, "allowed_company_ids": companies})
        self.theirs = self.connect(self.zuid, division=1002)
        self.manager = self.make_user(
            "noord_manager", "exact_connector.group_exact_manager", "account.group_account_manager"
        )
        self.env.flush_all()

    def seen(self, records):
        return records.with_user(self.manager).with_context(allowed_company_ids=self.company.ids)

    def test_r03_connection_keeps_to_its_company_and_takes_no_record_of_another(self):
        """A manager of one company would get the documents of the other into a division of their own."""
        own = self.seen(self.connection)
        free = self.env["res.company"].create({"name": "Oost Advies B.V."})
        with self.assertRaisesRegex(UserError, "stays with its company"):
            own.write({"company_id": free.id})
        own.write({"company_id": self.company.id, "item_code_on_line": False})
        self.assertEqual(self.connection.company_id, self.company)
        self.assert_no_foreign_links(own)

    def test_r03_administrator_of_another_company_decides_nothing_on_a_connection(self):
        """Not even on one that waits for a decision, nor by the consent itself."""
        chief = self.make_user(
            "zuid_chief",
            "base.group_system",
            "exact_connector.group_exact_manager",
            company=self.zuid,
        )
        other = self.env["exact.authorization"].create({"client_id": "x", "country": "practice"})
        self.connection.sudo().pending_authorization_id = other
        self.env.flush_all()
        theirs = self.connection.with_user(chief).with_context(allowed_company_ids=self.zuid.ids)
        for method in (
            "action_keep_user",
            "action_stay_with_user",
            "action_setup_share",
            "action_connect",
            "action_disconnect",
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(theirs, method)()
        consent = other.with_user(chief).with_context(allowed_company_ids=self.zuid.ids)
        with self.assertRaises(AccessError):
            consent.action_disconnect()

    def assert_no_foreign_links(self, own):
        """A setting takes no record of another company's division: its name alone would tell."""
        self.assertLessEqual(LINKS.keys(), set(own._own_links()))
        for name in own._own_links():
            model, code = LINKS.get(name, (None, None))
            if not model:
                comodel = self.env[own._fields[name].comodel_name]
                theirs = comodel.search([("connection_id", "=", self.theirs.id)], limit=1)
            else:
                theirs = self.exact(model, code, self.theirs)
            with self.subTest(name), self.assertRaises(UserError):
                self.assertTrue(theirs)
                own.write({name: theirs.id})
                self.env.flush_all()
        code = self.seen(self.exact("vat.code", "2"))
        with self.assertRaises(UserError):
            code.write({"sale_gl_account_id": self.exact("gl.account", "8000", self.theirs).id})

    def test_r03_wizards_are_not_made_on_records_of_another_company(self):
        move = self.invoice()
        theirs = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": self.env["account.journal"]
                .create({"name": "S", "code": "S", "type": "sale", "company_id": self.zuid.id})
                .id,
            }
        )
        self.assertEqual(theirs.company_id, self.zuid)
        journal = self.exact("journal", "70", self.theirs)
        self.env.flush_all()
        self.clear_calls()
        for model, values in (
            ("exact.repair.wizard", {"move_id": theirs.id}),
            ("exact.adopt.wizard", {"move_id": theirs.id}),
            ("exact.adopt.wizard", {"move_id": move.id, "connection_id": self.theirs.id}),
            ("exact.auto.send.wizard", {"connection_id": self.theirs.id}),
            ("exact.payment.wizard", {"connection_id": self.theirs.id, "since": "2020-01-01"}),
            ("exact.mapping.wizard", {"connection_id": self.theirs.id}),
        ):
            wizards = self.seen(self.env[model])
            with self.subTest(model), self.assertRaises(AccessError):
                wizards.create(values)
            defaults = {f"default_{name}": value for name, value in values.items()}
            with self.subTest(model, by="context"), self.assertRaises(AccessError):
                wizards.with_context(**defaults).create({})
        wizard = self.seen(self.env["exact.adopt.wizard"]).create(
            {
                "move_id": move.id,
                "connection_id": self.connection.id,
                "journal_id": journal.id,
                "entry_number": "1",
            }
        )
        with self.assertRaises(AccessError):
            wizard.action_look_up()
        self.assertFalse(self.calls())

    def test_r03_question_before_a_batch_is_its_askers_own_and_sends_nothing_of_another_company(
        self,
    ):
        theirs = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": self.env["account.journal"]
                .create({"name": "S", "code": "S", "type": "sale", "company_id": self.zuid.id})
                .id,
            }
        )
        self.env.flush_all()
        questions = self.seen(self.env["exact.batch.wizard"])
        with self.assertRaises(AccessError):
            questions.create({"move_ids": [(6, 0, theirs.ids)]})
        question = questions.create({"document_count": 1})
        question.sudo().move_ids = theirs
        self.env.flush_all()
        self.clear_calls()
        with suppress(AccessError, UserError):
            question.sudo(False).action_send()
        self.assertFalse(self.calls() or theirs.exact_exchange_ids)
        colleague = self.make_user("noord_user", "exact_connector.group_exact_user")
        self.assertFalse(question.with_user(colleague).search([]))
        with self.assertRaises(AccessError):
            question.with_user(colleague).read(["document_count"])
