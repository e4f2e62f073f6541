"""The languages of the add-on are complete and fit the code (house rule: no half-translated screen)."""

import io
import re
from collections import Counter
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import trans_export

FOLDER = Path(__file__).resolve().parents[1] / "i18n"
LANGUAGES = ("nl", "fr", "de")
# `%%` is matched so that its second sign is not taken for a placeholder
PLACEHOLDER = re.compile(r"%%|%(?:\(\w+\))?[sdif]|</?\w+[^>]*>")
# What a tag shows or reads out is text.
SHOWN = re.compile(r'(?<= )(?:title|alt|aria-label|placeholder)="[^"]*"')
# What Odoo's export takes for a term: texts of tests, and the keys of a selection in Python.
NO_TERM = re.compile(r"[a-z]{2}")


def read(name):
    """The entries of a file under i18n, without the obsolete ones."""
    return [entry for entry in polib.pofile(str(FOLDER / name)) if not entry.obsolete]


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """What stands in i18n, held against the code of this very checkout."""

    def test_languages_have_no_untranslated_term(self):
        for language in LANGUAGES:
            with self.subTest(language=language):
                missing = [
                    entry.msgid
                    for entry in read(f"{language}.po")
                    if entry.fuzzy or not entry.msgstr.strip()
                ]
                self.assertFalse(missing)

    def test_languages_have_every_term_of_the_template(self):
        terms = {entry.msgid for entry in read("exact_connector.pot")}
        self.assertGreater(len(terms), 500)
        for language in LANGUAGES:
            with self.subTest(language=language):
                self.assertEqual({entry.msgid for entry in read(f"{language}.po")}, terms)

    def test_languages_keep_every_placeholder_and_tag(self):
        for language in LANGUAGES:
            for entry in read(f"{language}.po"):
                with self.subTest(language=language, term=entry.msgid):
                    self.assertEqual(
                        Counter(PLACEHOLDER.findall(SHOWN.sub("", entry.msgstr))),
                        Counter(PLACEHOLDER.findall(SHOWN.sub("", entry.msgid))),
                    )

    def test_template_has_every_term_of_the_code(self):
        """Fails after a change of a text: `python tools/i18n.py` mends the files."""
        buffer = io.BytesIO()
        self.assertTrue(trans_export(None, ["exact_connector"], buffer, "po", self.env))
        found = {
            entry.msgid
            for entry in polib.pofile(buffer.getvalue().decode())
            if not all("/tests/" in place for place, _line in entry.occurrences)
            and not (
                NO_TERM.fullmatch(entry.msgid)
                and all(place.startswith("code:") for place, _line in entry.occurrences)
            )
        }
        kept = {entry.msgid for entry in read("exact_connector.pot")}
        self.assertFalse(found - kept, "not in the .pot")
        self.assertFalse(kept - found, "in the .pot, but gone from the code")

    def test_dutch_user_reads_dutch(self):
        self.env["res.lang"]._activate_lang("nl_NL")
        self.env["ir.module.module"].search(
            [("name", "=", "exact_connector")]
        )._update_translations(["nl_NL"])
        dutch = self.env(context=dict(self.env.context, lang="nl_NL"))
        action = dutch.ref("exact_connector.action_create_exact_sales_entry")
        self.assertEqual(action.name, "Exact-verkoopboeking maken")
        cause = dutch.ref("exact_connector.cause_no_item")
        self.assertEqual(cause.name, "Geen Exact-artikel")
        labels = dict(dutch["exact.connection"]._fields["state"]._description_selection(dutch))
        self.assertEqual(labels["connected"], "Verbonden")
