from odoo.tests import TransactionCase, tagged

from .translations import Translations


@tagged("post_install", "-at_install")
class TestTranslations(Translations, TransactionCase):
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
