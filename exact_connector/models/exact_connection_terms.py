from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..due_date import DOCUMENTED
from .exact_payment_condition import CREDIT_CONDITION, DEBIT_CONDITION


class ExactConnection(models.Model):
    """Payment conditions: the defaults of both families and how Exact counts month ends (R22, R25, R26)."""

    _inherit = "exact.connection"

    default_payment_condition_id = fields.Many2one(
        domain=f"[('connection_id', '=', id), {CREDIT_CONDITION}]",
        help="Used for credit notes, and for documents whose payment term has no equal in Exact. "
        "Conditions with early-payment discount, instalments or direct debit cannot be chosen.",
    )
    default_debit_condition_id = fields.Many2one(
        "exact.payment.condition",
        "Default for Direct Debit",
        domain=f"[('connection_id', '=', id), {DEBIT_CONDITION}]",
        tracking=True,
        help="Used for documents that are collected by direct debit and whose payment term has no "
        "equal in Exact.",
    )
    month_end_reading = fields.Selection(
        [
            ("whole", "1 month end from 17 January is 28 February"),
            ("first", "1 month end from 17 January is 31 January"),
        ],
        "Month Ends in Exact",
        tracking=True,
        help="How your Exact counts month ends of payment conditions. Exact's documentation has it "
        "the first way. Empty: taken as documented, and each document with such a condition says "
        "what the other way would give. Odoo's due date is always sent along and holds either way.",
    )

    def _get_month_end_reading(self):
        """How month ends are counted; as documented where nobody has looked."""
        return self.month_end_reading or DOCUMENTED

    def _default_conditions(self):
        """(default, default for direct debit), archived ones too: what to do then is the caller's."""
        self.ensure_one()
        return self.default_payment_condition_id, self.default_debit_condition_id

    @api.constrains("default_payment_condition_id", "default_debit_condition_id")
    def _check_default_conditions(self):
        env = self.env
        for connection in self:
            default, debit = connection._default_conditions()
            for condition in default | debit:
                refused = condition._why_refused()
                if refused:
                    raise ValidationError(refused[1])
            if default and default._is_debit():
                raise ValidationError(
                    env._(
                        "Payment condition %s is a direct debit: the default must be a credit transfer "
                        "or cash. Direct debit has a default of its own.",
                        default._label(),
                    )
                )
            if debit and not debit._is_debit():
                raise ValidationError(
                    env._(
                        "Payment condition %s is no direct debit: it cannot be the default for direct debit.",
                        debit._label(),
                    )
                )

    def _propose_defaults(self):
        """The usual direct-debit condition as default of its family; never overwrites."""
        result = super()._propose_defaults()
        if not self.default_debit_condition_id:
            conditions = self.env["exact.payment.condition"].search(
                [("connection_id", "=", self.id)]
            )
            usual = conditions._usual(debit=True)
            if usual:
                self.sudo().default_debit_condition_id = usual
        return result
