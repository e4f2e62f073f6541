"""The support parcel tells what is the matter and holds nothing that is nobody's business (W16)."""

import io
import json
import zipfile

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ..redaction import Redactor
from .common import NL_APP
from .sending import SendCase

IBANS = ("NL91ABNA0417164300", "BE68 5390 0754 7034", "DE89-3704-0044-0532-0130-00")
PERSONAL = (
    "Pieternel Zonneveld",
    "Zonneveld",
    "Bakkerij Kruimeldief",
    "p.zonneveld@kruimeldief.example",
    "06-53 11 22 34",
    "+31 6 53112234",
    "Kaneelstraat 12",
    "NL004495445B01",
    "123456782",
)
TOKEN_LIKE = "gAAAAVy8T9-x_3kL0pQ7rS2tU5vW8xYz1A4bC6dE9fG"


@tagged("post_install", "-at_install")
class TestSupport(SendCase, HttpCase):
    def setUp(self):
        super().setUp()
        token = self.env["exact.token"].sudo().search([])
        self.connection.authorization_id.webhook_secret = "w3bhook-of-the-app"
        self.secrets = ["w3bhook-of-the-app", *NL_APP, token.access_token, token.refresh_token]
        self.manager = self.make_user("exact_manager", "exact_connector.group_exact_manager")

    def planted(self):
        """A connection with everything that must not get out, in every place where a text can stand."""
        company = self.customer(
            known=False,
            name="Bakkerij Kruimeldief",
            email="p.zonneveld@kruimeldief.example",
            phone="+31 6 53112234",
            street="Kaneelstraat 12",
            vat="NL004495445B01",
        )
        self.env["res.partner"].create(
            {"name": "Pieternel Zonneveld", "parent_id": company.id, "is_company": False}
        )
        self.connection.action_connect()
        digest = self.env["exact.oauth.state"].sudo().search([]).digest
        said = " | ".join([*self.secrets, digest, *IBANS, *PERSONAL, TOKEN_LIKE, "token=abc123xyz"])
        move = self.invoice(partner=company, lines=[(1, 100.0, self.tax_21)])
        exchange = self.env["exact.exchange"]._enqueue_moves(self.connection, move).sudo()
        exchange.write(
            {
                "state": "failed",
                "attempts": 1,
                "cause_id": self.env["exact.cause"]._by_code("unknown").id,
                "message": said,
                "exact_message": f"Mandatory: General ledger account 8000 ({said})",
                "notes": said,
                "payload": {
                    "Customer": "0a2b0c84-7a3e-4a57-9b0c-6b4c9d5f2c11",
                    "YourRef": move.name,
                    "Description": said,
                    "Name": PERSONAL[2],
                    "BankAccount": IBANS[0],
                    "access_token": self.secrets[2],
                    "SalesEntryLines": [{"AmountFC": 100.0, "Description": said, "VATCode": "2"}],
                },
            }
        )
        self.env["exact.exchange.problem"].sudo().create(
            {
                "exchange_id": exchange.id,
                "message": said,
                "cause_id": exchange.cause_id.id,
            }
        )
        probe = self.env["exact.probe"].sudo().search([], limit=1)
        if probe:
            probe.exact_message = said
        token = self.env["exact.token"].sudo().search([])
        token.dead_reason = said
        self.env["exact.sync.run"].sudo().create(
            {"connection_id": self.connection.id, "user_id": self.env.uid, "summary": said}
        )
        self.env.flush_all()
        return exchange, digest

    def opened(self, content):
        with zipfile.ZipFile(io.BytesIO(content)) as parcel:
            return {name: parcel.read(name).decode() for name in parcel.namelist()}

    def test_w16_parcel_tells_what_is_the_matter_and_holds_no_secret_and_no_person(self):
        exchange, digest = self.planted()
        self.clear_calls()
        name, content = self.connection.with_user(self.manager)._get_support_parcel()
        self.assertRegex(name, r"^exact_support_1001_\d{8}-\d{4}\.zip$")
        files = self.opened(content)
        self.assertFalse(self.calls(), "nothing is asked at Exact")
        everything = "\n".join(files.values()).casefold()
        squeezed = everything.replace(" ", "").replace("-", "")
        for secret in [*self.secrets, digest, TOKEN_LIKE, "abc123xyz", *PERSONAL]:
            self.assertNotIn(secret.casefold(), everything)
        for iban in IBANS:
            self.assertNotIn(iban.replace(" ", "").replace("-", "").casefold(), squeezed)
        self.assertNotIn("de boer", everything, "nor the Exact user's name")
        self.assertNotIn("accountman", everything)
        # And yet it says what happened, where and how often.
        part = {name.removesuffix(".json"): text for name, text in files.items()}
        error = json.loads(part["errors"])[0]
        self.assertEqual((error["exchange"], error["cause"]), (exchange.id, "unknown"))
        self.assertIn("Mandatory: General ledger account 8000 (", error["exact_said"])
        self.assertIn(f"partner {exchange.move_id.partner_id.id}", error["message"])
        told = json.loads(part["exchanges"])[0]
        self.assertEqual(told["document"], exchange.move_id.name)
        self.assertEqual(told["sent"]["SalesEntryLines"][0]["AmountFC"], 100.0)
        self.assertEqual(told["sent"]["SalesEntryLines"][0]["VATCode"], "2")
        self.assertRegex(told["sent"]["Description"], r"^\(\d+ characters\)$")
        settings = json.loads(part["settings"])
        self.assertEqual(settings["connection"]["default_item_id"], "ALG")
        self.assertEqual(settings["connection"]["sale_journal_id"], "70")
        self.assertEqual(settings["connection"]["division"], 1001)
        self.assertEqual(settings["authorization"]["site"], "practice")
        mapping = json.loads(part["mapping"])
        self.assertGreater(mapping["in_exact"]["exact.item"]["all"], 0)
        self.assertEqual(mapping["mapped_in_odoo"]["account.tax.exact_vat_code_id"], 1)
        self.assertIn("exact_connector", json.loads(part["versions"])["modules"])
        crons = json.loads(part["crons"])
        self.assertTrue(any("next" in cron and cron["active"] for cron in crons))
        self.assertEqual(json.loads(part["causes"])[0]["count"], 1)
        self.assertEqual(json.loads(part["budget"])["day_limit"], self.connection.day_limit)

    def test_w16_parcel_is_downloaded_by_a_manager_of_the_company_only(self):
        self.make_user("exact_user", "exact_connector.group_exact_user")
        self.make_user("plain", "base.group_user")
        other = self.env["res.company"].create({"name": "Zuid Advies B.V."})
        stranger = self.make_user("stranger", "exact_connector.group_exact_manager", company=other)
        action = self.connection.with_user(self.manager).action_support_parcel()
        for login in ("exact_user", "plain", "stranger"):
            with self.subTest(login=login):
                self.authenticate(login, login)
                answer = self.url_open(action["url"], allow_redirects=False)
                self.assertIn(answer.status_code, (403, 404))
        self.authenticate("exact_manager", "exact_manager")
        answer = self.url_open(action["url"])
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertIn("settings.json", self.opened(answer.content))
        with self.assertRaises(AccessError):
            self.connection.with_user(stranger)._get_support_parcel()
        self.assertFalse(
            self.env["ir.attachment"].search_count([("name", "like", "exact_support")]),
            "kept nowhere",
        )

    def test_w16_texts_keep_their_words_and_lose_what_is_nobodys_business(self):
        redactor = Redactor(["s3cret"], {"Jan de Vries": "partner 3"})
        for text, shown in (
            ("VAT code 2 is blocked since 2026-01-31 12:30:00", None),
            ("Entry 26700001 in journal 70, period 2026-11", None),
            ("0a2b0c84-7a3e-4a57-9b0c-6b4c9d5f2c11 not found", None),
            ("salesentry/SalesEntries: Forbidden", None),
            ("Ask jan de vries, s3cret", "Ask partner 3, ***"),
            ("Call 020-123 45 67 89", "Call ***"),
            ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
            ("https://x.example/a/b?token=1&q=2 failed", "https://x.example/a/b failed"),
            ("jan@x.example wrote", "***@*** wrote"),
            ("Bank NL91 ABNA 0417 1643 00.", "Bank ***."),
            ("INV/2026/00012 and IBAN nl91abna0417164300", "INV/2026/00012 and IBAN ***"),
            ("VAT number BE0428759497, BTW 0428.759.497", "VAT number ***, BTW ***"),
            ("VAT number NL004495445B01 is wrong", "VAT number *** is wrong"),
        ):
            with self.subTest(text):
                self.assertEqual(redactor.text(text), shown or text)
        self.assertEqual(
            redactor.sent({"Name": "Jan", "Quantity": 2, "Lines": [{"Notes": "x"}]}),
            {"Name": "(3 characters)", "Quantity": 2, "Lines": [{"Notes": "(1 characters)"}]},
        )
