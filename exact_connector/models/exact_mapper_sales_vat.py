from odoo import api, models

from ..resolution import Sourced


class ExactMapperSalesEntry(models.AbstractModel):
    """The VAT code of a line (R9, R10, R19)."""

    _inherit = "exact.mapper.sales.entry"

    @api.model
    def _resolve_vat_code(self, line, connection, found, resolution):
        """VAT code: mapped on the tax; else the item's where it fits the rate (R9, R10, R19)."""
        env = self.env
        taxes = line.tax_ids
        if not taxes:
            code = connection.no_tax_vat_code_id
            if code:
                found.vat_code = Sourced(code, env._("VAT code for lines without tax"))
                self._check_vat_code(code, found.vat_code.source, 0, connection, resolution)
                resolution.note(
                    env._(
                        "Line %(line)s has no tax: it goes with VAT code %(code)s.",
                        line=self._label(line),
                        code=code.display_name,
                    )
                )
            else:
                resolution.problem(
                    "no_tax",
                    env._(
                        "Line %s has no tax, and no VAT code for lines without tax is set.",
                        self._label(line),
                    ),
                    connection,
                )
            return
        if len(taxes) > 1:
            resolution.problem(
                "several_taxes",
                env._(
                    "Line %(line)s has several taxes (%(taxes)s); an entry line in Exact has one VAT code.",
                    line=self._label(line),
                    taxes=", ".join(taxes.mapped("name")),
                ),
                line.move_id,
            )
            return
        tax = taxes
        if tax.amount_type not in ("percent", "division"):
            resolution.problem(
                "tax_kind",
                env._(
                    "Tax %s is not a percentage; Exact books VAT by percentage only.",
                    tax.display_name,
                ),
                tax,
            )
            return
        # A division tax of 21 % takes 21 % of the gross: its rate on the net is another one.
        rate = tax.amount if tax.amount_type == "percent" else 100 * tax.amount / (100 - tax.amount)
        if tax.exact_vat_code_id:
            code, source = tax.exact_vat_code_id, env._("VAT code on tax %s", tax.name)
        else:
            item_code = found.item.value.vat_code_id if found.item else None
            if not (item_code and item_code.type == "E" and rate and item_code._fits_rate(rate)):
                resolution.problem(
                    "tax_unmapped",
                    env._("Tax %s is not mapped to an Exact VAT code.", tax.display_name),
                    tax,
                )
                return
            code, source = item_code, env._("VAT code of item %s", found.item.value.code)
        found.vat_code = Sourced(code, source)
        self._check_vat_code(code, source, rate, tax, resolution)

    @api.model
    def _check_vat_code(self, code, source, rate, record, resolution):
        """Type and rate of a VAT code against the tax it stands for (R10)."""
        env = self.env
        if not code.active:
            resolution.problem(
                "vat_code_blocked",
                env._(
                    "VAT code %(code)s (%(origin)s) is blocked or gone in Exact.",
                    code=code.display_name,
                    origin=source,
                ),
                record,
            )
        elif code.type == "I":
            resolution.problem(
                "vat_code_including",
                env._(
                    "VAT code %(code)s (%(origin)s) is of type Including; amounts travel excluding VAT, "
                    "so a code of type Excluding is needed.",
                    code=code.display_name,
                    origin=source,
                ),
                record,
            )
        elif not code._fits_rate(rate):
            resolution.problem(
                "vat_code_rate",
                env._(
                    "VAT code %(code)s (%(origin)s) does not fit a tax of %(rate)s %%.",
                    code=code.display_name,
                    origin=source,
                    rate=f"{rate:g}",
                ),
                record,
            )
