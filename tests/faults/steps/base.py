"""What a step is, and what steps share."""

from dataclasses import dataclass, field

ACCOUNTS, ENTRIES = "crm/Accounts", "salesentry/SalesEntries"
INVOICES, PRINTED = "salesinvoice/SalesInvoices", "salesinvoice/PrintedSalesInvoices"
DOCUMENTS, FILES = "documents/Documents", "documents/DocumentAttachments"


@dataclass
class Subject:
    """What a cell is about.

    :param exchanges: IDs of the exchanges that bring it across
    :param key: what is looked for in Exact
    """

    exchanges: list[int] = field(default_factory=list)
    move: int = 0
    partner: int = 0
    key: str = ""
    seen: int = 0

    def of(self, env):
        """The exchanges."""
        return env["exact.exchange"].sudo().browse(self.exchanges).exists()

    def document(self, env):
        """The document."""
        return env["account.move"].browse(self.move)

    def all(self, env):
        """Every exchange of the document and its customer."""
        mine = env["exact.exchange"].sudo()
        if self.move:
            mine |= mine.search([("move_id", "=", self.move)])
        if self.partner:
            mine |= mine.search([("partner_id", "=", self.partner)])
        return self.of(env) | mine


class Step:
    """One call.

    ``writes``: it changes something at Exact. ``want``: how many there must be in Exact in the end.
    """

    name = path = ""
    method = "GET"
    writes = False
    want = 1

    def prepare(self, world) -> Subject:
        """Everything before the call, committed; the next run makes the call."""
        raise NotImplementedError

    def count(self, world, subject) -> int:
        """How many of it are in Exact."""
        raise NotImplementedError

    def check(self, env, subject) -> list[str]:
        """What does not agree on Odoo's side."""
        raise NotImplementedError

    def afterwards(self, world):
        """What comes by itself later, such as the hourly run on the paid status."""

    def press(self, env, subject):
        """The button for it."""
        return subject.of(env).action_retry()


def due(env):
    """The scheduler, or the queue, is told."""
    env["exact.exchange"]._schedule()


def keep(world, resource, names):
    """The next answer to a POST holds only these properties."""
    world.sim.faults.add(kind="keep", method="POST", path=f"{resource}$", body=names)


def lose(world, method, path):
    """Let the driver run once while Exact does what it is asked and the answer is lost; a minute passes."""
    world.sim.faults.add(kind="drop_after", method=method, path=path)
    world.driver.run_due(world)
    world.quiet()
    if world.sim.faults.list():
        raise AssertionError(f"{method} {path} was not called")
    world.pass_time(61)
