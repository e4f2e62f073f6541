"""The languages of an add-on are complete and fit the code (house rule: no half-translated screen)."""

import io
from pathlib import Path

import polib

from odoo.modules.module import get_module_path
from odoo.tools.translate import trans_export

from tools import terms


class Translations:
    """What stands in i18n, held against the code of this very checkout; mixed into each add-on's test."""

    def addon(self):
        """The folder of the add-on whose test this is."""
        return Path(get_module_path(self.test_module))

    def test_every_language_is_complete(self):
        for language in terms.LANGUAGES:
            with self.subTest(language=language):
                self.assertFalse("\n".join(terms.findings(self.addon(), language)))

    def test_template_has_every_term_of_the_code(self):
        """Fails after a change of a text: `python tools/i18n.py` mends the files."""
        buffer = io.BytesIO()
        trans_export(None, [self.addon().name], buffer, "po", self.env)
        found = filter(terms.is_term, polib.pofile(buffer.getvalue().decode()))
        self.assertFalse("\n".join(terms.differences(self.addon(), found)))
