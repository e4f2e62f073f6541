"""Runs over many records: paid status and import; and the token that all need."""

from tests.faults.steps.after import AfterEntry
from tests.faults.steps.base import ACCOUNTS, Step, Subject, due
from tests.faults.steps.entries import EntryPost


class PaidPage(AfterEntry):
    name, method, path, writes = "paid-status page", "GET", r"sync/Cashflow/PaymentTerms\?", False
    amount = None

    def change(self, world, env, move):
        entry = {"entry": move.exact_entry_id}
        if self.amount:
            entry["amount"] = self.amount
        world.post("accountant/1001/receive", {"entries": [entry]})

    def enqueue(self, world, env, move):
        return env["exact.exchange"]._enqueue_run(world.of(env), "payment_sync")

    def count(self, world, subject):
        [(number,)] = world.sql(
            "SELECT count(*) FROM account_move WHERE exact_settled_move_id = %s", subject.move
        )
        return number

    def check(self, env, subject):
        move = subject.document(env)
        left = 121 - self.amount if self.amount else 0
        return [] if move.amount_residual == left else [f"{move.amount_residual} open in Odoo"]


class PaidRest(PaidPage):
    name, path, amount = "open-items list", r"read/financial/ReceivablesList\?", 21.0


class ImportPage(Step):
    name, path = "customer import page", r"sync/CRM/Accounts\?"

    def prepare(self, world):
        world.number += 1
        name = f"Nieuw in Exact {world.number}"
        with world.env() as env:
            client = world.of(env)._get_client()
            row = client.create(ACCOUNTS, {"Name": name, "Status": "C"})
            client.create(
                "crm/Contacts", {"Account": row["ID"], "FirstName": "A", "LastName": name}
            )
            gone = self.vanish(world, env, client)
            exchange = env["exact.exchange"]._enqueue_run(world.of(env), "customer_import")
            due(env)
            return Subject(exchange.ids, partner=gone, key=name)

    def vanish(self, world, env, client):
        return 0

    def count(self, world, subject):
        [(number,)] = world.sql(
            "SELECT count(*) FROM res_partner WHERE name = %s AND is_company", subject.key
        )
        return number

    def check(self, env, subject):
        people = env["res.partner"].search(
            [("parent_id.name", "=", subject.key), ("exact_contact_id", "!=", False)]
        )
        return [] if len(people) == 1 else [f"{len(people)} contact persons"]


class ImportContacts(ImportPage):
    name, path = "contact import page", r"sync/CRM/Contacts\?"


class ImportDeleted(ImportPage):
    name, path = "deleted page", r"sync/Deleted\?"

    def vanish(self, world, env, client):
        partner = world.customer(env, known=False)
        env["exact.exchange"]._enqueue_partners(world.of(env), partner).sudo()._drive()
        client.delete(ACCOUNTS, partner.exact_account_id)
        return partner.id

    def check(self, env, subject):
        linked = env["res.partner"].browse(subject.partner).exact_account_id
        return super().check(env, subject) + (["still linked"] if linked else [])


class TokenRefresh(EntryPost):
    """The access token has expired: the next call needs a new one first."""

    name, path = "token refresh", "/api/oauth2/token"

    def prepare(self, world):
        subject = super().prepare(world)
        world.post("clock", {"advance": 601})
        world.sql(
            "UPDATE exact_token SET fetched_on = fetched_on - interval '601 seconds',"
            " expires_on = expires_on - interval '601 seconds'"
        )
        return subject
