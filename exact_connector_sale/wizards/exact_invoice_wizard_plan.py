import json

from odoo import fields, models
from odoo.tools import format_amount

from odoo.addons.exact_connector.client import encode

from ..billable import LeftBehind

# Stops that are told once for the whole window, not on each invoice.
TOLD_ABOVE = ("invoicing_off",)
# Of thousands of hours the first are listed; a person who wants others apart selects them apart.
MOST_ROWS = 1000


class ExactInvoiceWizard(models.TransientModel):
    """Planning: what the selection becomes, made for a look and rolled back, kept as rows of the screen."""

    _inherit = "exact.invoice.wizard"

    # === SELECTION === #

    def _collect(self):
        """What became of the selection, as of now."""
        self.ensure_one()
        return (
            self.env["exact.billable"]
            .sudo()
            .with_company(self.company_id)
            ._collect_keys(self.company_id, self.keys or [])
        )

    def _fill(self, found):
        """The rows of the selection, and the invoices that come of it."""
        self.ensure_one()
        self = self.with_context(exact_planning=True)
        planned = self._preview(found)
        self._fill_rows(found)
        return planned

    def _replan(self, found=None):
        """Plan again, with what is true now; ticks and edits stay.

        :return: the planned invoices
        """
        self.ensure_one()
        self = self.with_context(exact_planning=True)
        found = self._collect() if found is None else found
        planned = self._preview(found)
        self._fill_rows(found)
        self.message = False
        return planned

    def _fill_rows(self, found):
        rows, taken = [], 0
        unticked = set(self._rows().filtered(lambda row: not row.selected).mapped("key"))
        for number, billable in enumerate(found):
            left = billable.left_behind
            taken += not left
            if taken > MOST_ROWS and not left and billable.key not in unticked:
                continue
            values = {
                "key": billable.key,
                "sequence": number,
                "kind": billable.kind,
                "partner_id": billable.partner.id if billable.partner else False,
                "date": billable.date,
                "name": " ".join((billable.name or billable.record.display_name).split()),
                "quantity": float(billable.quantity),
                "uom_id": billable.uom.id if billable.uom else False,
                "net": float(billable.net),
                "currency_id": billable.currency.id if billable.currency else False,
                "left_code": left.code if left else False,
                "reason": left.message if left else False,
                "mend_model": left.record._name if left and left.record else False,
                "mend_id": left.record.id if left and left.record else False,
                "mend_name": left.record.display_name if left and left.record else False,
            }
            rows.append(values)
        self._sync(self._rows(), rows)
        rows = self._rows()
        left = rows.filtered("left_code")
        self.write(
            {
                "left_count": len(left),
                "more_count": max(taken - MOST_ROWS, 0),
                "unticked_count": len((rows - left).filtered(lambda row: not row.selected)),
            }
        )

    def _rows(self):
        return self.env["exact.invoice.wizard.line"].search([("wizard_id", "=", self.id)])

    def _sync(self, rows, values_list):
        """Rows as they must be, by key; those that stay keep their id, so that the screen does not jump.

        :return: dict of key -> row
        """
        known = {row.key: row for row in rows}
        wanted = {values["key"] for values in values_list}
        rows.filtered(lambda row: row.key not in wanted).unlink()
        missing = [
            {"wizard_id": self.id, **values} for values in values_list if values["key"] not in known
        ]
        for values in values_list:
            row = known.get(values["key"])
            if row:
                row.write(values)
        created = rows.create(missing)
        known.update({row.key: row for row in created})
        self.invalidate_recordset(["line_ids", "left_ids", "invoice_ids", "invoice_line_ids"])
        return known

    # === PREVIEW === #

    def _preview(self, found):
        """Plan, make for a look, and keep what came of it.

        :return: the planned invoices, as they would be made
        """
        unticked = set(self._rows().filtered(lambda row: not row.selected).mapped("key"))
        taken = [
            billable
            for billable in found
            if billable.left_behind is None and billable.key not in unticked
        ]
        planned = self._plan(taken)
        shown = self._dry_run(planned)
        without = {key: left for invoice in shown for key, left in invoice["no_item"].items()}
        if without:
            # Exact takes no line without an item: such work waits, the rest goes (W15).
            for billable in taken:
                billable.left_behind = without.get(billable.key)
            planned = self._plan([b for b in taken if b.left_behind is None])
            shown = self._dry_run(planned)
        self._keep_preview(shown)
        return planned

    def _plan(self, taken):
        maker = self.env["exact.invoice.maker"].with_company(self.company_id)
        return maker._plan(taken, self._get_options(), self.edits)

    def _dry_run(self, planned):
        """Each planned invoice as Exact will get it; nothing stays of what is made for it.

        :return: list of plain values, one for each invoice
        """
        maker = self.env["exact.invoice.maker"].with_company(self.company_id)
        connection = self.connection_id.sudo()
        if not planned:
            return []
        with maker._rolled_back():
            made = maker._make(
                connection,
                planned,
                edits=self.edits,
                journal=maker._journal_of(connection),
                invoice_date=self.invoice_date,
            )
            shown = []
            for number, (invoice, move) in enumerate(made, start=1):
                resolution = maker._mapper()._resolve(move, connection)
                shown.append(self._describe(number, invoice, move, resolution))
        return shown

    def _describe(self, number, invoice, move, resolution):
        """One invoice of the dry run in plain values: its documents are gone in a moment."""
        partner = move.commercial_partner_id
        condition = resolution.get("payment_condition")
        problems = [
            {
                "message": problem.message,
                "model": problem.record._name if self._is_kept(problem.record, move) else "",
                "id": problem.record.id if self._is_kept(problem.record, move) else 0,
                "label": problem.record.display_name if self._is_kept(problem.record, move) else "",
            }
            for problem in resolution.problems
            if problem.code not in TOLD_ABOVE
        ]
        sign = -1 if move.move_type == "out_refund" else 1
        mapper = self.env["exact.invoice.maker"]._mapper()
        payload = False
        if not resolution.problems:
            values = mapper._exact_values(move, resolution, partner.exact_account_id)
            payload = json.loads(encode(values))
        lines, no_item = self._describe_lines(invoice, move, resolution)
        due = mapper._due_date(move)
        if not due and condition:  # Exact decides: its date, not Odoo's
            due = condition._get_due_date(mapper._document_date(move))
        return {
            "values": {
                "key": invoice.key,
                "sequence": number,
                "label": f"{number}. {partner.display_name}",
                "customer_id": partner.id,
                "partner_id": move.partner_id.id,
                "currency_id": move.currency_id.id,
                "reference": move.ref,
                "invoice_date": fields.Date.to_string(move.invoice_date),
                "invoice_date_due": fields.Date.to_string(due or move.invoice_date_due),
                "condition": condition.display_name if condition else False,
                "credit": sign < 0,
                "line_count": len(lines),
                "net": sign * move.amount_untaxed,
                "vat": sign * move.amount_tax,
                "total": sign * move.amount_total,
                "problem_count": len(problems),
                "notes": "\n".join(resolution.notes),
                "payload": payload,
            },
            "lines": lines,
            "problems": problems,
            "notes": resolution.notes,
            "no_item": no_item,
        }

    def _is_kept(self, record, move):
        """Whether a record that mends something is still there after the dry run."""
        return bool(record) and record._name not in (move._name, "account.move.line")

    def _describe_lines(self, invoice, move, resolution):
        """Lines as Exact will show them, and what cannot go for want of an item."""
        maker = self.env["exact.invoice.maker"]
        by_line = {}
        for found in resolution.lines:
            by_line.setdefault(found.line, []).append(found)
        lines, no_item = [], {}
        for number, (line, move_line) in enumerate(maker._lines_of(invoice, move), start=1):
            parts = by_line.get(move_line)
            if not parts:
                continue
            first = parts[0]
            if not first.item:
                no_item.update(self._left_without_item(line))
            unit = first.unit_code or move_line.product_uom_id.name or ""
            lines.append(
                {
                    "key": f"{invoice.key}/{line.key}",
                    "invoice_key": invoice.key,
                    "sequence": number,
                    "name": line.name,
                    "item_id": first.item.value.id if first.item else False,
                    "item_source": first.item.source if first.item else False,
                    "quantity": float(sum(part.quantity or 0 for part in parts)),
                    "unit": unit,
                    "net_price": float(first.net_price or 0),
                    "vat_code": self._describe_vat(first),
                    "net": float(sum(part.net for part in parts)),
                    "currency_id": move.currency_id.id,
                    "unit_ratio": self._unit_ratio(first, move_line),
                    "discount": move_line.discount,
                    "tax_ids": [fields.Command.set(move_line.tax_ids.ids)],
                }
            )
        return lines, no_item

    def _describe_vat(self, found):
        code = found.vat_code and found.vat_code.value
        return f"{code.code} ({code.percentage:g} %)" if code else False

    def _unit_ratio(self, found, move_line):
        """How many of the item's units one of Odoo's is."""
        own = move_line.product_uom_id
        unit = found.unit_code and self.env["exact.invoice.maker"]._mapper()._get_unit(
            found.unit_code, own
        )
        if not unit or unit == own or not unit.factor:
            return 1.0
        return own.factor / unit.factor

    def _left_without_item(self, line):
        product = line.first.product
        mends = product.product_tmpl_id if product else self.connection_id.sudo()
        text = self.env._(
            "No Exact item for %s, and no default item is set.",
            product.display_name if product else line.name,
        )
        left = LeftBehind("no_item", text, mends)
        return {billable.key: left for billable in line.billables}

    # === ROWS === #

    def _keep_preview(self, shown):
        invoices = self._sync(self.invoice_ids, [invoice["values"] for invoice in shown])
        lines = []
        for invoice in shown:
            for line in invoice["lines"]:
                values = {key: value for key, value in line.items() if key != "invoice_key"}
                values["invoice_id"] = invoices[line["invoice_key"]].id
                values["sequence"] = invoice["values"]["sequence"] * 1000 + line["sequence"]
                lines.append(values)
        self._sync(self.invoice_line_ids, lines)
        self.write(
            {
                "invoice_count": len(shown),
                "line_count": len(lines),
                "ready_count": sum(not invoice["problems"] for invoice in shown),
                "totals": self._describe_totals(shown),
                "problems": self._describe_problems(shown),
                "stale": False,
            }
        )

    def _describe_totals(self, shown):
        """Excluding and including VAT, a currency each."""
        sums = {}
        for invoice in shown:
            values = invoice["values"]
            net, total = sums.get(values["currency_id"], (0.0, 0.0))
            sums[values["currency_id"]] = (net + values["net"], total + values["total"])
        texts = []
        for number, (net, total) in sums.items():
            currency = self.env["res.currency"].browse(number)
            texts.append(
                self.env._(
                    "%(net)s excl. VAT, %(total)s incl. VAT",
                    net=format_amount(self.env, net, currency),
                    total=format_amount(self.env, total, currency),
                )
            )
        return "; ".join(texts)

    def _describe_problems(self, shown):
        """What stops invoices, then what is good to know; each once, with the invoices it concerns."""
        stops, notes = {}, {}
        for invoice in shown:
            label = invoice["values"]["label"]
            for problem in invoice["problems"]:
                key = (problem["message"], problem["model"], problem["id"])
                stops.setdefault(key, (problem, []))[1].append(label)
            for note in invoice["notes"]:
                notes.setdefault(note, ({"message": note, "model": "", "id": 0}, []))[1].append(
                    label
                )
        return [
            {"label": "", "step": "", "blocking": blocking, **one, "why": self._name_some(labels)}
            for blocking, found in ((True, stops), (False, notes))
            for one, labels in found.values()
        ]

    def _name_some(self, labels):
        more = len(labels) - 3
        return ", ".join(labels[:3]) + (f" +{more}" if more > 0 else "")

    # === EDITS === #

    def _keep_edit(self, kind, key, values):
        """What a person gave an invoice or a line; emptied, it is the planned value again."""
        self.ensure_one()
        edits = json.loads(json.dumps(self.edits or {}))
        kept = edits.setdefault(kind, {}).setdefault(key, {})
        for name, value in values.items():
            if value or (name == "price_unit" and value == 0):
                kept[name] = value
            else:
                kept.pop(name, None)
        self.with_context(exact_planning=True).write({"edits": edits, "stale": True})
