"""What every resource has in common when it is written: mandatory fields, references, widths."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..errors import ApiError
from ..state import App, Division, Row, Table, User

Nested = dict[str, list[Row]]


@dataclass
class Context:
    """Who writes where."""

    division: Division
    user: User | None = None
    app: App | None = None

    def table(self, resource: str) -> Table:
        """A table of the division."""
        return self.division.table(resource)

    def option(self, name: str) -> Any:
        """A choice of the country (see ``state.DEFAULT_OPTIONS``)."""
        return self.division.country.options[name]


@dataclass
class Problems:
    """Messages gathered before a refusal; Exact joins them in one answer."""

    parts: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def add(self, text: str, **params: object) -> None:
        """Note one message, each only once."""
        if (text, params) not in self.parts:
            self.parts.append((text, params))

    def check(self) -> None:
        """Refuse when there is anything.

        :raises ApiError: 500 with all messages.
        """
        if self.parts:
            raise ApiError.many(500, self.parts)


@dataclass(frozen=True)
class Ref:
    """A property that points at a row elsewhere.

    ``by`` None: by key, otherwise by that property. ``fills`` are properties of ours that repeat
    properties of the row pointed at.
    """

    table: str
    term: str
    by: str | None = None
    fills: dict[str, str] = field(default_factory=dict)


class Rule:
    """How one resource is created, changed and deleted; subclasses fill in the particulars."""

    resource: ClassVar[str]
    key: ClassVar[str] = "ID"
    mandatory: ClassVar[dict[str, str]] = {}
    refs: ClassVar[dict[str, Ref]] = {}
    lengths: ClassVar[dict[str, int]] = {}
    defaults: ClassVar[dict[str, Any]] = {}
    #: (resource, property, term): rows that keep ours from being deleted.
    used_in: ClassVar[list[tuple[str, str, str]]] = []
    term: ClassVar[str] = ""
    unique: ClassVar[str | None] = None

    # the three verbs --------------------------------------------------------------------------

    def create(self, ctx: Context, values: Row, nested: Nested) -> Row:
        """Check and store a new row.

        :raises ApiError: 500 with every business rule that is broken.
        """
        values = {name: value for name, value in values.items() if value is not None}
        values.pop(self.key, None)
        row = {**self.defaults, **values, self.key: str(uuid.uuid4())}
        self._verify(ctx, row, None, values)
        self.finish(ctx, row, None)
        return ctx.division.save(self.resource, row, ctx.user)

    def update(self, ctx: Context, old: Row, values: Row) -> Row:
        """Check and store a change; properties that are not given stay as they are."""
        values.pop(self.key, None)
        row = {**old, **values}
        self._verify(ctx, row, old, values)
        self.finish(ctx, row, old)
        return ctx.division.save(self.resource, row, ctx.user)

    def delete(self, ctx: Context, row: Row) -> None:
        """Delete a row that nothing refers to.

        :raises ApiError: 500 naming where it is used.
        """
        where = self.uses(ctx, row)
        if where:
            code = str(row.get("Code") or "").strip()
            raise ApiError(500, "cannot_delete", field=self.term, code=code, where=where)
        ctx.division.delete(self.resource, row[self.key], ctx.user)

    # particulars ------------------------------------------------------------------------------

    def check(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        """More checks of one resource."""

    def finish(self, ctx: Context, row: Row, old: Row | None) -> None:
        """Values that follow from others, once everything is known to be right."""

    def uses(self, ctx: Context, row: Row) -> str | None:
        """The term of a place that refers to the row, or None."""
        for resource, prop, term in self.used_in:
            if ctx.table(resource).how_many(prop, row.get("Code" if prop in _CODES else self.key)):
                return term
        return None

    # the common part --------------------------------------------------------------------------

    def _verify(self, ctx: Context, row: Row, old: Row | None, given: Row) -> None:
        problems = Problems()
        for prop, term in self.mandatory.items():
            if row.get(prop) in (None, ""):
                problems.add("mandatory", field=term)
        check_lengths(ctx, given, self.lengths, problems)
        resolve(ctx, row, given, self.refs, problems)
        self._check_unique(ctx, row, old, problems)
        self.check(ctx, row, old, problems)
        problems.check()

    def _check_unique(self, ctx: Context, row: Row, old: Row | None, problems: Problems) -> None:
        prop = self.unique
        if prop is None or row.get(prop) is None or (old and old.get(prop) == row[prop]):
            return
        if ctx.table(self.resource).how_many(prop, row[prop]):
            problems.add("data_exists")


#: Properties elsewhere that hold a code, not a key.
_CODES = {
    "SalesVATCode", "SalesVatCode", "VATCode", "PaymentConditionSales", "PaymentCondition",
    "JournalCode", "Journal", "CostCenter", "CostUnit",
}  # fmt: skip


def check_lengths(
    ctx: Context, given: Row, lengths: dict[str, int], problems: Problems, prefix: str = ""
) -> None:
    """Refuse texts that are longer than their column, where that option is on."""
    if ctx.option("lengths") != "refuse":
        return
    for prop, length in lengths.items():
        value = given.get(prop)
        if isinstance(value, str) and len(value) > length:
            problems.add("too_long", field=prefix + prop, length=length)


def resolve(
    ctx: Context, row: Row, given: Iterable[str], refs: dict[str, Ref], problems: Problems
) -> None:
    """Check the references among ``given`` and repeat what is shown of them."""
    for prop in given:
        ref = refs.get(prop)
        if ref is None:
            continue
        value = row.get(prop)
        if isinstance(value, str) and ref.by:
            value = row[prop] = value.strip() or None
        if value is None:
            for name in ref.fills:
                row[name] = None
            continue
        table = ctx.table(ref.table)
        found = table.first(ref.by, value) if ref.by else table.get(value)
        if found is None:
            problems.add("invalid_reference", field=ref.term)
            continue
        for name, source in ref.fills.items():
            row[name] = found.get(source)
