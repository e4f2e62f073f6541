from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import groupby

from ..kept import keep, kept

ADDON = "exact_connector"
# What a document that Exact made is known by, as it is kept.
LINK = (
    "exact_invoice_id",
    "exact_entry_id",
    "exact_entry_number",
    "exact_reference",
    "exact_sent_on",
    "exact_differs",
)


class ExactConnection(models.Model):
    """Invoices that Exact made stay known beyond an uninstallation (R49): only their IDs lead to them.

    A sales entry needs none of this: it is found by the number that Odoo gave it. An invoice that Exact
    made carries a reference which stands nowhere else in Odoo; without it, its copy would be made, or
    booked as a sales entry, a second time.
    """

    _inherit = "exact.connection"

    # === TAKEN OUT === #

    @api.model
    def _keep_links(self):
        """Keep, for each company, what Exact has made or may have made of its documents."""
        # What was kept before and not taken back yet stays.
        companies = kept(self.env, ADDON)
        moves = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("exact_route", "=", "invoice"),
                    "|",
                    ("exact_invoice_id", "!=", False),
                    ("exact_exchange_ids", "any", [("attempts", ">", 0)]),
                ],
                order="id",
            )
        )
        journals = self.env["account.journal"].sudo().with_context(active_test=False)
        for company, group in groupby(moves, lambda move: move.company_id):
            connections = self.sudo().with_context(active_test=False)
            connection = connections.search(
                [("company_id", "=", company.id)], order="active desc, id desc", limit=1
            )
            companies[str(company.id)] = {
                "books": connection.linked_books or (connection and connection._get_books()) or "",
                "books_since": connection.books_since,
                "journals": journals.search(
                    [("company_id", "=", company.id), ("exact_invoices", "=", True)]
                ).ids,
                "moves": {
                    **companies.get(str(company.id), {}).get("moves", {}),
                    **{str(move.id): [move[name] for name in LINK] for move in group},
                },
            }
        keep(self.env, ADDON, companies)

    # === PUT IN AGAIN === #

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections.filtered("division_id")._take_back_links()
        return connections

    def write(self, vals):
        result = super().write(vals)
        if vals.get("division_id"):
            self._take_back_links()
        return result

    def _take_back_links(self):
        """The documents of these companies are known again by what Exact made of them, without a call.

        Where it is another division now they are of the books before, as after any change of division;
        what was made for practice is not in real books.
        """
        companies = kept(self.env, ADDON)
        again = self.filtered(lambda connection: str(connection.company_id.id) in companies)
        for connection in again:
            data = companies.pop(str(connection.company_id.id))
            books = connection._get_books()
            if data["books"] != books and data["books"].startswith("practice/"):
                continue
            since = data["books_since"] if data["books"] == books else fields.Datetime.now()
            connection.sudo().books_since = since
            connection._link_again(data["moves"])
            connection._mark_journals(data["journals"])
        if again:
            keep(self.env, ADDON, companies)

    def _link_again(self, rows):
        """The links of documents, as they were kept; each with its exchange, so that it can be looked up."""
        self.ensure_one()
        moves_sudo = self.env["account.move"].sudo().browse(int(key) for key in rows).exists()
        moves_sudo = moves_sudo.filtered(lambda m: m.company_id == self.company_id)
        linked, made = moves_sudo.browse(), []
        for move in moves_sudo:
            link = dict(zip(LINK, rows[str(move.id)], strict=True))
            if move.exact_entry_id:
                continue
            if not link["exact_entry_id"] and (
                move.state != "draft" or not link["exact_invoice_id"]
            ):
                # Perhaps in Exact, or numbered by Odoo since: looked up by the reference before it goes.
                move._exact_write({"exact_reference": link["exact_reference"]})
                if link["exact_invoice_id"]:
                    move._message_log(body=self._word_draft(link["exact_reference"]))
                continue
            self.env.cr.execute(
                SQL(
                    "UPDATE account_move SET exact_route = 'invoice', %s WHERE id = %s",
                    SQL(", ").join(
                        SQL("%s = %s", SQL.identifier(name), value or None)
                        for name, value in link.items()
                    ),
                    move.id,
                )
            )
            linked |= move
            made.append(self._values_of_link(move, link))
        linked.invalidate_recordset([*LINK, "exact_route"])
        linked.modified(LINK)
        self.env["exact.exchange"].sudo().create(made)
        gone = [rows[key][3] for key in rows.keys() - {str(m.id) for m in moves_sudo}]
        gone = [reference for reference in gone if reference]
        if gone:
            self._message_log(
                body=self.env._(
                    "Exact has invoices whose copy in Odoo was deleted while the connector was out: %s. Delete "
                    "what is still a draft there.",
                    ", ".join(sorted(gone)),
                )
            )

    def _word_draft(self, reference):
        return self.env._(
            "This was a draft in Exact, with reference %s, and was numbered in Odoo while the connector was out: "
            "delete the draft in Exact, or its customer gets two invoices.",
            reference,
        )

    def _values_of_link(self, move, link):
        """The exchange of a document that Exact made, as far as it is known."""
        return {
            "connection_id": self.id,
            "kind": "sales_invoice",
            "state": "done",
            "move_id": move.id,
            "partner_id": move.commercial_partner_id.id,
            "document_name": move._exact_invoice_label(),
            "attempts": 1,
            "done_on": link["exact_sent_on"],
            "exact_id": link["exact_entry_id"] or link["exact_invoice_id"],
            "exact_number": link["exact_entry_number"],
            "payload": {"YourRef": link["exact_reference"]},
            "notes": self.env._("Linked again after the connector was put in again."),
        }

    def _mark_journals(self, numbers):
        """The journals of those documents; one that Odoo has numbered in since stays an ordinary one."""
        for journal in self.env["account.journal"].sudo().browse(numbers).exists():
            if journal.company_id == self.company_id:
                try:
                    with self.env.cr.savepoint():
                        journal.exact_invoices = True
                except UserError:
                    journal.invalidate_recordset(["exact_invoices"])
