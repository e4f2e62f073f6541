from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..planning import PLACEHOLDERS, unknown_placeholders

GROUPINGS = [
    ("customer", "One per customer"),
    ("order", "One per order"),
    ("project", "One per project"),
    ("period", "One per month"),
]
LINE_MODES = [
    ("task", "One per task"),
    ("employee", "One per employee"),
    ("day", "One per day"),
    ("product", "One per project and product"),
    ("total", "Totals"),
]


class ExactConnection(models.Model):
    """How selections become invoices, unless the wizard is told otherwise."""

    _inherit = "exact.connection"

    invoice_grouping = fields.Selection(
        GROUPINGS, "Invoices", default="customer", required=True, tracking=True
    )
    invoice_line_mode = fields.Selection(
        LINE_MODES,
        "Lines of Hours",
        default="task",
        required=True,
        tracking=True,
        help="Only what has one price, product and VAT stands on one line.",
    )
    invoice_description_template = fields.Char(
        "Text of a Line",
        tracking=True,
        help="For example {project}: {task} {period}. Also: {employee}, {date}, {order}, {product}, {name}. "
        "Empty for the usual text.",
    )

    @api.constrains("invoice_description_template")
    def _check_invoice_description_template(self):
        for connection in self:
            connection._check_template(connection.invoice_description_template)

    @api.model
    def _check_template(self, template):
        """:raises ValidationError: for a placeholder that does not exist."""
        unknown = unknown_placeholders(template)
        if unknown:
            raise ValidationError(
                self.env._(
                    "There is no {%(wrong)s}. You can use %(known)s.",
                    wrong=unknown[0],
                    known=", ".join(f"{{{name}}}" for name in PLACEHOLDERS),
                )
            )
