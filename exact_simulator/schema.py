"""The resources the simulator serves, read once from the small files in ``schema/``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources as package_files

TYPES = {
    "Binary", "Boolean", "Byte", "DateTime", "Double", "Guid", "Int16", "Int32", "Int64", "String",
}  # fmt: skip
_RUN = re.compile(r"^(?P<stem>.*?)(?P<first>\d+)\.\.(?P<last>\d+)(?P<tail>\D*)$")
_FLAGS = re.compile(r"^(?P<name>[^*+~!=]+)(?P<flags>[*+~!=]*)$")


@dataclass(frozen=True)
class Prop:
    """One property of a resource. ``type`` is the Edm type without its prefix."""

    name: str
    type: str
    post: bool = False
    put: bool = False
    mandatory: bool = False
    filterable: bool = False


@dataclass(frozen=True)
class Nav:
    """A collection below a resource; ``target`` is None where we serve no rows for it."""

    name: str
    target: str | None = None
    foreign_key: str | None = None
    post: bool = False
    mandatory: bool = False


@dataclass
class Resource:
    """A resource: its path below the division, what may be done with it and its properties."""

    path: str
    key: str | None = None
    methods: tuple[str, ...] = ("GET",)
    model: str = ""
    scope: str | None = None
    twin: str | None = None
    only_filters: frozenset[str] = frozenset()
    props: dict[str, Prop] = field(default_factory=dict)
    navs: dict[str, Nav] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The resource under which the rows are kept."""
        return self.twin or self.path

    @property
    def name(self) -> str:
        """The last part of the path ("SalesEntries")."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_sync(self) -> bool:
        """Whether rows are read by row version only (Exact API sheet 5.16)."""
        return self.path.startswith("sync/")

    @property
    def is_bulk(self) -> bool:
        """Whether this is a ``bulk/`` resource: a projection is needed, ``$skip`` is refused."""
        return self.path.startswith("bulk/")

    @property
    def page_size(self) -> int:
        """Rows a page (Exact API sheet 3.2)."""
        return 1000 if self.is_sync or self.is_bulk else 60


@cache
def all_resources() -> dict[str, Resource]:
    """Every resource by path."""
    found: dict[str, Resource] = {}
    for file in sorted(package_files.files(__package__).joinpath("schema").iterdir(), key=str):
        if file.name.endswith(".txt"):
            for block in file.read_text(encoding="utf-8").split("\n["):
                resource, without = _read(block.lstrip("["))
                resource.__dict__["without"] = without
                found[resource.path] = resource
    for resource in found.values():
        if resource.twin:
            _inherit(resource, found[resource.twin], resource.__dict__.pop("without"))
        _sort(resource)
    return found


@cache
def _by_lower() -> dict[tuple[str, str], Resource]:
    return {
        (path.rsplit("/", 1)[0].lower(), resource.name): resource
        for path, resource in all_resources().items()
    }


def find(path: str) -> Resource | None:
    """The resource at ``path`` below the division; the service part may be in any case."""
    service, _, name = path.rpartition("/")
    return _by_lower().get((service.lower(), name))


def get(path: str) -> Resource:
    """The resource with exactly this path; KeyError when there is none."""
    return all_resources()[path]


def key_of(path: str) -> str:
    """The property that identifies the stored rows of a resource."""
    resource = all_resources().get(path)
    if resource is None or resource.key is None or resource.is_sync:
        return "ID"
    return resource.key


def _read(block: str) -> tuple[Resource, set[str]]:
    head, *lines = block.splitlines()
    resource = Resource(head.strip().rstrip("]"))
    without: set[str] = set()
    for line in filter(None, map(str.strip, lines)):
        word, _, rest = line.partition(" ")
        if word == "key":
            resource.key = None if rest == "-" else rest
        elif word == "methods":
            resource.methods = tuple(rest.split())
        elif word in ("model", "scope", "twin"):
            setattr(resource, word, rest)
        elif word == "without":
            without.update(rest.split())
        elif word == "filters":
            resource.only_filters |= frozenset(rest.split())
        elif word == "nav":
            name, *target = rest.split()
            name, flags = _flags(name)
            post = bool({"*", "+"} & flags)
            resource.navs[name] = Nav(
                name, *(target or (None, None)), post=post, mandatory="!" in flags
            )
        elif word in TYPES:
            for prop in (p for text in rest.split() for p in _props(text, word)):
                resource.props[prop.name] = prop
        else:
            raise ValueError(f"schema of {resource.path}: {line}")
    if resource.is_sync:
        resource.only_filters |= {"Timestamp"}
    return resource, without


def _flags(text: str) -> tuple[str, set[str]]:
    match = _FLAGS.match(text)
    assert match, text
    return match["name"], set(match["flags"])


def _props(text: str, kind: str) -> list[Prop]:
    text, flags = _flags(text)
    run = _RUN.match(text)
    names = [text]
    if run:
        width = len(run["first"])
        numbers = range(int(run["first"]), int(run["last"]) + 1)
        names = [f"{run['stem']}{number:0{width}d}{run['tail']}" for number in numbers]
    return [
        Prop(
            name,
            kind,
            post=bool({"*", "+"} & flags),
            put=bool({"*", "~"} & flags),
            mandatory="!" in flags,
            filterable="=" in flags,
        )
        for name in names
    ]


def _inherit(resource: Resource, base: Resource, without: set[str]) -> None:
    for name, prop in base.props.items():
        if name not in without:
            resource.props.setdefault(name, Prop(name, prop.type))
    for name, nav in base.navs.items():
        if name not in without:
            resource.navs.setdefault(name, Nav(name, nav.target, nav.foreign_key))


def _sort(resource: Resource) -> None:
    """Key first, the rest by name, as Exact answers."""
    key = resource.key
    resource.props = dict(
        sorted(resource.props.items(), key=lambda pair: (pair[0] != key, pair[0].lower()))
    )
