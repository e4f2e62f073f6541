"""How much a customer of Odoo looks like a relation of Exact (R37, R43, W10). Plain Python, no Odoo import."""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

from .identity import registry_key, vat_number

# From this score on a person is asked; 100 at most.
CANDIDATE = 40
_POINTS = {"vat": 60, "registry": 60, "number": 50, "name_postcode": 50, "email": 40, "name": 20}
_VAT_DIFFERS = 30
_LEGAL_FORMS = """
    bv nv vof cv bvba cvba bvbv comm commv srl sprl sa sarl sas sasu eurl sc scs snc gmbh ag kg ug
    ohg gbr mbh ev ltd limited inc llc plc corp vzw asbl stichting eenmanszaak
"""
_LITTLE_WORDS = """
    de het t van der den des ten ter en and et und the la le les l d du die das co zn zoon
"""
_NOT_TELLING = frozenset(_LEGAL_FORMS.split()), frozenset(_LITTLE_WORDS.split())


@dataclass(frozen=True)
class Party:
    """One side of a comparison; ``postcodes``: of the main and the invoice address."""

    number: str = ""
    name: str = ""
    postcodes: tuple = ()
    country: str = ""
    vat: str = ""
    registry: str = ""
    email: str = ""


@dataclass(frozen=True)
class Likeness:
    """``score`` 0-100; ``reasons``: vat, registry, number, name_postcode, email, name, and what speaks
    against it: vat_differs, name_differs."""

    score: int
    reasons: tuple

    @property
    def is_candidate(self):
        """An equal number always asks: Exact would refuse a second relation with it."""
        return self.score >= CANDIDATE or "number" in self.reasons

    @property
    def is_believed(self):
        """Whether an equal number is taken at its word (R37): the names do not contradict it, or an ID confirms it."""
        if "number" not in self.reasons:
            return False
        if {"vat", "registry", "name", "name_postcode"} & set(self.reasons):
            return True
        return not {"vat_differs", "name_differs"} & set(self.reasons)


def words(name):
    """The words of a name that tell it from another: no case, accents, legal form or little words."""
    text = unicodedata.normalize("NFKD", (name or "").replace("ß", "ss"))
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    text = re.sub(r"[.'’`]", "", text)
    found = re.findall(r"\w+", text)
    bare = [word for word in found if word not in _NOT_TELLING[0]]
    telling = [word for word in bare if word not in _NOT_TELLING[1]]
    return telling or bare or found


def compare_names(one, other):
    """``"same"``, ``"some"`` in common, or ``"none"``; nothing is known of an empty name: ``"some"``."""
    first, second = words(one), words(other)
    if not first or not second:
        return "some"
    joined = "".join(first), "".join(second)
    if joined[0] == joined[1] or sorted(first) == sorted(second):
        return "same"
    ratio = SequenceMatcher(None, *joined, autojunk=False).ratio()
    if ratio >= 0.88:
        return "same"
    few, many = sorted((first, second), key=len)
    shared = sum(any(_same_word(word, peer) for peer in many) for word in few)
    if len(few) > 1 and shared == len(few):
        return "same"
    return "some" if shared or ratio >= 0.7 else "none"


def _same_word(word, other):
    if word == other:
        return True
    if min(len(word), len(other)) < 4:
        return False
    return SequenceMatcher(None, word, other, autojunk=False).ratio() >= 0.85


def postcode_key(postcode):
    """A postcode without blanks and hyphens."""
    return re.sub(r"[\s-]", "", (postcode or "")).upper()


def postcode_spellings(postcode, country=None):
    """The ways a postcode may be written: as it is, without its blank, and the Dutch way with one."""
    code = (postcode or "").strip()
    bare = code.replace(" ", "")
    found = {code, bare}
    if len(bare) == 6 and bare[:4].isdigit() and country in (None, "", "NL"):
        found.add(f"{bare[:4]} {bare[4:]}")
    return found - {""}


def compare(odoo, exact):
    """How much two :class:`Party` look alike.

    :return: :class:`Likeness`
    """
    reasons = []
    vats = vat_number(odoo.vat, odoo.country), vat_number(exact.vat, exact.country)
    if all(vats):
        reasons.append("vat" if vats[0] == vats[1] else "vat_differs")
    registries = (
        registry_key(odoo.registry, odoo.country),
        registry_key(exact.registry, exact.country),
    )
    if all(registries) and registries[0] == registries[1]:
        reasons.append("registry")
    if odoo.number and odoo.number == exact.number:
        reasons.append("number")
    names = compare_names(odoo.name, exact.name)
    ours = {postcode_key(code) for code in odoo.postcodes if code}
    theirs = {postcode_key(code) for code in exact.postcodes if code}
    if names == "same":
        reasons.append("name_postcode" if ours & theirs else "name")
    elif names == "none":
        reasons.append("name_differs")
    if odoo.email and odoo.email.strip().casefold() == (exact.email or "").strip().casefold():
        reasons.append("email")
    score = sum(_POINTS.get(reason, 0) for reason in reasons)
    if "vat_differs" in reasons:
        score -= _VAT_DIFFERS
    return Likeness(max(0, min(score, 100)), tuple(reasons))
