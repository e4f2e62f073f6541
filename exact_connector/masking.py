"""What may be shown of the values that were sent: no secret, no whole bank number, no file."""

import re

# Longer texts are files, or of no use to a person.
LONGEST = 300
_SECRET = re.compile(r"secret|token|password|authorization", re.IGNORECASE)
_BANK = re.compile(r"iban|bankaccount|bic", re.IGNORECASE)


def masked(value, name=""):
    """``value`` (JSON: dict, list, text, number) with what is nobody's business taken out.

    :param name: the name that the value stands under.
    """
    if isinstance(value, dict):
        return {key: masked(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [masked(part, name) for part in value]
    if _SECRET.search(name) and value:
        return "***"
    if isinstance(value, str):
        if _BANK.search(name) and len(value) > 4:
            return f"***{value[-4:]}"
        if len(value) > LONGEST:
            return f"{value[:20]}... ({len(value)})"
    return value
