"""What several test files share on top of :class:`ExactCase`."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from ..models import exact_budget_gate as budget_gate
from .common import ExactCase, post

REFERENCE = ("gl.account", "vat.code", "journal", "payment.condition", "item")


class UnlimitedCase(ExactCase):
    """Without Exact's limits: these tests are not about them."""

    def setUp(self):
        super().setUp()
        self.lift_limits()

    def lift_limits(self):
        post(f"{self.sim.url}/_sim/limits", {"minute": None, "errors": None})
        self.lift_guard(self.connection)

    def lift_guard(self, connection):
        """Many refusals in a row are what some tests are about."""
        plenty = dict.fromkeys(
            ("error_limit", "series_limit", "minute_limit", "minute_left"), 10**6
        )
        connection.sudo().budget_ids.write(plenty)

    def connect(self, *args, **kwargs):
        connection = super().connect(*args, **kwargs)
        self.lift_guard(connection)
        return connection

    # === TIME === #

    @contextmanager
    def later(self, seconds):
        """Both sides ``seconds`` further on."""
        post(f"{self.sim.url}/_sim/clock", {"advance": seconds})
        moment = fields.Datetime.now() + timedelta(seconds=seconds)
        with (
            patch.object(fields.Datetime, "now", side_effect=lambda *_args: moment),
            patch.object(budget_gate, "AHEAD", budget_gate.AHEAD + seconds),
        ):
            yield moment

    # === RECORDS === #

    def fresh(self):
        """Connected, no division, nothing filled in, nothing decided."""
        self.connection.write(
            {
                "division_id": False,
                "start_date": False,
                "sale_journal_id": False,
                "refund_journal_id": False,
                "default_item_id": False,
                "default_vat_code_id": False,
                "no_tax_vat_code_id": False,
                "default_payment_condition_id": False,
            }
        )
        self.clear_calls()
        return self.connection

    def other_company(self, login=None, division=1002):
        """A second company, joined to a division of its own."""
        company = self._create_company(name="Zuid Advies B.V.")
        self.env.user.company_ids += company
        self.env = self.env(
            context={**self.env.context, "allowed_company_ids": [self.company.id, company.id]}
        )
        values = {"login": login} if login else {}
        return company, self.connect(company, division=division, **values)

    def make_user(self, login, *groups, company=None):
        """A user of one company with exactly these groups."""
        company = company or self.company
        return new_test_user(
            self.env,
            login=login,
            groups=",".join(groups),
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    def choices(self, record, name, **values):
        """Codes that the form offers for a many2one of ``record``."""
        field = record._fields[name]
        context = {"id": record.id, "allowed_company_ids": [self.company.id]}
        domain = safe_eval(field.domain, {**context, **values})
        return set(self.env[field.comodel_name].search(Domain(domain)).mapped("code"))

    # === DOCUMENTS === #

    def resolve(self, move, connection=None):
        """What the mapper makes of a document."""
        mapper = self.env["exact.mapper.sales.entry"]
        return mapper._resolve(move, connection or self.connection)

    def problems(self, move, connection=None):
        """Codes of what stops a document."""
        return [problem.code for problem in self.resolve(move, connection).problems]

    def chatter(self, record):
        """The texts in the chatter of a record, newest first."""
        return "\n".join(record.message_ids.mapped("body"))
