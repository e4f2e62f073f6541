import re

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..client import (
    AuthError,
    LimitError,
    OutcomeUnknown,
    RightsError,
    UnreachableError,
)


class ExactCause(models.Model):
    """Why something did not go, who mends it and how: a catalogue of data, in the user's language.

    Exact writes business errors in the language of its own user, so status, reason header and shape
    are tried before any text (requirements, section 1).
    """

    _name = "exact.cause"
    _description = "Exact Cause"
    _order = "sequence, id"

    sequence = fields.Integer(default=100)
    code = fields.Char(required=True, readonly=True)
    name = fields.Char("Cause", required=True, translate=True)
    owner = fields.Selection(
        [
            ("you", "You"),
            ("odoo_admin", "Your Odoo administrator"),
            ("exact_admin", "Your Exact administrator"),
            ("accountant", "Your accountant"),
            ("nobody", "Nobody: it goes on by itself"),
        ],
        "Who Mends It",
        required=True,
        default="you",
    )
    advice = fields.Text("How to Mend It", translate=True)
    status = fields.Integer("HTTP Status", help="0: any.")
    reason = fields.Char("Reason Header")
    pattern = fields.Char(
        "Text Pattern", help="Regular expression over Exact's message, in any language."
    )
    kind = fields.Selection(
        [("local", "Found before sending"), ("exact", "Answered by Exact")],
        default="exact",
        required=True,
    )

    _code_uniq = models.Constraint("UNIQUE(code)", "A cause has its own code.")

    @api.constrains("pattern")
    def _check_pattern(self):
        """A pattern that cannot be read would stop every document that Exact refuses."""
        for cause in self.filtered("pattern"):
            try:
                re.compile(cause.pattern)
            except re.error as error:
                raise ValidationError(
                    self.env._(
                        "The pattern of cause %(cause)s cannot be read: %(error)s",
                        cause=cause.name,
                        error=error,
                    )
                ) from error

    @api.model
    @tools.ormcache("code")
    def _id_by_code(self, code):
        return self.sudo().search([("code", "=", code)], limit=1).id

    @api.model
    def _by_code(self, code):
        """The cause with this code, the unknown one where the catalogue lacks it."""
        return self.browse(self._id_by_code(code) or self._id_by_code("unknown"))

    @api.model
    def _find(self, error):
        """The cause that fits an :class:`ExactError`: by class, then reason and status, then text."""
        if isinstance(error, AuthError):
            return self._by_code("reconnect")
        if isinstance(error, LimitError):
            return self._by_code("limit")
        if isinstance(error, OutcomeUnknown):
            return self._by_code("unclear")
        if isinstance(error, UnreachableError):
            return self._by_code("unreachable")
        text = str(error)
        fallback = "forbidden" if isinstance(error, RightsError) else "unknown"
        for cause in self.sudo().search([("kind", "=", "exact")]):
            if not (cause.reason or cause.pattern):
                continue
            if cause.status and cause.status != error.status:
                continue
            if cause.reason and cause.reason.lower() != (error.reason or "").lower():
                continue
            if cause.pattern and not re.search(cause.pattern, text, re.IGNORECASE):
                continue
            return cause
        return self._by_code(fallback)

    @api.model
    def _explain(self, error):
        """One text for a person: the cause, Exact's own words, who mends it and how."""
        cause = self._find(error)
        return "\n".join(filter(None, [cause.name, self._own_words(error), cause._get_advice()]))

    @api.model
    def _own_words(self, error):
        """What Exact wrote, as it came."""
        text = self._exact_text(error)
        return self.env._("Exact says: %s", text) if text else ""

    @api.model
    def _exact_text(self, error):
        """Exact's text; without one the cause says it, in the user's language, better than our client does."""
        silent = isinstance(error, (LimitError, OutcomeUnknown, UnreachableError))
        return "\n".join(error.texts) if silent else str(error)

    def _get_advice(self):
        """Who mends it and how."""
        self.ensure_one()
        owner = dict(self._fields["owner"]._description_selection(self.env)).get(self.owner)
        if not self.advice:
            return owner
        return self.advice if self.owner == "nobody" else f"{owner}: {self.advice}"
