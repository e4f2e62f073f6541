"""``$filter``: parsed with a grammar, checked against the resource, turned into a test of rows.

The comparison of texts ignores trailing blanks, as columns of a fixed width do; leading ones count
(Exact API sheet 3.3: an unpadded account code finds nothing).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources as package_files
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from .. import schema
from ..errors import ApiError
from ..state import Row
from . import literals

Getter = Callable[[Row], Any]
NUMBERS = {"Byte", "Int16", "Int32", "Double"}
#: Properties that cannot be compared with null (Exact API sheet 3.2).
NO_NULL = {"OffsetID"}

_PARSER = Lark(
    package_files.files(__package__).joinpath("filter.lark").read_text(encoding="utf-8"),
    parser="lalr",
    maybe_placeholders=False,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


@dataclass
class Value:
    """An operand: its Edm type, how to get it from a row, and what is known of it beforehand."""

    type: str
    get: Getter
    prop: str | None = None
    constant: Any = None
    is_constant: bool = False
    props: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.prop:
            self.props |= {self.prop}


@dataclass
class Condition:
    """A test of rows.

    ``choices`` names properties that must have one of a few values: rows can be looked up by them
    before they are tested. ``props`` are all properties it looks at.
    """

    test: Callable[[Row], bool]
    choices: dict[str, frozenset[Any]] = field(default_factory=dict)
    after: int | None = None  # Timestamp above this, for sync/
    props: frozenset[str] = frozenset()


@lru_cache(maxsize=2000)
def parse(resource_path: str, text: str) -> Condition:
    """The condition that ``text`` describes for rows of a resource.

    :raises ApiError: 400 for a syntax error, an unknown property or operands that do not fit.
    """
    try:
        tree = _PARSER.parse(text)
        result = _Builder(schema.get(resource_path)).transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, ApiError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput:
        raise ApiError(400, "syntax") from None
    if isinstance(result, Value):
        result = _truth(result)
    return result


def _strip(value: Any) -> Any:
    return value.rstrip(" ") if isinstance(value, str) else value


def _truth(value: Value) -> Condition:
    if value.type != "Boolean":
        raise ApiError(400, "syntax")
    get = value.get
    return Condition(lambda row: bool(get(row)), props=value.props)


def _text_call(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return call


#: name: argument types, result type, function
_FUNCTIONS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    "startswith": (("String", "String"), "Boolean", lambda a, b: a.startswith(b)),
    "endswith": (("String", "String"), "Boolean", lambda a, b: a.rstrip().endswith(b)),
    "substringof": (("String", "String"), "Boolean", lambda a, b: a in b),
    "trim": (("String",), "String", str.strip),
    "tolower": (("String",), "String", str.lower),
    "toupper": (("String",), "String", str.upper),
    "length": (("String",), "Int32", len),
    "year": (("DateTime",), "Int32", lambda d: d.year),
    "month": (("DateTime",), "Int32", lambda d: d.month),
    "day": (("DateTime",), "Int32", lambda d: d.day),
}


class _Builder(Transformer[Token, Any]):
    """Turns the tree into a :class:`Condition`, bottom up."""

    def __init__(self, resource: schema.Resource):
        super().__init__()
        self.resource = resource

    # operands

    def prop(self, children: list[Token]) -> Value:
        token = children[0]
        name = str(token)
        found = self.resource.props.get(name)
        if found is None:
            position = token.start_pos or 0
            raise ApiError(
                400, "no_property", name=name, type=_model(self.resource), position=position
            )
        only = self.resource.only_filters
        if only and name not in only:
            raise ApiError(400, "filter_not_allowed", name=name)
        return Value(found.type, lambda row: row.get(name), prop=name)

    def _constant(self, value: Any, kind: str) -> Value:
        return Value(kind, lambda row: value, constant=value, is_constant=True)

    def guid(self, children: list[Token]) -> Value:
        return self._constant(*_quoted(literals.read_guid, children[0], "Guid"))

    def datetime(self, children: list[Token]) -> Value:
        return self._constant(*_quoted(literals.read_datetime, children[0], "DateTime"))

    def text(self, children: list[Token]) -> Value:
        return self._constant(literals.read_text(str(children[0])), "String")

    def int64(self, children: list[Token]) -> Value:
        return self._constant(int(str(children[0])[:-1]), "Int64")

    def number(self, children: list[Token]) -> Value:
        found = literals.read_number(str(children[0]))
        return self._constant(found.value, found.type)

    def true(self, _children: list[Token]) -> Value:
        return self._constant(True, "Boolean")

    def false(self, _children: list[Token]) -> Value:
        return self._constant(False, "Boolean")

    def null(self, _children: list[Token]) -> Value:
        return self._constant(None, "Null")

    def call(self, children: list[Any]) -> Value:
        name, arguments = str(children[0]), children[1:]
        known = _FUNCTIONS.get(name)
        if known is None:
            raise ApiError(400, "unknown_function", name=name, position=children[0].start_pos or 0)
        kinds, result, function = known
        if len(arguments) != len(kinds):
            raise ApiError(400, "syntax")
        for argument, kind in zip(arguments, kinds, strict=True):
            if not isinstance(argument, Value) or argument.type != kind:
                raise ApiError(400, "syntax")
        getters = [argument.get for argument in arguments]
        safe = _text_call(function)
        props = frozenset().union(*(argument.props for argument in arguments))
        return Value(result, lambda row: safe(*(get(row) for get in getters)), props=props)

    # conditions

    def bare(self, children: list[Any]) -> Any:
        return children[0]

    def compare(self, children: list[Any]) -> Condition:
        left, sign, right = children
        if isinstance(left, Condition) or isinstance(right, Condition):
            left, right = _as_value(left), _as_value(right)
        _check_types(str(sign), left, right)
        return _comparison(str(sign), left, right)

    def negation(self, children: list[Any]) -> Condition:
        inner = _as_condition(children[0])
        test = inner.test
        return Condition(lambda row: not test(row), props=inner.props)

    def and_expr(self, children: list[Any]) -> Condition:
        parts = [_as_condition(child) for child in children]
        tests = [part.test for part in parts]
        joined = Condition(lambda row: all(test(row) for test in tests))
        for part in parts:
            joined.choices |= part.choices
            joined.props |= part.props
            if part.after is not None:
                joined.after = max(part.after, joined.after or 0)
        return joined

    def or_expr(self, children: list[Any]) -> Condition:
        parts = [_as_condition(child) for child in children]
        tests = [part.test for part in parts]
        props: frozenset[str] = frozenset().union(*(part.props for part in parts))
        shared = set(parts[0].choices).intersection(*(part.choices for part in parts))
        choices = {
            prop: frozenset().union(*(part.choices[prop] for part in parts)) for prop in shared
        }
        return Condition(lambda row: any(test(row) for test in tests), choices, props=props)


def _model(resource: schema.Resource) -> str:
    return f"Exact.Web.Api.Models.{resource.model}"


def _quoted(read: Callable[[str], Any], token: Token, kind: str) -> tuple[Any, str]:
    text = str(token)
    try:
        return read(text[text.index("'") + 1 : -1]), kind
    except ValueError:
        raise ApiError(400, "syntax") from None


def _as_condition(part: Any) -> Condition:
    return part if isinstance(part, Condition) else _truth(part)


def _as_value(part: Any) -> Value:
    if isinstance(part, Value):
        return part
    return Value("Boolean", part.test, props=part.props)


def _check_types(sign: str, left: Value, right: Value) -> None:
    """Int64 wants the suffix L, a GUID wants ``guid''``; numbers go with numbers."""
    kinds = {left.type, right.type}
    if "Null" in kinds:
        prop = left.prop or right.prop
        if sign in ("eq", "ne") and prop not in NO_NULL:
            return
    elif len(kinds) == 1 or kinds <= NUMBERS:
        if kinds & {"Guid", "Boolean", "Binary"} and sign not in ("eq", "ne"):
            pass
        else:
            return
    raise ApiError(
        400, "operand_types", operator=sign, left=_edm(left.type), right=_edm(right.type)
    )


def _edm(kind: str) -> str:
    return "System." + {"Null": "Object"}.get(kind, kind)


def _comparison(sign: str, left: Value, right: Value) -> Condition:
    function = _COMPARE[sign]
    props = left.props | right.props
    if right.is_constant and not left.is_constant:
        wanted, get = _strip(right.constant), left.get
        if sign in ("eq", "ne") or wanted is None:
            condition = Condition(lambda row: function(_strip(get(row)), wanted), props=props)
        else:

            def test(row: Row) -> bool:
                value = get(row)
                return value is not None and function(_strip(value), wanted)

            condition = Condition(test, props=props)
        if left.prop:
            if sign == "eq" and left.type not in (
                "Double",
                "DateTime",
                "Binary",
                "Boolean",
                "Byte",
            ):
                condition.choices[left.prop] = frozenset([wanted])
            elif left.prop == "Timestamp" and sign in ("gt", "ge"):
                condition.after = wanted if sign == "gt" else wanted - 1
        return condition
    first, second = left.get, right.get

    def both(row: Row) -> bool:
        a, b = _strip(first(row)), _strip(second(row))
        if sign not in ("eq", "ne") and (a is None or b is None):
            return False
        return function(a, b)

    return Condition(both, props=props)
