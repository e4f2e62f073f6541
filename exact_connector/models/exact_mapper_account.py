import re

from odoo import api, fields, models

from ..identity import registry_from_vat, registry_number, vat_from_registry, vat_number

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
        left_out = self.env["exact.match"]._get_left_out(partner)
        if left_out:
            resolution.problem(
                "customer_left_out",
                env._(
                    "%(customer)s is left out of Exact: so decided %(user)s on %(date)s.",
                    customer=partner.display_name,
                    user=left_out.decided_by_id.name,
                    date=left_out.decided_on.date() if left_out.decided_on else "",
                ),
                left_out,
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
            "State": self._exact_state(address if address.country_id else partner),
            **self._exact_identification(partner, country),
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
    def _exact_state(self, address):
        """The state where the post needs one (United States); elsewhere Exact has a list of its own."""
        state = address.state_id
        return state.code if state and address.country_id.state_required else False

    @api.model
    def _exact_identification(self, partner, country):
        """VAT and chamber of commerce number in the country's form; a Belgian one follows from the other (R41)."""
        vat = vat_number(partner.vat, country.code)
        registry = registry_number(partner.company_registry, country.code)
        return {
            "VATNumber": vat or vat_from_registry(registry, country.code),
            "ChamberOfCommerce": registry or registry_from_vat(vat),
        }

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
            "state": {
                (state.country_id.code, state.code): state.id
                for state in self.env["res.country.state"].search([])
            },
            "lang": self._get_languages(),
        }

    @api.model
    def _get_languages(self):
        """Odoo's languages by "NL" and by "NL-BE", as Exact writes them."""
        found = {}
        for lang in self.env["res.lang"].search([("active", "=", True)]):
            code = lang.code.split("@")[0].replace("_", "-").upper()
            found[code] = lang.code
            # Of several kinds of a language its home is meant: NL is nl_NL before nl_BE.
            home = code[:2] == code[3:5] or code == "EN-US"
            if home or code[:2] not in found:
                found[code[:2]] = lang.code
        return found

    @api.model
    def _odoo_language(self, row, links):
        code = (row.get("Language") or "").upper().replace("_", "-")
        return links["lang"].get(code) or links["lang"].get(code[:2])

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
        vat = vat_number(row.get("VATNumber"), country_code)
        registry = registry_number(row.get("ChamberOfCommerce"), country_code)
        vat_code = row.get("SalesVATCode")
        values = {
            "name": row.get("Name") or row.get("Code"),
            "is_company": True,
            "ref": row.get("Code"),
            "street": row.get("AddressLine1") or False,
            "street2": row.get("AddressLine2") or False,
            "zip": row.get("Postcode") or False,
            "city": row.get("City") or False,
            "state_id": links["state"].get((country_code, row.get("State")), False),
            "country_id": country_id,
            "phone": row.get("Phone") or False,
            "email": row.get("Email") or False,
            # As Odoo keeps it, or every import would find a difference.
            "website": (
                row.get("Website") and self.env["res.partner"]._clean_website(row["Website"])
            )
            or False,
            "vat": vat or vat_from_registry(registry, country_code) or False,
            "company_registry": registry or registry_from_vat(vat) or False,
            "exact_account_id": row["ID"],
            "exact_account_code": row.get("Code"),
            **self._account_state(row),
            "exact_vat_code_id": links["vat"].get(vat_code) or links["default_vat"],
        }
        term_id = links["term"].get(row.get("PaymentConditionSales"))
        if term_id:
            values["property_payment_term_id"] = term_id
        language = self._odoo_language(row, links)
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
    def _account_state(self, row):
        """What Exact says of the relation itself: its status, and whether entries are still taken."""
        status = row.get("Status")
        ended = row.get("EndDate")
        return {
            "exact_account_status": status if status in ("C", "P", "S", "A") else False,
            "exact_account_blocked": self._is_blocked(row),
            "exact_account_ended_on": ended.date() if ended else False,
        }

    @api.model
    def _is_wanted(self, row, connection):
        """Whether a relation not linked yet is to be imported (R36): a customer, or a status chosen.

        A supplier is one only where it is a customer too.
        """
        status = row.get("Status")
        if connection.customer_scope != "status":
            return status == "C"
        if status in ("P", "S") and row.get("IsSupplier"):
            return False
        return status in connection._get_wanted_statuses()
