import re
import uuid
from datetime import timezone

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_datetime

from ..client import (
    AuthError,
    LimitError,
    OutcomeUnknown,
    RightsError,
    UnreachableError,
)

# Texts of Exact in one language each, and those that are the same, or not known, in all of them.
PATTERNS = ("pattern", "pattern_en", "pattern_nl", "pattern_fr", "pattern_de")
# What a cause is recognised by; without any of them it is taken by its code only.
CRITERIA = ("status", "reason", "resource", *PATTERNS)
# The cause of what no other fits, by class of error; the first class that fits counts.
FALLBACKS = (
    (AuthError, "reconnect"),
    (LimitError, "limit"),
    (UnreachableError, "unreachable"),
    (RightsError, "forbidden"),
    (Exception, "unknown"),
)


class ExactCause(models.Model):
    """Why something did not go, who mends it, how and with which button: a catalogue of data.

    Exact writes business errors in the language of its own user, so reason header, status and
    resource are tried before any text (requirements, section 1; Exact Online API 4). A manager may
    add causes and change those of the add-on; what a person changed survives an update.
    """

    _name = "exact.cause"
    _description = "Exact Cause"
    _order = "sequence, id"

    sequence = fields.Integer(default=100, help="The first cause that fits is taken.")
    code = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: f"own_{uuid.uuid4().hex[:8]}",
    )
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
    action = fields.Selection(
        [
            ("none", "No button"),
            ("open_record", "Mend"),
            ("retry", "Try Again"),
            ("refresh_and_retry", "Read Exact Again and Retry"),
            ("open_document", "Open Document"),
            ("open_customer", "Open Customer"),
            ("open_settings", "Open Settings"),
            ("open_mapping", "Open Mapping"),
            ("open_desk", "Choose the Relation"),
            ("reconnect", "Connect Again"),
            ("open_exact", "Open Exact Online"),
            ("open_values", "Show What Was Sent"),
            ("attach_again", "Attach Again"),
        ],
        "Button",
        required=True,
        default="open_record",
        help="Shown beside the cause. Mend opens the record that is wrong.",
    )
    kind = fields.Selection(
        [("local", "Found before sending"), ("exact", "Answered by Exact")],
        default="exact",
        required=True,
    )
    status = fields.Integer("HTTP Status", help="0: any.")
    reason = fields.Char(
        "Reason Header", help="First word of Exact's Reason header, or an OAuth error code."
    )
    resource = fields.Char(help="Beginning of what was called, such as documents/ or crm/Accounts.")
    pattern = fields.Char(
        "Text in Any Language", help="Regular expression over one message of Exact."
    )
    pattern_en = fields.Char("English Text", help="Regular expression over one message of Exact.")
    pattern_nl = fields.Char("Dutch Text", help="Regular expression over one message of Exact.")
    pattern_fr = fields.Char("French Text", help="Regular expression over one message of Exact.")
    pattern_de = fields.Char("German Text", help="Regular expression over one message of Exact.")
    is_own = fields.Boolean("Added Here", compute="_compute_is_own")

    _code_uniq = models.Constraint("UNIQUE(code)", "A cause has its own code.")

    def _compute_is_own(self):
        shipped = set(self._shipped().mapped("res_id"))
        for cause in self:
            cause.is_own = cause.id not in shipped

    @api.constrains(*PATTERNS)
    def _check_pattern(self):
        """A pattern that cannot be read would stop every document that Exact refuses."""
        for cause in self:
            for name in PATTERNS:
                try:
                    re.compile(cause[name] or "")
                except re.error as error:
                    raise ValidationError(
                        self.env._(
                            "The pattern of cause %(cause)s cannot be read: %(error)s",
                            cause=cause.name,
                            error=error,
                        )
                    ) from error

    # === CARE === #

    def _shipped(self):
        """The external IDs of those of these causes that an add-on brought."""
        data = self.env["ir.model.data"].sudo()
        return data.search(
            [("model", "=", self._name), ("res_id", "in", self.ids), ("module", "!=", "__export__")]
        )

    @api.model_create_multi
    def create(self, vals_list):
        causes = super().create(vals_list)
        self.env.registry.clear_cache()
        return causes

    def write(self, vals):
        if not self.env.su:
            # A person's words stand: the next version of the add-on leaves this cause alone.
            self._shipped().noupdate = True
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shipped(self):
        if self._shipped():
            raise UserError(
                self.env._("This cause belongs to the add-on; change it instead of deleting it.")
            )
        self.env.registry.clear_cache()

    # === FINDING === #

    @api.model
    @tools.ormcache("code")
    def _id_by_code(self, code):
        return self.sudo().search([("code", "=", code)], limit=1).id

    @api.model
    def _by_code(self, code):
        """The cause with this code, the unknown one where the catalogue lacks it."""
        return self.browse(self._id_by_code(code) or self._id_by_code("unknown"))

    @api.model
    def _classify(self, error):
        """The causes that fit an :class:`ExactError`.

        Exact joins several validation messages in one answer (Exact Online API 4.1): each is
        looked up by itself.

        :return: list of (cause, text of Exact as it came), one for each message, at least one.
        """
        if isinstance(error, OutcomeUnknown):
            return [(self._by_code("unclear"), self._exact_text(error))]
        texts = error.texts or [str(error)]
        shown = error.texts or [self._exact_text(error)]
        candidates = self.sudo().search([("kind", "=", "exact")])
        candidates = candidates.filtered(lambda cause: cause._may_be(error))
        by_reason = candidates.filtered(
            lambda c: c.reason and c.reason.lower() == (error.reason or "").lower()
        )[:1]
        fallback = next(code for kind, code in FALLBACKS if isinstance(error, kind))
        found = []
        for text, words in zip(texts, shown, strict=True):
            cause = by_reason or next((c for c in candidates if c._says(error, text)), None)
            found.append((cause.sudo(False) if cause else self._by_code(fallback), words))
        return found

    @api.model
    def _find(self, error):
        """The first of the causes that fit an :class:`ExactError`."""
        return self._classify(error)[0][0]

    def _may_be(self, error):
        """Whether status and resource do not speak against it."""
        if not any(self[name] for name in CRITERIA):
            return False
        # What was said of the link, a limit or an outage is no business message.
        plain = not isinstance(error, (AuthError, LimitError, UnreachableError))
        if not (plain or self.status or self.reason):
            return False
        if self.status and error.status and self.status != error.status:
            return False
        return not self.resource or (error.resource or "").startswith(self.resource)

    def _says(self, error, text):
        """Whether this message of Exact is of this cause."""
        patterns = [self[name] for name in PATTERNS if self[name]]
        if patterns:
            return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
        # Without a pattern, status and resource say enough; but not of a refused token.
        if isinstance(error, AuthError) and not self.resource:
            return False
        return not self.reason and bool(error.status) and (self.status or 0) in (0, error.status)

    # === TELLING === #

    @api.model
    def _explain(self, error):
        """One text for a person: each cause with Exact's own words, who mends it and how."""
        parts = {}
        for cause, text in self._classify(error):
            parts.setdefault(cause, []).append(text)
        explained = [
            "\n".join(filter(None, [cause._with_words("\n".join(texts)), cause._get_advice()]))
            for cause, texts in parts.items()
        ]
        retry_at = error.retry_at if isinstance(error, LimitError) else None
        if retry_at:
            # A dialog shows no other place where the time could stand.
            moment = retry_at.astimezone(timezone.utc).replace(tzinfo=None)
            shown = format_datetime(self.env, moment, dt_format="short")
            explained[-1] += "\n" + self.env._("Exact takes calls again from %s.", shown)
        return "\n\n".join(explained)

    def _with_words(self, text):
        """The name of the cause, and what Exact wrote, as it came."""
        self.ensure_one()
        if not text:
            return self.name
        return f"{self.name}\n{self.env._('Exact says: %s', text)}"

    @api.model
    def _exact_text(self, error):
        """Exact's text; without one the cause says it, in the user's language, better than our client does."""
        silent = isinstance(error, (LimitError, OutcomeUnknown, UnreachableError))
        return "\n".join(error.texts) if silent or error.texts else str(error)

    def _get_advice(self):
        """Who mends it and how."""
        self.ensure_one()
        owner = dict(self._fields["owner"]._description_selection(self.env)).get(self.owner)
        if not self.advice:
            return owner
        return self.advice if self.owner == "nobody" else f"{owner}: {self.advice}"

    def _get_button(self):
        """The words on the button of this cause, empty where opening the record is all there is to do."""
        if not self or self.action in ("none", "open_record"):
            return False
        return dict(self._fields["action"]._description_selection(self.env))[self.action]
