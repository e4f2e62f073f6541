"""Sales entries and their customers."""

from tests.faults.steps.base import ACCOUNTS, ENTRIES, Step, Subject, due, keep, lose


class EntryPost(Step):
    name, method, path, writes = "entry POST", "POST", f"{ENTRIES}$", True
    known = True

    def prepare(self, world):
        with world.env() as env:
            partner = world.customer(env, known=self.known)
            move = world.invoice(env, partner)
            exchange = env["exact.exchange"]._enqueue_moves(world.of(env), move)
            due(env)
            return Subject(exchange.ids, move.id, partner.id, move.name)

    def count(self, world, subject):
        return sum(row["YourRef"] == subject.key for row in world.rows(ENTRIES))

    def check(self, env, subject):
        move = subject.document(env)
        return [] if move.exact_state == "done" and move.exact_entry_number else ["not linked"]

    def press(self, env, subject):
        return subject.document(env).action_exact_create_sales_entry()


class EntryLookUp(EntryPost):
    """The first answer was lost; a minute later Exact is asked."""

    name, method, path, writes = "entry look-up", "GET", rf"{ENTRIES}\?", False

    def prepare(self, world):
        subject = super().prepare(world)
        lose(world, "POST", f"{ENTRIES}$")
        return subject

    def press(self, env, subject):
        return subject.of(env).action_retry()


class EntryReadBack(EntryPost):
    """Exact answers with no more than the ID."""

    name, method, path, writes = "entry read back", "GET", rf"{ENTRIES}\(", False

    def prepare(self, world):
        keep(world, ENTRIES, "EntryID")
        return super().prepare(world)


class EntryPaidBefore(EntryLookUp):
    """Paid in Exact before Odoo knew the entry: asked for once it is adopted."""

    name, path = "paid status of an adopted entry", r"cashflow/Receivables\?"

    def prepare(self, world):
        subject = super().prepare(world)
        entry = next(row for row in world.rows(ENTRIES) if row["YourRef"] == subject.key)
        world.post(
            "accountant/1001/receive", {"entries": [{"entry": entry["EntryID"]}], "amount": None}
        )
        with world.env() as env:
            env["exact.exchange"]._enqueue_run(world.of(env), "payment_sync")._drive()
        return subject

    def afterwards(self, world):
        # The next run, after whatever Exact's limit held up.
        world.pass_time(61)
        with world.env() as env:
            env["exact.exchange"]._enqueue_run(world.of(env), "payment_sync")._drive()

    def check(self, env, subject):
        found = super().check(env, subject)
        move = subject.document(env)
        if move.payment_state not in ("paid", "in_payment"):
            found.append(f"paid in Exact, {move.payment_state} in Odoo")
        return found


class AccountLookUp(EntryPost):
    name, method, path, writes = "customer look-up", "GET", rf"{ACCOUNTS}\?", False
    known = False

    def count(self, world, subject):
        name = self._mark(subject)
        accounts = sum((row["SearchCode"] or "").endswith(name) for row in world.rows(ACCOUNTS))
        return max(accounts, super().count(world, subject), key=lambda number: abs(number - 1))

    def _mark(self, subject):
        return f"-{subject.partner}"

    def check(self, env, subject):
        partner = env["res.partner"].browse(subject.partner)
        return super().check(env, subject) + ([] if partner.exact_account_id else ["no customer"])


class AccountPost(AccountLookUp):
    name, method, path, writes = "customer POST", "POST", f"{ACCOUNTS}$", True

    def count(self, world, subject):
        return sum(
            (row["SearchCode"] or "").endswith(self._mark(subject)) for row in world.rows(ACCOUNTS)
        )


class AccountReadBack(AccountLookUp):
    name, path = "customer read back", rf"{ACCOUNTS}\("

    def prepare(self, world):
        keep(world, ACCOUNTS, "ID")
        return super().prepare(world)


class AccountUpdateRead(Step):
    """A customer changed in Odoo: the account is read before it is changed."""

    name, method, path = "customer read", "GET", rf"{ACCOUNTS}\("

    def prepare(self, world):
        with world.env() as env:
            partner = world.customer(env, known=False)
            env["exact.exchange"]._enqueue_partners(world.of(env), partner).sudo()._drive()
            partner.street = f"Kade {world.number}"
            exchange = env["exact.exchange"]._enqueue_updates(world.of(env), partner)
            due(env)
            return Subject(exchange.ids, 0, partner.id, partner.street)

    def count(self, world, subject):
        return sum(row.get("AddressLine1") == subject.key for row in world.rows(ACCOUNTS))

    def check(self, env, subject):
        partner = env["res.partner"].browse(subject.partner)
        return [] if partner.street == subject.key else ["the new street is gone in Odoo"]


class AccountUpdatePut(AccountUpdateRead):
    name, method, writes = "customer PUT", "PUT", True
