from odoo.tests import TransactionCase, tagged

from odoo.addons.exact_connector.tests.translations import Translations


@tagged("post_install", "-at_install")
class TestTranslations(Translations, TransactionCase):
    """The rules are those of ``exact_connector``."""
