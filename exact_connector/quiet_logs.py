"""No secret in Odoo's own logs, at any level (docs/security.md).

Odoo writes whole statements where one fails or where SQL is logged, the values of each call at DEBUG,
and the address of each request: there a token, the secret of an app or the code of a consent would
stand. The client sees to the logs of the libraries below it (client/oauth.py).
"""

import logging
import re

from .models.exact_authorization import CALLBACK_PATH

# Tables and names beside which a secret stands.
_SECRET = re.compile(r"\bexact_(token|oauth_state)\b|\b(\w*_)?(client|webhook)_secret\b")
_ADDRESS = re.compile(rf"({re.escape(CALLBACK_PATH)})\?[^\s\"#]*")
HIDDEN = "a text about the access to Exact Online is not written to the log"


class NoSecrets(logging.Filter):
    """Replaces a record that would show a secret; all others stay as they are."""

    def filter(self, record):
        text = record.getMessage()
        if _SECRET.search(text):
            # The error of a database may quote the row it could not write: its class is enough.
            errors = [type(each).__name__ for each in record.args or () if _is_error(each)]
            record.msg, record.args = ": ".join([HIDDEN, *errors]), ()
            record.exc_info = record.exc_text = None
        return True


class NoCodes(logging.Filter):
    """Takes code and state off the address of Exact's return."""

    def filter(self, record):
        text = record.getMessage()
        if CALLBACK_PATH in text:
            # Without args the text is not formatted again.
            record.msg, record.args = _ADDRESS.sub(r"\1", text), ()
        return True


def _is_error(value):
    return isinstance(value, BaseException)


def install():
    """Once for each process; a filter that is there already is not added again."""
    for name, kind in (
        ("odoo.sql_db", NoSecrets),
        ("odoo.service.model", NoSecrets),
        ("werkzeug", NoCodes),
    ):
        logger = logging.getLogger(name)
        if not any(isinstance(each, kind) for each in logger.filters):
            logger.addFilter(kind())


install()
