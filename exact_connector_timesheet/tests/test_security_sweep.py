"""Another company's hours, orders and expenses, by every public method of the add-ons on top."""

from odoo.tests import tagged

from odoo.addons.exact_connector.tests.sweep import Sweep

from .cases import HoursCase

CANARY = "Kanarie en Zonen"


@tagged("post_install", "-at_install")
class TestSecuritySweep(Sweep, HoursCase):
    OURS = "odoo.addons.exact_connector_"

    def test_r03_no_public_method_does_or_tells_anything_of_another_company(self):
        self.partner.write({"name": CANARY, "company_id": self.company.id})
        line = self.line()
        self.hours(2.0, line)
        self.hours(3.0)
        self.wizard(line.order_id)
        self.env["exact.uninvoiced"].action_open()
        if "hr.expense" in self.env:
            self.env["hr.expense"].create(
                {"name": CANARY, "employee_id": self.anna.id, "total_amount_currency": 10.0}
            )
        other = self.env["res.company"].create({"name": "Zuid Advies B.V."})
        self.env.flush_all()
        self.assertGreater(len(list(self.public_calls())), 30)
        # A manager of another company, a colleague, nobody: the others are with exact_connector's own.
        for user in self.people_without_business(self.company, other)[::2]:
            with self.subTest(user.login):
                found = self.sweep(user, self.company, [CANARY, self.connection.exact_user_name])
                self.assertFalse(found, "\n".join(found))
                self.assertGreater(self.refused, 10)
