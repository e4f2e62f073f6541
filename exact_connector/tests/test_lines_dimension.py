"""Analytic accounts as cost centres, cost units and projects of Exact (part 8)."""

from decimal import Decimal

from odoo.tests import tagged

from .common import post
from .lines import LinesCase


@tagged("post_install", "-at_install")
class TestLinesDimension(LinesCase):
    join_once = True

    def setUp(self):
        super().setUp()
        plans = self.env["account.analytic.plan"].create(
            [
                {"name": "Vestiging", "exact_dimension": "cost_center"},
                {"name": "Dienst", "exact_dimension": "cost_unit"},
                {"name": "Project", "exact_dimension": "project"},
                {"name": "Intern"},
            ]
        )
        self.centers, self.units, self.projects, self.intern = plans
        self.connection._refresh_reference_data()
        self.north = self.analytic(self.centers, "Noord", cost_center="NOORD")
        self.south = self.analytic(self.centers, "Zuid", cost_center="ZUID")
        self.advice = self.analytic(self.units, "Advies", cost_unit="ADVIES")
        self.website = self.analytic(self.projects, "Website", project="P100")

    def analytic(self, plan, name, code=False, **mapped):
        """An analytic account, mapped to a record of Exact by its code there."""
        account = self.env["account.analytic.account"].create(
            {"name": name, "code": code, "plan_id": plan.id, "company_id": False}
        )
        for kind, own in mapped.items():
            account[f"exact_{kind}_id"] = self.exact(kind.replace("_", "."), own)
        return account

    def split(self, distribution, **values):
        """An invoice of one line of 100.00 with a distribution over analytic accounts."""
        move = self.one_line(post=False, **values)
        move.invoice_line_ids.analytic_distribution = {
            ",".join(str(account.id) for account in accounts): share
            for accounts, share in distribution
        }
        move.action_post()
        move.is_move_sent = True
        return move

    def rows(self, move):
        return [
            (row.get("CostCenter"), row.get("CostUnit"), row["AmountFC"], row["VATAmountFC"])
            for row in self.booked(move)
        ]

    # === SENDING === #

    def test_line_gets_cost_centre_cost_unit_and_project_of_its_analytic_accounts(self):
        move = self.split([((self.north, self.advice, self.website), 100)])
        found = self.line(move)
        self.assertIn("Noord", found.dimensions["cost_center"].source)
        (row,) = self.booked(move)
        project = self.exact("project", "P100").exact_id
        self.assertEqual(
            (row["CostCenter"], row["CostUnit"], row["Project"]), ("NOORD", "ADVIES", project)
        )
        switched_off = self.split([((self.north,), 100)])
        self.connection.use_dimensions = False
        self.assertEqual(self.line(switched_off).dimensions, {})

    def test_line_over_several_accounts_is_divided_to_the_cent(self):
        thirds = self.split([((self.north,), 33.33), ((self.south,), 33.33)])
        self.assertEqual(
            self.rows(thirds),
            [
                ("NOORD", None, Decimal("33.33"), Decimal("7.00")),
                ("ZUID", None, Decimal("33.33"), Decimal("7.00")),
                (None, None, Decimal("33.34"), Decimal("7.00")),
            ],
        )
        apart = self.split([((self.north,), 25), ((self.south,), 75), ((self.advice,), 100)])
        self.assertEqual(
            self.rows(apart),
            [
                ("NOORD", "ADVIES", 25, Decimal("5.25")),
                ("ZUID", "ADVIES", 75, Decimal("15.75")),
            ],
        )

    def test_discount_is_divided_like_its_line(self):
        self.connection.discount_account_id = self.exact("gl.account", "8900")
        move = self.split([((self.north,), 50), ((self.south,), 50)])
        move.button_draft()
        move.invoice_line_ids.discount = 10
        move.action_post()
        move.is_move_sent = True
        self.assertEqual(
            [
                (row["CostCenter"], row["GLAccountCode"], row["AmountFC"])
                for row in self.booked(move)
            ],
            [
                ("NOORD", "8000", 50),
                ("ZUID", "8000", 50),
                ("NOORD", "8900", -5),
                ("ZUID", "8900", -5),
            ],
        )

    def test_plan_below_takes_the_dimension_of_the_plan_above_and_other_plans_are_not_sent(self):
        below = self.env["account.analytic.plan"].create(
            {"name": "Filiaal", "parent_id": self.centers.id}
        )
        branch = self.analytic(below, "Filiaal Noord", cost_center="NOORD")
        inside = self.analytic(self.intern, "Overleg")
        found = self.line(self.split([((branch, inside), 100)]))
        self.assertEqual(found.dimensions["cost_center"].value.code, "NOORD")
        self.assertEqual(list(found.dimensions), ["cost_center"])

    # === WHAT STOPS AND WHAT DOES NOT === #

    def test_unmapped_analytic_account_is_a_note_unless_the_ledger_account_demands_one(self):
        west = self.analytic(self.centers, "West")
        move = self.split([((west,), 100)])
        found = self.resolve(move)
        self.assertEqual(found.problems, [])
        self.assertRegex("\n".join(found.notes), "West.*no counterpart")
        self.accountant("gl", code="8000", UseCostcenter=1)
        self.connection._refresh_reference_data()
        self.assert_stopped(move, "cost_center_missing", west)
        bare = self.one_line()
        self.assert_stopped(bare, "cost_center_missing", bare)
        west.exact_cost_center_id = self.exact("cost.center", "ZUID")
        self.assertEqual(self.rows(move)[0][0], "ZUID")

    def test_ledger_account_that_demands_or_refuses_a_cost_unit_is_checked_before_sending(self):
        account = self.exact("gl.account", "8000")
        with_unit, without = self.split([((self.advice,), 100)]), self.one_line()
        self.accountant("gl", code="8000", UseCostunit=1)
        self.connection._refresh_reference_data()
        self.assert_stopped(without, "cost_unit_missing", without)
        self.assertEqual(self.problems(with_unit), [])
        self.accountant("gl", code="8000", UseCostunit=2)
        self.connection._refresh_reference_data()
        self.assert_stopped(with_unit, "cost_unit_refused", account)
        self.assertRegex(with_unit.exact_message, "8000.*ADVIES")
        self.accountant("gl", code="8000", UseCostunit=0, UseCostcenter=2)
        self.connection._refresh_reference_data()
        center = self.split([((self.north,), 100)])
        self.assert_stopped(center, "cost_center_refused", account)

    def test_closed_cost_centre_and_ended_project_are_refused_before_any_call(self):
        move = self.split([((self.north,), 100)])
        self.accountant("cost-center", code="NOORD", Active=False)
        self.connection._refresh_reference_data()
        self.assert_stopped(move, "dimension_closed", self.north)
        self.website.exact_project_id = self.exact("project", "P001")
        ended = self.split([((self.website,), 100)])
        self.assert_stopped(ended, "dimension_closed", self.website)

    # === READING AND PROPOSING === #

    def test_missing_scope_leaves_the_rest_of_the_refresh_and_is_noted(self):
        post(
            f"{self.sim.url}/_sim/accountant/scope",
            {
                "client_id": self.connection.authorization_id.client_id,
                "scope": "projects projects",
                "granted": False,
            },
        )
        self.accountant("item", code="UREN", Description="Advies, nieuw")
        counts = self.connection._refresh_reference_data()
        self.assertNotIn("exact.project", counts)
        self.assertEqual(self.exact("item", "UREN").name, "Advies, nieuw")
        self.assertIn("projects.projects", self.connection.dimensions_note)
        self.assertTrue(self.exact("project", "P100").active, "what was read before stays")
        post(
            f"{self.sim.url}/_sim/accountant/scope",
            {
                "client_id": self.connection.authorization_id.client_id,
                "scope": "projects projects",
                "granted": True,
            },
        )
        self.connection._refresh_reference_data()
        self.assertFalse(self.connection.dimensions_note)

    def test_they_are_read_only_where_a_plan_is_mapped_or_somebody_wants_them(self):
        self.assertTrue(self.connection.use_dimensions, "a mapped plan switches it on")
        self.connection.use_dimensions = False
        self.clear_calls()
        self.connection._refresh_reference_data()
        self.assertFalse(self.calls(path="hrm/") + self.calls(path="project/"))
        self.units.exact_dimension = "project"
        self.assertTrue(self.connection.use_dimensions)

    def test_analytic_accounts_are_matched_by_equal_code_or_name_and_choices_stay(self):
        by_code = self.analytic(self.centers, "Groningen", code="noord")
        by_name = self.analytic(self.projects, "migratie")
        neither = self.analytic(self.centers, "Utrecht")
        chosen = self.analytic(self.centers, "Anders", code="ZUID", cost_center="NOORD")
        self.centers.action_exact_match()
        self.projects.action_exact_match()
        self.assertEqual(by_code.exact_cost_center_id.code, "NOORD")
        self.assertEqual(by_name.exact_project_id.code, "P200")
        self.assertFalse(neither.exact_cost_center_id)
        self.assertEqual(chosen.exact_cost_center_id.code, "NOORD")

    def test_counterparts_belong_to_the_company_that_chose_them(self):
        company, connection = self.other_company()
        connection._refresh_reference_data()
        other = self.north.with_company(company)
        self.assertFalse(other.exact_cost_center_id)
        other.exact_cost_center_id = self.exact("cost.center", "ZUID", connection)
        north = self.env["account.analytic.account"].browse(self.north.id)
        self.assertEqual(north.with_company(self.company).exact_cost_center_id.code, "NOORD")
        user = self.make_user("k1", "exact_connector.group_exact_user")
        centers = self.env["exact.cost.center"].with_context(allowed_company_ids=self.company.ids)
        seen = centers.with_user(user).search([])
        self.assertEqual(seen.company_id, self.company)
