import json

from odoo import api, models

from ..customer_fields import GROUP_OF, GROUPS, PROPERTIES

# Odoo fills these by itself: where Exact has none, a value says nothing of a person.
_FILLED_BY_ODOO = ("lang", "property_payment_term_id", "exact_vat_code_id")
# Fields of the address that goes to Exact, the invoice address before the main one (R41).
_OF_ADDRESS = GROUPS["address"]


class ExactMapperAccount(models.AbstractModel):
    """What a change on either side means, against what both had when they were last equal (R43).

    Per contact and company a text is kept: ``{"e": Exact's values, "o": Odoo's where they differed}``,
    both as field values of Odoo.
    """

    _inherit = "exact.mapper.account"

    @api.model
    def _current(self, partner, address=None):
        """Odoo's values of the fields that both sides keep, from where they are sent."""
        address = address or self._invoice_partner(partner)
        values = {}
        for name in GROUP_OF:
            record = address if name in _OF_ADDRESS else partner
            value = record[name]
            if name in ("phone", "email"):
                value = address[name] or partner[name]
            values[name] = value.id if isinstance(value, models.BaseModel) else value
        return {name: value or False for name, value in values.items()}

    @api.model
    def _holder(self, partner, address, name):
        """The record that a value of Exact is written to: the contact, or its address that is sent."""
        if name in _OF_ADDRESS or (name in ("phone", "email") and address[name]):
            return address
        return partner

    @api.model
    def _read_seen(self, partner):
        """(Exact's values, Odoo's values) at the last synchronisation; (None, None) where there was none."""
        if not partner.exact_account_seen:
            return None, None
        seen = json.loads(partner.exact_account_seen)
        theirs = seen.get("e", {})
        return theirs, {**theirs, **seen.get("o", {})}

    @api.model
    def _write_seen(self, theirs, ours):
        """The text to keep, see the class."""
        differing = {
            name: value for name, value in ours.items() if value != theirs.get(name, False)
        }
        kept = {"e": {name: value for name, value in theirs.items() if value}}
        if differing:
            kept["o"] = differing
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @api.model
    def _seen_of_new(self, values):
        """For a contact made from Exact's values."""
        return self._write_seen({name: values.get(name, False) for name in GROUP_OF}, {})

    @api.model
    def _seen_of_sent(self, partner, payload):
        """For an account made from Odoo's values: what was cut or put in form differs, and is no change."""
        ours = self._current(partner)
        theirs = dict(ours)
        for name in ("name", "street", "street2", "city", "vat", "company_registry"):
            theirs[name] = payload.get(PROPERTIES[name], False)
        return self._write_seen(theirs, ours)

    @api.model
    def _merge(self, partner, values, connection):
        """What the values of an account mean for its contact.

        A side that did not change since the last time gives way. Where both did, the setting of the
        field's group decides. What is empty in Exact wipes nothing.

        :param values: field values as :meth:`_odoo_values` makes them.
        :return: (dict of record -> values to write, list of (field, Odoo's value, Exact's value,
            "exact" | "odoo") that were overruled, text of what was seen)
        """
        theirs, ours = self._read_seen(partner)
        first = theirs is None
        theirs, ours = theirs or {}, ours or {}
        address = self._invoice_partner(partner)
        current = self._current(partner, address)
        writes, overruled, kept = {}, [], {}
        for name, mine in current.items():
            value = values.get(name) or False
            had = theirs.get(name, False)
            mine_before = ours.get(name, False)
            kept[name] = mine
            if not value or value == mine:
                if not first and mine != mine_before and value != mine:
                    # A change of Odoo that Exact does not have yet.
                    kept[name] = mine_before
                continue
            moved = first or value != had
            touched = bool(mine) if first else mine != mine_before
            if name in _FILLED_BY_ODOO and (first or not had):
                touched = False
            if moved and touched:
                winner = connection[f"{GROUP_OF[name]}_winner"]
                overruled.append((name, mine, value, winner))
                take = winner == "exact"
            else:
                take = moved
            if take:
                holder = self._holder(partner, address, name)
                writes.setdefault(holder, {})[name] = value
                kept[name] = value
            elif touched:
                # Still to go to Exact.
                kept[name] = value if first else mine_before
        seen = {name: values.get(name) or False for name in GROUP_OF}
        return writes, overruled, self._write_seen(seen, kept)

    @api.model
    def _changes(self, partner, connection):
        """Fields that people changed in Odoo since the last time, in the groups that Odoo wins."""
        theirs, ours = self._read_seen(partner)
        if theirs is None:
            return []
        return [
            name
            for name, value in self._current(partner).items()
            if value != ours.get(name, False)
            and connection[f"{GROUP_OF[name]}_winner"] == "odoo"
            and not (name in _FILLED_BY_ODOO and not theirs.get(name))
        ]

    @api.model
    def _exact_changes(self, partner, connection):
        """The body of a PUT with only what people changed (R43): a value that they took away becomes null."""
        names = self._changes(partner, connection)
        if not names:
            return {}
        values = self._exact_values(partner, connection)
        body = {}
        for name in names:
            prop = PROPERTIES[name]
            value = values.get(prop)
            emptied = not value and not self._current(partner)[name]
            if value or (emptied and name not in ("name", "country_id")):
                body[prop] = value or None
        return body

    @api.model
    def _seen_after_update(self, partner, payload):
        """What was sent is equal on both sides now; the rest stays as it was seen."""
        theirs, ours = self._read_seen(partner)
        current = self._current(partner)
        for name, prop in PROPERTIES.items():
            if prop in payload:
                sent = payload[prop] or False
                theirs[name] = (
                    sent if name in ("name", "vat", "company_registry") else current[name]
                )
                ours[name] = current[name]
        return self._write_seen(theirs, ours)
