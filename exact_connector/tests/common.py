"""One simulator for the whole test run, and a company connected to it."""

import itertools
import os
from pathlib import Path
from unittest.mock import patch

from odoo import Command, fields

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

try:
    from exact_simulator.server import start
except ImportError as error:  # the add-on alone, without the repository around it
    raise ImportError(
        "These tests run against the simulator: put the repository's root on PYTHONPATH."
    ) from error

NL_APP = ("11111111-1111-4111-8111-111111111111", "practice-secret-nl")
BE_APP = ("22222222-2222-4222-8222-222222222222", "practice-secret-be")
BOOKKEEPER = "bookkeeper@practice.example"
OFFICE = "office@practice.example"

_running = {}
_numbers = itertools.count(1)


def simulator():
    """The simulator of this process, started at first use. Its traffic is kept where CI asks for it."""
    if "sim" not in _running:
        folder = os.environ.get("EXACT_TRAFFIC_DIR")
        journal = Path(folder) / f"addon-{os.getpid()}.jsonl" if folder else None
        _running["sim"] = start(port=0, seed="demo", accounts=40, journal=journal)
    return _running["sim"]


class ExactCase(AccountTestInvoicingCommon):
    """A Dutch company joined to division 1001, reference data read, taxes and default item mapped.

    Commits of the driver only flush here: the test's transaction is never committed. What a commit
    means is tested with a real server in ``tests/``.
    """

    # One connection for all tests of the class: each finds both sides as they were when it was made. Not where the
    # age of a token counts.
    join_once = False

    @classmethod
    @AccountTestInvoicingCommon.setup_country("nl")
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = simulator()
        cls.sim.reset(seed="demo", accounts=40)
        cls.env["ir.config_parameter"].set_param("exact_connector.practice_url", cls.sim.url)
        cls.env.user.group_ids += cls.env.ref("base.group_system")
        cls.company = cls.company_data["company"]
        commit = patch.object(
            cls.env.registry["exact.exchange"], "_commit", lambda self, *a, **k: cls._flush(self)
        )
        commit.start()
        cls.addClassCleanup(commit.stop)

    @classmethod
    def setup_independent_company(cls, **kwargs):
        """The database's own company where that is a Dutch one without books: to load a chart takes seconds."""
        company = cls.env.ref("base.main_company")
        moves = cls.env["account.move"].sudo().search_count([("company_id", "=", company.id)])
        if company.chart_template == "nl" and not moves:
            return company
        return super().setup_independent_company(**kwargs)

    @staticmethod
    def _flush(records):
        records.env.flush_all()
        records.env.invalidate_all()
        return float("inf")

    def setUp(self):
        if self.join_once and "joined" not in vars(type(self)):
            self._join_once()
        super().setUp()
        if not type(self)._registry_patched:
            # Tokens live on a cursor of their own: let it see this test's transaction.
            self.env.flush_all()
            self.registry_enter_test_mode()
        if self.join_once:
            self.connection, kept = type(self).joined
            self.sim.restore(kept)
        else:
            self.sim.reset(seed="demo", accounts=40)
            self.connection = self.connect(self.company)
        self.division = self.sim.countries["nl"].divisions[1001]

    def _join_once(self):
        """Connect before the savepoint of the first test; not in ``setUpClass``: cursors of their own need a test."""
        self.sim.reset(seed="demo", accounts=40)
        entered = not type(self)._registry_patched
        if entered:
            self.registry_enter_test_mode(register_cleanup=False)
        connection = self.connect(self.company)
        self.env.flush_all()
        if entered:
            self.registry_leave_test_mode()
        self.env.invalidate_all()
        type(self).joined = (connection, self.sim.keep())

    # === CONNECTING === #

    def connect(self, company, login=BOOKKEEPER, division=1001, country="practice", app=NL_APP):
        """Connect ``company`` as a person would, past Exact's pages, and map what is needed to send."""
        authorization = self.env["exact.authorization"].create(
            {"country": country, "client_id": app[0], "client_secret": app[1]}
        )
        connection = self.env["exact.connection"].create(
            {
                "company_id": company.id,
                "authorization_id": authorization.id,
                "start_date": fields.Date.to_date("2020-01-01"),
            }
        )
        if login == OFFICE:
            # Of its own this user has one division only; two companies never share one (R3).
            self.give_division(login, division)
        kept = authorization._connect(self.grant(login, app))
        connection._after_connect(kept)
        connection.division_id = kept.division_ids.filtered(lambda d: d.code == division)
        connection._refresh_reference_data()
        connection.default_item_id = self.exact("item", "ALG", connection)
        return connection

    def give_division(self, login, division, granted=True, prefix=""):
        """The Exact administrator lets a user into a division, or out of it."""
        post(
            f"{self.sim.url}{prefix}/_sim/accountant/division-grant",
            {"login": login, "division": division, "granted": granted},
        )

    def grant(self, login=BOOKKEEPER, app=NL_APP, prefix=""):
        """A code as Exact's consent page would give it."""
        redirect_uri = self.env["exact.authorization"]._get_redirect_uri()
        base = self.sim.url + prefix
        post(f"{base}/_sim/app", {"client_id": app[0], "redirect_uri": redirect_uri})
        answer = post(
            f"{base}/_sim/grant",
            {"client_id": app[0], "login": login, "redirect_uri": redirect_uri},
        )
        return answer["code"]

    def exact(self, model, code, connection=None):
        """The local copy of a piece of reference data, by its code in Exact."""
        return (
            self.env[f"exact.{model}"]
            .with_context(active_test=False)
            .search(
                [("connection_id", "=", (connection or self.connection).id), ("code", "=", code)]
            )
        )

    # === DOCUMENTS === #

    def tax(self, amount, code=None, **values):
        """A sale tax of ``amount`` percent, mapped to an Exact VAT code where one is named."""
        return self.env["account.tax"].create(
            {
                "name": f"Test {amount} % no. {next(_numbers)}",
                "amount": amount,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "company_id": self.company.id,
                "country_id": self.company.country_id.id,
                "tax_group_id": self.env["account.tax.group"]
                .search([("company_id", "=", self.company.id)], limit=1)
                .id,
                "exact_vat_code_id": self.exact("vat.code", code).id if code else False,
                **values,
            }
        )

    def customer(self, known=True, **values):
        """A Dutch customer, by default linked to the first one in Exact."""
        partner = self.env["res.partner"].create(
            {
                "name": "Bakkerij Jansen",
                "is_company": True,
                "country_id": self.env.ref("base.nl").id,
                **values,
            }
        )
        if known:
            row = self.account_row("1")
            partner.with_company(self.company).write(
                {"exact_account_id": row["ID"], "exact_account_code": "1", "ref": "1"}
            )
        return partner

    def invoice(self, lines=None, partner=None, send=True, post=True, **values):
        """A posted and sent invoice; ``lines`` are (quantity, price, tax) or dicts of line values."""
        if not lines:
            self.tax_21 = self.__dict__.get("tax_21") or self.tax(21, "2")
            lines = [(1, 100.0, self.tax_21)]
        commands = []
        for line in lines:
            if not isinstance(line, dict):
                quantity, price, tax = line
                line = {
                    "name": "Advies",
                    "quantity": quantity,
                    "price_unit": price,
                    "tax_ids": [Command.set(tax.ids if tax else [])],
                }
            commands.append(Command.create(line))
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or self.customer()).id,
                "invoice_date": fields.Date.today(),
                "company_id": self.company.id,
                "invoice_line_ids": commands,
                **values,
            }
        )
        if post:
            move.action_post()
            move.is_move_sent = send
        return move

    # === THE OTHER SIDE === #

    def account_row(self, code):
        """An account as it stands in the simulator."""
        rows = self.sim_rows("crm/Accounts")
        return next(row for row in rows if row["Code"].strip() == code)

    def sim_rows(self, resource, division=1001, country="nl"):
        return list(self.sim.countries[country].divisions[division].tables[resource].rows.values())

    def ledger(self, division=1001, prefix=""):
        """Entries and balance of a division's ledger, as the control plane tells them."""
        return get(f"{self.sim.url}{prefix}/_sim/ledger/{division}")

    def accountant(self, action, division=1001, **values):
        """Do what an accountant does in Exact."""
        return post(f"{self.sim.url}/_sim/accountant/{division}/{action}", values)

    def calls(self, method=None, path=None):
        """The calls Exact has had since the journal was cleared, OAuth left out."""
        return [
            record
            for record in self.sim.journal.records()
            if record["path"].startswith("/api/v1")
            and (not method or record["method"] == method)
            and (not path or path in record["path"])
        ]

    def clear_calls(self):
        self.sim.journal.clear()


def post(url, values):
    """POST JSON to the simulator's control plane."""
    import requests

    answer = requests.post(url, json=values, timeout=20)
    answer.raise_for_status()
    return answer.json() if answer.content else {}


def get(url):
    """GET JSON from the simulator's control plane."""
    import requests

    answer = requests.get(url, timeout=20)
    answer.raise_for_status()
    return answer.json()
