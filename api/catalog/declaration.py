"""The words that a declaration is written in: `field`, `group`, `one`, `many`, `children`, `where`, and what they
become.

A resource is a plain class with annotations; `resource(...)` turns it into a frozen Resource, and `revised(...)` into
that of a later version, which says only what differs. Links name their target by its name, so that no module imports
another in a circle.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from api.model.types import Type, Vocabulary


class Value:
    """A small object inside a record, such as an excerpt: no id, no links; its attributes are fields."""

    @classmethod
    def fields(cls) -> dict[str, Field]:
        """The fields of the object, in the order of declaration."""
        return _fields(cls)


# What an annotation may be, and the word for it that every derived contract starts from.
SCALARS: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "float",
    Decimal: "number",
    bool: "boolean",
    datetime: "timestamp",
    date: "date",
}


@dataclass(frozen=True)
class Field:
    """One column that callers see. `derived` fields are written by the store, never by a load file; a `hidden` one is
    filtered by and not shown. An `effective` one is no column: it is the id of the record that counts for the link of
    this name, which is that of its fallback where the link leads nowhere. A comparison of one that `expects` other
    filters, separated by spaces, makes little sense without any of them, and is then deprecated. A vocabulary that is
    `read_from` a column of free text is filtered there. Only the list of children shows a `listed` one. The column
    `collated` contains the collation key by which a text is sorted (api/store/collation.py)."""

    name: str
    type: Type
    description: str
    example: Any = None
    operators: tuple[str, ...] = ()
    sort: bool = False
    search: bool = False
    derived: bool = False
    needs: str = ""
    compared: str = ""
    parameter: str = ""
    format: str = ""
    hidden: bool = False
    deprecated: str = ""
    effective: str = ""
    expects: tuple[str, ...] = ()
    read_from: str = ""
    listed: bool = False
    collated: str = ""


@dataclass(frozen=True)
class Group:
    """Some fields that records show together, in an object of its own type, `title`: its keys and the fields that they
    show. Filters and orders know the fields by their own names, as if they stood alone."""

    name: str
    title: str
    description: str
    keys: dict[str, str]


@dataclass(frozen=True)
class Link:
    """A way from a record to others. `by` is the column that holds the ids: ours for `one` and `several`, the
    target's for `many` and `children`. What an `embedded` one leads to is always shown whole. `fallback` is the path,
    `event.place`, to the record that filters and maps take where a link to one has no id."""

    name: str
    target: str
    description: str
    by: str
    kind: str
    nullable: bool = True
    filtered: bool = True
    default: int = 10
    most: int = 50
    embedded: bool = False
    deprecated: str = ""
    fallback: str = ""

    @property
    def single(self) -> bool:
        """Whether it leads to at most one record."""
        return self.kind == "one"

    @property
    def owned(self) -> bool:
        """Whether the linked rows are part of the record and always shown with it."""
        return self.kind == "children"


@dataclass(frozen=True)
class Condition:
    """One filter as callers know it: `name` and `operator`, tested on `column` at the end of `path` (link names)."""

    name: str
    operator: str
    type: Type
    description: str
    column: str
    path: tuple[str, ...] = ()
    needs: str = ""
    parameter: str = ""
    example: Any = None
    format: str = ""
    deprecated: str = ""
    expects: tuple[str, ...] = ()
    listed: bool = False


@dataclass(frozen=True, eq=False)
class Resource:
    """A kind of record: what it is called, how its ids begin, and what it offers. Rows without ids have no prefix: the
    children of records, which have a list of their own where they are `listed`, and what is only a list. In the order
    of a list the column `key` breaks ties. `table` is the table of the store that is read, if it has another name."""

    name: str
    description: str
    fields: dict[str, Field]
    links: dict[str, Link]
    wheres: dict[str, Where]
    tests: dict[str, Condition]
    groups: dict[str, Group]
    prefix: str = ""
    sort: str = "id"
    example: str = ""
    listed: bool = False
    key: str = "id"
    table: str = ""

    @property
    def plural(self) -> str:
        """The name of the list."""
        return self.name + "s"

    @property
    def searched(self) -> bool:
        """Whether it can be searched as full text."""
        return any(field.search for field in self.fields.values())

    @property
    def sortable(self) -> tuple[str, ...]:
        """The fields that a list can be sorted by."""
        return tuple(field.name for field in self.fields.values() if field.sort)

    @property
    def collated(self) -> Field | None:
        """The text by whose collation key lists are sorted. There is one at most, because a record has one key."""
        found = [field for field in self.fields.values() if field.collated]
        if len(found) > 1:
            raise TypeError(f"{self.name} has two collated fields, {found[0].name} and {found[1].name}")
        return found[0] if found else None

    @property
    def deprecates(self) -> bool:
        """Whether something of it is deprecated: a field, a link, a filter, or a term of a vocabulary."""
        declared: tuple[Any, ...] = (
            *self.fields.values(),
            *self.links.values(),
            *self.wheres.values(),
            *self.tests.values(),
        )
        kinds = [one.type.of for one in self.fields.values() if one.type.name == "vocabulary"]
        told: list[str] = [one.deprecated for one in declared]
        return any(told) or any(kind.outdated() for kind in kinds)

    @property
    def stored(self) -> str:
        """The name of the table in the store."""
        return self.table or self.name

    @cached_property
    def layout(self) -> tuple[Field | Group, ...]:
        """What a record shows beside its links, in order; a group stands where the first of its fields would."""
        grouped = {name: group for group in self.groups.values() for name in group.keys.values()}
        shown = (grouped.get(one.name, one) for one in self.fields.values() if not one.hidden)
        return tuple({one.name: one for one in shown}.values())

    def within(self, group: Group) -> dict[str, Field]:
        """What a group shows, by its keys."""
        return {key: self.fields[name] for key, name in group.keys.items()}


@dataclass(frozen=True)
class Where:
    """A filter that is declared elsewhere: the path to it through links."""

    path: str
    description: str
    parameter: str
    deprecated: str = ""


def field(
    description: str,
    *,
    filter: str = "",
    sort: bool = False,
    search: bool = False,
    example: Any = None,
    derived: bool = False,
    needs: str = "",
    compared: str = "",
    parameter: str = "",
    format: str = "",
    hidden: bool = False,
    deprecated: str = "",
    effective: str = "",
    expects: str = "",
    read_from: str = "",
    listed: bool = False,
    collated: str = "",
    of: Any = None,
) -> Any:
    """A column. `filter` lists operators; `needs` names a filter that a comparison must come with; `compared` is
    the column that comparisons and sorting look at instead; `parameter` is its name in a URL where that differs; what
    is `hidden` is only filtered by; `deprecated` says what to use instead, as `use kind`; `effective`, `expects`,
    `read_from`, `listed` and `collated` are as in Field; a text that is an id says what it is the id `of`."""
    return Field(
        name="",
        type=Type("text", of),
        description=description,
        operators=tuple(filter.split()),
        sort=sort,
        search=search,
        example=example,
        derived=derived,
        needs=needs,
        compared=compared,
        parameter=parameter,
        format=format,
        hidden=hidden,
        deprecated=deprecated,
        effective=effective,
        expects=tuple(expects.split()),
        read_from=read_from,
        listed=listed,
        collated=collated,
    )


def changed(before: Any, name: str, **parts: Any) -> Any:
    """A field of an earlier version, with some parts of it changed."""
    return replace(before.fields[name], **parts)


def group(title: str, description: str, **keys: str) -> Any:
    """An object of some fields: its keys, each with the name of the field that it shows."""
    return Group("", title, description, keys)


def one(
    target: str, description: str, *, by: str, nullable: bool = True, deprecated: str = "", fallback: str = ""
) -> Any:
    """A link to one record, by a column of ours. Where that is null, filters and maps take the record at the end of
    `fallback`, a path of links to one."""
    return Link("", target, description, by, "one", nullable, deprecated=deprecated, fallback=fallback)


def several(target: str, description: str, *, by: str, deprecated: str = "") -> Any:
    """A link to some records in order, by an array column of ours."""
    return Link("", target, description, by, "several", deprecated=deprecated)


def many(target: str, description: str, *, by: str, deprecated: str = "") -> Any:
    """A link to the records whose column `by` holds our id."""
    return Link("", target, description, by, "many", deprecated=deprecated)


def children(target: str, description: str) -> Any:
    """Rows that belong to the record, in order, and are always shown with it."""
    return Link("", target, description, "record_id", "children", default=20)


def where(path: str, description: str, *, parameter: str = "", deprecated: str = "") -> Any:
    """A filter under a short name: `path` leads through links to a field, and takes that field's operators."""
    return Where(path, description, parameter, deprecated)


def test(operator: str, description: str, *, example: Any = None) -> Any:
    """A filter that looks at the whole record rather than at one column."""
    return Condition("", operator, Type("text"), description, "", example=example)


def resource(
    prefix: str = "", *, sort: str = "id", example: str = "", listed: bool = False, key: str = "id", table: str = ""
) -> Callable[[type], Resource]:
    """Turn a declaring class into a Resource; without a prefix it is a child, which belongs to a record, or a list of
    rows that are no records."""

    def declare(cls: type) -> Resource:
        name = cls.__name__.lower()
        own = _record_fields(name, prefix) if prefix else {}
        bare = Resource(name, "", own, {}, {}, {}, {}, prefix, sort, example, listed or bool(prefix), key, table)
        return _declared(bare, cls)

    return declare


def revised(
    before: Any, *, without: str = "", embedded: str = "", sort: str = "", key: str = "", listed: bool = False
) -> Callable[[type], Resource]:
    """Turns a class into the Resource of a later version: what it was before, with what the class declares beside it
    or in its place, without the names in `without`, and with the links in `embedded` always shown whole. Children that
    are `listed` have a list of their own, in the order of `sort` and `key`."""
    gone, whole = set(without.split()), set(embedded.split())
    if missing := (gone | whole) - before.fields.keys() - before.links.keys() - before.wheres.keys():
        raise TypeError(f"{before.name} has no {', '.join(sorted(missing))} to revise")

    def declare(cls: type) -> Resource:
        left = replace(
            before,
            fields={name: item for name, item in before.fields.items() if name not in gone},
            links={
                name: replace(item, embedded=item.embedded or name in whole)
                for name, item in before.links.items()
                if name not in gone
            },
            wheres={name: item for name, item in before.wheres.items() if name not in gone},
            sort=sort or before.sort,
            key=key or before.key,
            listed=listed or before.listed,
        )
        return _declared(left, cls)

    return declare


def _declared(base: Resource, cls: type) -> Resource:
    """The base with what the class, and those that it is made of, declare."""
    own = {key: item for part in reversed(cls.__mro__) for key, item in vars(part).items()}

    def of(kind: Any) -> dict[str, Any]:
        return {key: replace(item, name=key) for key, item in own.items() if isinstance(item, kind)}

    made = replace(
        base,
        description=(cls.__doc__ or base.description).strip(),
        # What only the list of children shows comes first there: it says where they belong.
        fields=dict(sorted((base.fields | _fields(cls)).items(), key=lambda item: not item[1].listed)),
        links=base.links | of(Link),
        wheres=base.wheres | {key: item for key, item in own.items() if isinstance(item, Where)},
        tests=base.tests | of(Condition),
        groups=base.groups | of(Group),
    )
    for name in (name for one in made.groups.values() for name in one.keys.values()):
        if name not in made.fields or made.fields[name].hidden:
            raise TypeError(f"{made.name} groups {name!r}, which it does not show")
    return made


def _record_fields(name: str, prefix: str) -> dict[str, Field]:
    id_text = f"The public id: `{prefix}_` and 26 characters of Crockford base32."
    common = (
        Field("id", Type("text"), id_text, operators=("in",), sort=True, derived=True, parameter="ids"),
        Field("revision", Type("integer"), "How often the record was written, from 1.", derived=True),
        Field(
            "created_at",
            Type("timestamp"),
            f"When the {name} was first stored, not when it was.",
            derived=True,
        ),
        Field(
            "updated_at",
            Type("timestamp"),
            f"When the {name} was last changed in the store.",
            operators=("gte", "lt"),
            sort=True,
            derived=True,
        ),
    )
    return {one.name: one for one in common}


def _fields(cls: type) -> dict[str, Field]:
    hints = typing.get_type_hints(cls)
    own = {key: item for part in reversed(cls.__mro__) for key, item in vars(part).items()}
    return {
        key: replace(item, name=key, type=_of(_type(hints[key]), item.type.of))
        for key, item in own.items()
        if isinstance(item, Field)
    }


def _of(kind: Type, of: Any) -> Type:
    return replace(kind, of=of) if of else kind


def _type(hint: Any) -> Type:
    if isinstance(hint, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        return replace(_type(inner), nullable=True)
    if typing.get_origin(hint) is list:
        return replace(_type(typing.get_args(hint)[0]), many=True)
    if hint in SCALARS:
        return Type(SCALARS[hint])
    if issubclass(hint, Vocabulary):
        return Type("vocabulary", hint)
    if issubclass(hint, Value):
        return Type("value", hint)
    raise TypeError(f"a field cannot be {hint!r}")
