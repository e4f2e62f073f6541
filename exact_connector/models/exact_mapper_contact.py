from odoo import api, fields, models

from ..matching import words


class ExactMapperContact(models.AbstractModel):
    """From a contact person of Exact to a contact below its company (Exact Online API 5.4)."""

    _name = "exact.mapper.contact"
    _description = "Exact Mapper: Contact Person"
    _inherit = ["exact.mapper"]

    _select = (
        "ID",
        "Account",
        "FirstName",
        "MiddleName",
        "LastName",
        "FullName",
        "BusinessEmail",
        "Email",
        "BusinessPhone",
        "Phone",
        "BusinessMobile",
        "Mobile",
        "JobTitleDescription",
        "Language",
        "EndDate",
    )

    @api.model
    def _odoo_values(self, row, company, languages):
        """Field values of a contact person; None for one who has left or has no name.

        The account's own phone and e-mail, which Exact repeats on its people, come last.

        :param company: the contact of its account.
        :param languages: as ``exact.mapper.account`` has them.
        """
        name = " ".join(
            part
            for part in (row.get("FirstName"), row.get("MiddleName"), row.get("LastName"))
            if part
        )
        name = name or row.get("FullName")
        ended = row.get("EndDate")
        if not name or (ended and ended.date() < fields.Date.context_today(self)):
            return None
        values = {
            "name": name,
            "email": self._own(company.email, row.get("BusinessEmail"), row.get("Email")),
            "phone": self._own(
                company.phone,
                row.get("BusinessPhone"),
                row.get("BusinessMobile"),
                row.get("Mobile"),
                row.get("Phone"),
            ),
            "function": row.get("JobTitleDescription") or False,
            "exact_contact_id": row["ID"],
        }
        if "mobile" in self.env["res.partner"]._fields:
            values["mobile"] = row.get("BusinessMobile") or row.get("Mobile") or False
        language = self.env["exact.mapper.account"]._odoo_language(row, {"lang": languages})
        if language:
            values["lang"] = language
        return values

    @api.model
    def _own(self, of_company, *values):
        """The first value that is not just the company's, else that one."""
        given = [value for value in values if value]
        return next((value for value in given if value != of_company), given[0] if given else False)

    @api.model
    def _is_same(self, child, values):
        """Whether a contact below the company is this person: by e-mail, else by name."""
        email = (child.email or "").strip().casefold()
        if email and email == (values["email"] or "").strip().casefold():
            return True
        return bool(child.name) and words(child.name) == words(values["name"])
