import re

from odoo import api, fields, models

from ..client import odata

# An account code is a number of at most 18 digits (Exact Online API 5.3).
NUMERIC_CODE = re.compile(r"[0-9]{1,18}")
LENGTHS = {
    "Name": 50,
    "AddressLine1": 80,
    "AddressLine2": 80,
    "Postcode": 20,
    "City": 30,
    "Phone": 25,
    "Email": 128,
    "Website": 60,
    "VATNumber": 35,
    "ChamberOfCommerce": 20,
}


class ExactMapperAccount(models.AbstractModel):
    """Between a customer of Odoo and an account (relation) of Exact."""

    _name = "exact.mapper.account"
    _description = "Exact Mapper: Account"
    _inherit = ["exact.mapper"]

    # What is read of an account, by the import and by a look-up.
    _select = (
        "ID",
        "Code",
        "Name",
        "Status",
        "IsSupplier",
        "AddressLine1",
        "AddressLine2",
        "Postcode",
        "City",
        "Country",
        "State",
        "Phone",
        "Email",
        "Website",
        "VATNumber",
        "ChamberOfCommerce",
        "SalesVATCode",
        "PaymentConditionSales",
        "Blocked",
        "EndDate",
        "SearchCode",
        "Language",
    )

    # === TO EXACT === #

    @api.model
    def _our_reference(self, partner):
        """Our mark on an account we create, by which a lost answer is found again (API 3.4)."""
        short = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("exact_connector.database_reference", "odoo")
        )
        return f"ODOO-{short}-{partner.id}".upper()

    @api.model
    def _invoice_partner(self, partner, move=None):
        """Whose address goes to Exact: the invoice address before the main one (R41)."""
        if move and move.partner_id.type == "invoice":
            return move.partner_id
        return partner.browse(partner.address_get(["invoice"])["invoice"]) or partner

    @api.model
    def _resolve(self, partner, resolution):
        """Add to ``resolution`` what stops this customer from being created in Exact."""
        env = self.env
        if not (partner.name or "").strip():
            resolution.problem("customer_name", env._("The customer has no name."), partner)
        address = self._invoice_partner(partner)
        if not (address.country_id or partner.country_id):
            resolution.problem(
                "customer_country",
                env._("The customer %s has no country.", partner.display_name),
                partner,
            )
        reference = (partner.ref or "").strip()
        if reference and not NUMERIC_CODE.fullmatch(reference):
            resolution.problem(
                "customer_number",
                env._(
                    "The customer number %(number)s of %(customer)s has characters other than digits; "
                    "Exact takes digits only, 18 at most.",
                    number=reference,
                    customer=partner.display_name,
                ),
                partner,
            )

    @api.model
    def _exact_values(self, partner, connection):
        """Values of a new account, status Customer (R41)."""
        address = self._invoice_partner(partner)
        country = address.country_id or partner.country_id
        condition = self.env["exact.mapper.payment.condition"]._condition_of_term(
            connection, partner.with_company(connection.company_id).property_payment_term_id
        )
        vat_code = partner.exact_vat_code_id or connection.default_vat_code_id
        values = {
            "Name": partner.name,
            "Status": "C",
            "Code": (partner.ref or "").strip(),
            "SearchCode": self._our_reference(partner),
            "AddressLine1": address.street,
            "AddressLine2": address.street2,
            "Postcode": address.zip,
            "City": address.city,
            "Country": country.code,
            "Phone": address.phone or partner.phone,
            "Email": address.email or partner.email,
            "Website": partner.website,
            "VATNumber": partner.vat if partner.vat != "/" else False,
            "ChamberOfCommerce": partner.company_registry,
            "Language": (partner.lang or "")[:2].upper(),
            "PaymentConditionSales": condition.code,
            "SalesVATCode": vat_code.code,
        }
        return {
            name: self._clip(value, LENGTHS[name]) if name in LENGTHS else value
            for name, value in values.items()
            if value
        }

    @api.model
    def _lookup_filter(self, partners):
        """A filter that finds the accounts of ``partners``: by number, our mark and VAT number, in one call."""
        terms = []
        for partner in partners:
            terms.append(odata.eq("SearchCode", self._our_reference(partner)))
            reference = (partner.ref or "").strip()
            if NUMERIC_CODE.fullmatch(reference):
                terms.append(odata.eq("Code", odata.account_code(reference)))
            if partner.vat and partner.vat != "/":
                terms.append(odata.eq("VATNumber", partner.vat))
        return odata.any_of(*terms)

    @api.model
    def _match(self, partner, rows):
        """The account of ``rows`` that belongs to ``partner`` and how it was found.

        Our own mark wins, then the customer number (R37), then the VAT number.
        :return: (row, "reference" | "number" | "vat") or (None, None)
        """
        reference = (partner.ref or "").strip()
        tests = (
            ("reference", lambda row: row.get("SearchCode") == self._our_reference(partner)),
            ("number", lambda row: reference and row.get("Code") == reference),
            (
                "vat",
                lambda row: (
                    partner.vat and partner.vat != "/" and row.get("VATNumber") == partner.vat
                ),
            ),
        )
        for how, test in tests:
            for row in rows:
                if test(row):
                    return row, how
        return None, None

    # === FROM EXACT === #

    @api.model
    def _get_links(self, connection):
        """What ``_odoo_values`` needs: countries by code, VAT codes and payment terms of the connection."""
        reference = self.env["exact.reference"]
        return {
            "country": {
                country.code: country.id
                for country in self.env["res.country"].search([("code", "!=", False)])
            },
            "vat": reference._ids_by(connection, "exact.vat.code", "code"),
            "term": self.env["exact.mapper.payment.condition"]._terms_by_code(connection),
            "default_vat": connection.default_vat_code_id.id,
            "lang": {
                lang.code[:2].upper(): lang.code
                for lang in self.env["res.lang"].search([("active", "=", True)])
            },
        }

    @api.model
    def _odoo_values(self, row, links):
        """Field values of the customer that an account of Exact describes (R39).

        :return: (values, notes): notes name what Odoo could not take over.
        """
        notes = []
        country_code = (row.get("Country") or "").upper()
        country_code = {"UK": "GB"}.get(country_code, country_code)
        country_id = links["country"].get(country_code, False)
        if country_code and not country_id:
            notes.append(self.env._("unknown country %s", country_code))
        vat_code = row.get("SalesVATCode")
        values = {
            "name": row.get("Name") or row.get("Code"),
            "is_company": True,
            "ref": row.get("Code"),
            "street": row.get("AddressLine1") or False,
            "street2": row.get("AddressLine2") or False,
            "zip": row.get("Postcode") or False,
            "city": row.get("City") or False,
            "country_id": country_id,
            "phone": row.get("Phone") or False,
            "email": row.get("Email") or False,
            # As Odoo keeps it, or every import would find a difference.
            "website": (
                row.get("Website") and self.env["res.partner"]._clean_website(row["Website"])
            )
            or False,
            "vat": row.get("VATNumber") or False,
            "company_registry": row.get("ChamberOfCommerce") or False,
            "exact_account_id": row["ID"],
            "exact_account_code": row.get("Code"),
            "exact_account_blocked": self._is_blocked(row),
            "exact_vat_code_id": links["vat"].get(vat_code) or links["default_vat"],
        }
        term_id = links["term"].get(row.get("PaymentConditionSales"))
        if term_id:
            values["property_payment_term_id"] = term_id
        language = links["lang"].get((row.get("Language") or "")[:2].upper())
        if language:
            values["lang"] = language
        return values, notes

    @api.model
    def _is_blocked(self, row):
        """Blocked, or ended before today: Exact refuses entries for both (API 5.3)."""
        ended = row.get("EndDate")
        return bool(row.get("Blocked")) or bool(
            ended and ended.date() < fields.Date.context_today(self)
        )

    @api.model
    def _is_customer(self, row):
        """Only customers are imported (R36); prospects, suspects and plain relations are not."""
        return row.get("Status") == "C"
