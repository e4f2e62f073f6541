from odoo import api, fields, models
from odoo.exceptions import UserError

from ..billable import KINDS


class ExactUninvoicedLine(models.TransientModel):
    """One hour, expense or order line of a row of the overview, or why it is left behind (R47, W15)."""

    _name = "exact.uninvoiced.line"
    _description = "Uninvoiced, Line by Line"
    _order = "partner_id, date, id"

    row_id = fields.Many2one("exact.uninvoiced", readonly=True, ondelete="cascade", index=True)
    key = fields.Char(readonly=True)
    kind = fields.Selection(
        [
            ("hours", "Hours"),
            ("expense", "Expense"),
            ("trip", "Trip"),
            ("fixed", "Fixed Price"),
            ("milestone", "Milestone"),
            ("subscription", "Subscription"),
            ("delivered", "Delivered"),
        ],
        readonly=True,
    )
    name = fields.Char("Description", readonly=True)
    date = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    quantity = fields.Float(digits=(16, 2), readonly=True)
    uom_id = fields.Many2one("uom.uom", "Unit", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    net = fields.Monetary("Amount", readonly=True, help="Excluding VAT.")
    left_code = fields.Char(readonly=True)
    left_message = fields.Char("Left Behind Because", readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    mend_model = fields.Char(readonly=True)
    mend_id = fields.Many2oneReference(model_field="mend_model", readonly=True)

    @api.model
    def _values(self, billable):
        """What is shown of a billable; add-ons add what they know (project, employee)."""
        record, left = billable.record, billable.left_behind
        mend = left and left.record
        return {
            "key": billable.key,
            "kind": billable.kind,
            "name": (billable.name or record.display_name or "").split("\n")[0],
            "date": billable.date,
            "company_id": billable.company.id,
            "partner_id": billable.partner.id if billable.partner else False,
            "order_id": billable.order.id if billable.order else False,
            "product_id": billable.product.id if billable.product else False,
            "quantity": float(billable.quantity),
            "uom_id": billable.uom.id if billable.uom else False,
            "currency_id": billable.currency.id,
            "net": float(billable.net),
            "left_code": left.code if left else False,
            "left_message": left.message if left else False,
            "res_model": record._name,
            "res_id": record.id,
            "mend_model": mend._name if mend else False,
            "mend_id": mend.id if mend else False,
        }

    @api.model
    def _fill(self, rows):
        """Make the lines of these rows, as they stand now."""
        lines = self.sudo()
        lines.search([("row_id", "in", rows.ids)]).unlink()
        made = lines.browse()
        for company, own in rows.grouped("company_id").items():
            row_of = {}
            for row in own:
                keys = [*(row.keys or []), *(row.left_keys or [])]
                row_of |= dict.fromkeys(keys, row.id)
            made |= lines._make(company, row_of)
        return made

    @api.model
    def _make(self, company, row_of):
        """Lines of billables as they stand now; what someone took meanwhile has that as its reason.

        :param row_of: key of a billable -> ID of the row it stands in, or False
        """
        collector = self.env["exact.billable"].sudo().with_company(company)
        return self.sudo().create(
            [
                {**self._values(billable), "row_id": row_of[billable.key]}
                for billable in collector._collect_keys(company, list(row_of))
            ]
        )

    @api.model
    def _open(self, company, keys, name):
        """A list of these billables, outside the overview."""
        lines = self._make(company, dict.fromkeys(keys, False))
        return lines._list([("id", "in", lines.ids)], name)

    def _list(self, domain, name):
        """The list of these lines; a column with nothing to tell is left out."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "exact_connector_sale.action_exact_uninvoiced_line"
        )
        context = {
            "exact_one_customer": len(self.partner_id.commercial_partner_id) == 1,
            "exact_none_left": not any(line.left_message for line in self),
        }
        action.update(domain=domain, context=context)
        if name:
            action.update(display_name=name, name=name)
        return action

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Kinds whose app is not installed have no filter."""
        arch, view = super()._get_view(view_id, view_type, **options)
        for kind in set(KINDS) - set(self.env["exact.uninvoiced"]._kinds()):
            for node in arch.xpath(f"//filter[@name='kind_{kind}']"):
                node.getparent().remove(node)
        return arch, view

    # === BUTTONS === #

    def action_invoice(self):
        """The wizard, with exactly these lines."""
        self.env["exact.uninvoiced"]._check_user()
        lines = self.exists()
        lines.check_access("read")
        if not lines:
            raise UserError(
                self.env._("This list has changed since you opened it: go back and choose again.")
            )
        if len(lines.company_id) > 1:
            raise UserError(
                self.env._(
                    "These lines are of %s: choose lines of one company at a time.",
                    ", ".join(lines.company_id.mapped("name")),
                )
            )
        return self.env["exact.invoice.wizard"]._open_keys(lines.company_id, lines.mapped("key"))

    def action_open_record(self):
        """The hour, expense or order that stands in this line."""
        self.ensure_one()
        record = self.order_id if self.res_model == "sale.order.line" else None
        return self._show(record or self._get(self.res_model, self.res_id))

    def action_mend(self):
        """Where that which leaves it behind is mended."""
        self.ensure_one()
        return self._show(self._get(self.mend_model, self.mend_id))

    def _get(self, model, res_id):
        return self.env[model].browse(res_id) if model and model in self.env else None

    def _show(self, record):
        record = record and record.exists()
        if not record or not record.has_access("read"):
            raise UserError(self.env._("This record is gone, or not yours to open."))
        return record.get_formview_action()
