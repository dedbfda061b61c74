"""Declarations of what is stored: `record` and `child` turn a class with annotations into an Entity.

Links name their target, so that no module imports another in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.model.types import StoredField, field, typed_fields

CHILDREN_MOST = 1000  # of one kind in a record


@dataclass(frozen=True)
class StoredLink:
    """A way from a record to others. `column` holds the ids of `one` and `several`; `children` have that of their
    record in `record_id`. A list has `most` entries at most. A record that `depends` on what a link leads to is
    withdrawn with it."""

    name: str
    target: str
    description: str
    column: str
    kind: str
    nullable: bool = True
    most: int = 0
    depends: bool = False


@dataclass(frozen=True, eq=False)
class Entity:
    """A kind of record, or of the rows that belong to a record. The ids of records begin with `prefix`; children have
    neither ids nor a prefix. `short` describes it in a list of kinds."""

    name: str
    description: str
    fields: dict[str, StoredField]
    links: dict[str, StoredLink]
    prefix: str = ""
    short: str = ""

    @property
    def plural(self) -> str:
        """The name of a list of them."""
        return self.name + "s"

    @property
    def loaded(self) -> tuple[StoredField, ...]:
        """The fields of the content that a load file may have."""
        return tuple(one for one in self.fields.values() if not one.derived and not one.identity)

    @property
    def references(self) -> tuple[StoredLink, ...]:
        """The links that have a column."""
        return tuple(one for one in self.links.values() if one.kind != "children")

    @property
    def owned(self) -> tuple[StoredLink, ...]:
        """The links to children."""
        return tuple(one for one in self.links.values() if one.kind == "children")

    @property
    def collated(self) -> StoredField | None:
        """The text with a collation key. There is one at most, because a record has one key."""
        found = [one for one in self.fields.values() if one.collated]
        if len(found) > 1:
            raise TypeError(f"{self.name} has two collated fields, {found[0].name} and {found[1].name}")
        return found[0] if found else None


class _Row:
    """The columns of all children."""

    record_id: str = field("The id of the record that it belongs to.", derived=True)
    position: int = field("Its place among those of its record, from 0.", derived=True)


def one(target: str, description: str, *, column: str, nullable: bool = True, depends: bool = False) -> Any:
    """A link to one record."""
    return StoredLink("", target, description, column, "one", nullable, depends=depends)


def several(target: str, description: str, *, column: str, most: int) -> Any:
    """A link to some records in order, by an array of ids."""
    return StoredLink("", target, description, column, "several", most=most)


def children(target: str, description: str) -> Any:
    """Rows that belong to the record, in order."""
    return StoredLink("", target, description, "record_id", "children", most=CHILDREN_MOST)


def record(prefix: str, short: str = "") -> Callable[[type], Entity]:
    """Turn a class into a kind of record, whose ids begin with `prefix`."""

    def declare(cls: type) -> Entity:
        name = cls.__name__.lower()
        return _entity(cls, typed_fields(_record_columns(name, prefix)), prefix, short)

    return declare


def child(cls: type) -> Entity:
    """Turn a class into a kind of rows that belong to a record."""
    return _entity(cls, typed_fields(_Row))


def _entity(cls: type, before: dict[str, StoredField], prefix: str = "", short: str = "") -> Entity:
    links = {name: replace(item, name=name) for name, item in vars(cls).items() if isinstance(item, StoredLink)}
    description = (cls.__doc__ or "").strip()
    return Entity(cls.__name__.lower(), description, before | typed_fields(cls), links, prefix, short or description)


def _record_columns(name: str, prefix: str) -> type:
    class Columns:
        id: str = field(f"The public id: `{prefix}_` and 26 characters of Crockford base32.", identity=True)
        key: str | None = field(
            "Its own key, unique for its resource in the dataset; null where it was loaded without one.", identity=True
        )
        dataset: str | None = field("The dataset that it was last loaded as a part of.", identity=True)
        revision: int = field("How often the record was written, from 1.", derived=True)
        created_at: datetime = field(f"When the {name} was first stored, not when it was.", derived=True)
        updated_at: datetime = field(f"When the {name} was last changed in the store.", derived=True)

    return Columns


def write_order(entities: Iterable[Entity]) -> tuple[str, ...]:
    """Return the names of the records, with what is linked to before what links to it, so that whoever follows the log
    finds it there. Links to records of the same kind do not count. TypeError if two kinds link to each other."""
    known = {one.name: one for one in entities}
    needed = {name: _targets(known, one) - {name} for name, one in known.items() if one.prefix}
    order: list[str] = []
    while len(order) < len(needed):
        ready = [name for name, targets in needed.items() if name not in order and targets <= set(order)]
        if not ready:
            raise TypeError(f"{', '.join(needed.keys() - set(order))} link to each other")
        order += ready
    return tuple(order)


def _targets(known: dict[str, Entity], entity: Entity) -> set[str]:
    """The records that a record or its children link to."""
    own = {link.target for link in entity.references}
    return own.union(*(_targets(known, known[link.target]) for link in entity.owned))
