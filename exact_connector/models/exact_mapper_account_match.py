from urllib.parse import quote

from odoo import api, models

from ..client import odata
from ..identity import registry_number, vat_number
from ..matching import Party, compare, postcode_spellings, words
from .exact_mapper_account import NUMERIC_CODE

# Characters of a look-up's filter as they go into the address: trouble was seen near 12 kB (API 3.2).
FILTER_LENGTH = 5500


class ExactMapperAccount(models.AbstractModel):
    """Which account of Exact a customer is: what to ask for, and how much an answer looks like it (R37, R43, W10)."""

    _inherit = "exact.mapper.account"

    @api.model
    def _lookup_terms(self, partner):
        """Filters that find what may be this customer: our mark, number, VAT, CoC, name at a postcode, e-mail."""
        country = (self._invoice_partner(partner).country_id or partner.country_id).code
        terms = [odata.eq("SearchCode", self._our_reference(partner))]
        reference = (partner.ref or "").strip()
        if NUMERIC_CODE.fullmatch(reference):
            terms.append(odata.eq("Code", odata.account_code(reference)))
        exact = self._exact_identification(partner, partner.country_id)
        for name, written, kept in (
            ("VATNumber", partner.vat, vat_number(partner.vat, country)),
            (
                "ChamberOfCommerce",
                partner.company_registry,
                registry_number(partner.company_registry, country),
            ),
        ):
            # Exact may have it as somebody typed it.
            values = {exact[name], kept, (written or "").strip()} - {None, False, "", "/"}
            terms += [odata.eq(name, value) for value in sorted(values)]
        telling = max(words(partner.name), key=len, default="")
        postcodes = set()
        for address in partner | self._invoice_partner(partner):
            postcodes |= postcode_spellings(address.zip, country)
        if len(telling) > 2 and postcodes:
            # A postcode alone may be a whole city. The word goes without its first letter, which may
            # be a capital: whether Exact minds capitals is not known.
            part = self._as_written(partner.name, telling)[1:]
            terms.append(
                odata.all_of(
                    odata.any_of([odata.eq("Postcode", code) for code in sorted(postcodes)]),
                    odata.any_of(
                        [odata.contains("Name", text) for text in (part.lower(), part.upper())]
                    ),
                )
            )
        if partner.email and "@" in partner.email:
            email = partner.email.strip()
            terms += [odata.eq("Email", text) for text in sorted({email, email.lower()})]
        return terms

    @api.model
    def _as_written(self, name, word):
        """The word of the name that ``word`` is the bare form of, or that form itself."""
        return next((part for part in (name or "").split() if words(part) == [word]), word)

    @api.model
    def _lookup_chunks(self, exchanges):
        """The customers of ``exchanges`` in as few look-ups as addresses may be long.

        :return: list of (exchanges, filter)
        """
        chunks, members, terms, length = [], exchanges.browse(), [], 0
        for exchange in exchanges:
            own = self._lookup_terms(exchange._partner_in_company())
            size = sum(len(quote(term, safe="$,()'*/")) + 8 for term in own)
            if members and length + size > FILTER_LENGTH:
                chunks.append((members, odata.any_of(terms)))
                members, terms, length = exchanges.browse(), [], 0
            members |= exchange
            terms += own
            length += size
        if members:
            chunks.append((members, odata.any_of(terms)))
        return chunks

    @api.model
    def _party_of_partner(self, partner):
        invoice = self._invoice_partner(partner)
        return Party(
            number=(partner.ref or "").strip(),
            name=partner.name or "",
            postcodes=tuple(filter(None, {partner.zip, invoice.zip})),
            country=(partner.country_id or invoice.country_id).code or "",
            vat=partner.vat or "",
            registry=partner.company_registry or "",
            email=partner.email or invoice.email or "",
        )

    @api.model
    def _party_of_row(self, row):
        return Party(
            number=row.get("Code") or "",
            name=row.get("Name") or "",
            postcodes=tuple(filter(None, [row.get("Postcode")])),
            country=row.get("Country") or "",
            vat=row.get("VATNumber") or "",
            registry=row.get("ChamberOfCommerce") or "",
            email=row.get("Email") or "",
        )

    @api.model
    def _find_account(self, partner, rows, apart=()):
        """The account of ``rows`` that is ``partner``, or those that may be.

        Our own mark wins, then a customer with an equal number that nothing contradicts (R37).

        :param apart: account IDs of which a person said that they are another business.
        :return: (row or None, list of (row, :class:`Likeness`), best first)
        """
        mark, party = self._our_reference(partner), self._party_of_partner(partner)
        candidates = []
        for row in rows:
            if row.get("SearchCode") == mark:
                return row, []
            if row["ID"] in apart:
                continue
            likeness = compare(party, self._party_of_row(row))
            if likeness.is_candidate:
                candidates.append((row, likeness))
        for row, likeness in candidates:
            if likeness.is_believed and row.get("Status") == "C":
                return row, []
        candidates.sort(key=lambda pair: -pair[1].score)
        return None, candidates
