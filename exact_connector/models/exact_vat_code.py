import re
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .exact_gl_account import USABLE_ACCOUNT

# What a manager may change on a VAT code; the rest is Exact's.
FOR_PEOPLE = {"sale_gl_account_id", "sale_gl_account_proposed"}
# Words that most names of VAT codes and revenue accounts share, in the languages of our countries:
# they tell nothing apart.
COMMON_WORDS = {
    *("btw", "vat", "tva", "mwst", "ust", "tarief", "rate", "taux"),
    *("omzet", "verkoop", "verkopen", "sales", "revenue", "ventes", "umsatz", "erlöse"),
    *("exclusief", "inclusief", "excl", "incl", "exclusive", "inclusive", "hors", "comprise"),
    *("het", "van", "met", "geen", "buiten", "binnen", "and", "the", "without", "sans", "des"),
    *("der", "die"),
}


class ExactVatCode(models.Model):
    """A VAT code of the division (API 5.9)."""

    _name = "exact.vat.code"
    _description = "Exact VAT Code"
    _inherit = ["exact.reference"]

    _exact_resource = "vat/VATCodes"
    _exact_select = (
        "ID",
        "Code",
        "Description",
        "Type",
        "Percentage",
        "VATTransactionType",
        "Charged",
        "IsBlocked",
    )

    type = fields.Selection(
        [
            ("B", "Base only (0 %)"),
            ("E", "Excluding"),
            ("I", "Including"),
            ("N", "None"),
        ],
        readonly=True,
        help="Only codes of type Excluding can carry VAT here: amounts always travel excluding VAT (R10).",
    )
    percentage = fields.Float(digits=(6, 3), readonly=True, help="In percent: 21.0 for 21 %.")
    transaction_type = fields.Selection(
        [("B", "Both"), ("P", "Purchase"), ("S", "Sales")], readonly=True
    )
    charged = fields.Boolean("Reverse Charge", readonly=True)
    sale_gl_account_id = fields.Many2one(
        "exact.gl.account",
        "Revenue Account",
        ondelete="set null",
        domain=f"[('connection_id', '=', connection_id), {USABLE_ACCOUNT}]",
        help="Lines with this VAT code are booked here where nothing more specific is known: no account "
        "on the line, no item of its own on product or category, no mapped account (R13).",
    )
    sale_gl_account_proposed = fields.Boolean(readonly=True)

    _exact_id_uniq = models.Constraint(
        "UNIQUE(connection_id, exact_id)", "A VAT code stands once in a connection."
    )

    @api.depends("code", "name", "percentage")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code} {record.name or ''} ({record.percentage:g} %)"

    @api.model
    def _odoo_values(self, connection, row, links):
        # Exact gives a fraction, 0.21; shown and compared as percents.
        percentage = Decimal(row.get("Percentage") or 0) * 100
        return {
            **super()._odoo_values(connection, row, links),
            "type": row.get("Type") if row.get("Type") in ("B", "E", "I", "N") else False,
            "percentage": float(round(percentage, 3)),
            "transaction_type": row.get("VATTransactionType")
            if row.get("VATTransactionType") in ("B", "P", "S")
            else False,
            "charged": bool(row.get("Charged")),
        }

    @api.model
    def _sync(self, connection, rows):
        count = super()._sync(connection, rows)
        self._propose_accounts(connection)
        return count

    @api.model
    def _propose_accounts(self, connection):
        """A revenue account for each code that never had one, where only one can be meant (R13).

        Once: what a person chose, or emptied, stays as it is.
        """
        codes = self.search(
            [
                ("connection_id", "=", connection.id),
                ("type", "in", ("E", "B", "N")),
                ("transaction_type", "!=", "P"),
                ("sale_gl_account_id", "=", False),
                ("sale_gl_account_proposed", "=", False),
            ]
        )
        accounts = self.env["exact.gl.account"].search(
            [("connection_id", "=", connection.id), ("is_revenue", "=", True)]
        )
        for code in codes:
            account = code._usual_account(accounts)
            if account:
                code.write({"sale_gl_account_id": account.id, "sale_gl_account_proposed": True})

    def _usual_account(self, accounts):
        """The one account of ``accounts`` whose own VAT code this is; several, or none: the one whose
        name says the same as the code's ("Btw hoog tarief", "Omzet hoog"). Empty when in doubt."""
        self.ensure_one()
        own = accounts.filtered(lambda account: account.vat_code == self.code)
        if len(own) == 1:
            return own
        words = _telling_words(self.name)
        named = (own or accounts).filtered(lambda account: words & _telling_words(account.name))
        return named if len(named) == 1 else named.browse()

    @api.constrains("sale_gl_account_id")
    def _check_sale_gl_account(self):
        """Refuses what comes past a screen, which offers the own ones only (R3)."""
        for code in self:
            account_sudo = code.sudo().sale_gl_account_id
            if account_sudo and account_sudo.connection_id != code.connection_id:
                raise ValidationError(
                    self.env._(
                        "%(setting)s: choose one of the division of %(company)s.",
                        setting=code.display_name,
                        company=code.company_id.name,
                    )
                )

    def write(self, vals):
        if "sale_gl_account_id" in vals and "sale_gl_account_proposed" not in vals:
            vals = {**vals, "sale_gl_account_proposed": True}
        if not self.env.su and set(vals) - FOR_PEOPLE:
            raise AccessError(
                self.env._("VAT codes come from Exact: only their revenue account is chosen here.")
            )
        return super().write(vals)

    def _fits_rate(self, rate):
        """Whether this code may carry an Odoo tax of ``rate`` percent: E at the same rate, B and N at 0 (R10)."""
        self.ensure_one()
        rate, own = Decimal(str(rate)), Decimal(str(self.percentage))
        if self.type == "E":
            return round(own, 3) == round(rate, 3)
        return self.type in ("B", "N") and rate == 0

    def _standard_rate(self, country_code):
        """The sales code proposed as default: 21 % excluding in NL and BE, else the highest rate (requirements 1)."""
        usable = self.filtered(
            lambda code: (
                code.type == "E" and code.transaction_type in ("S", "B", False) and not code.charged
            )
        )
        if (country_code or "").strip().upper() in ("NL", "BE"):
            usable = usable.filtered(lambda code: code._fits_rate(21))
        return usable.sorted(lambda code: (-code.percentage, code.code))[:1]


def _telling_words(text):
    """The words of a name that tell it from others; short ones only where they are a rate or "EU"."""
    words = re.findall(r"[^\W_]+", (text or "").casefold())
    return {
        word
        for word in words
        if word not in COMMON_WORDS and (len(word) > 2 or word in ("eu", "ue"))
    }
