"""Declarations of what is stored: `record` and `child` turn a class with annotations into an Entity.

Links name their target, so that no module imports another in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from api.model.types import StoredField, field, typed_fields

MAX_CHILDREN = 1000  # of one kind in a record
LinkKind = Literal["one", "several", "children"]


@dataclass(frozen=True)
class StoredLink:
    """A way from a record to others. `column` holds the ids of `one` and `several`; `children` have that of their
    record in `record_id`. A list has at most `max_items` entries. A record that `depends` on what a link leads to is
    withdrawn with it."""

    name: str
    target: str
    description: str
    column: str
    kind: LinkKind
    nullable: bool = True
    max_items: int = 0
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
        return tuple(field for field in self.fields.values() if not field.derived and not field.identity)

    @property
    def references(self) -> tuple[StoredLink, ...]:
        """The links that have a column."""
        return tuple(link for link in self.links.values() if link.kind != "children")

    @property
    def owned(self) -> tuple[StoredLink, ...]:
        """The links to children."""
        return tuple(link for link in self.links.values() if link.kind == "children")

    @property
    def collated(self) -> StoredField | None:
        """The text with a collation key. There is one at most, because a record has one key."""
        fields = [field for field in self.fields.values() if field.collated]
        if not fields:
            return None
        if len(fields) > 1:
            raise TypeError(f"{self.name} has two collated fields, {fields[0].name} and {fields[1].name}")
        return fields[0]


class _ChildColumns:
    """The columns of all children."""

    record_id: str = field("The id of the record that contains it.", derived=True)
    position: int = field("The position within the record, from 0.", derived=True)


def one(target: str, description: str, *, column: str, nullable: bool = True, depends: bool = False) -> Any:
    """A link to one record."""
    return StoredLink("", target, description, column, "one", nullable, depends=depends)


def several(target: str, description: str, *, column: str, max_items: int) -> Any:
    """A link to some records in order, by an array of ids."""
    return StoredLink("", target, description, column, "several", max_items=max_items)


def children(target: str, description: str) -> Any:
    """Rows that belong to the record, in order."""
    return StoredLink("", target, description, "record_id", "children", max_items=MAX_CHILDREN)


def record(prefix: str, short: str = "") -> Callable[[type], Entity]:
    """Turn a class into a kind of record, whose ids begin with `prefix`."""

    def declare(cls: type) -> Entity:
        columns = _make_record_columns(cls.__name__.lower(), prefix)
        return _make_entity(cls, typed_fields(columns), prefix, short)

    return declare


def child(cls: type) -> Entity:
    """Turn a class into a kind of rows that belong to a record."""
    return _make_entity(cls, typed_fields(_ChildColumns))


def _make_entity(cls: type, common_fields: dict[str, StoredField], prefix: str = "", short: str = "") -> Entity:
    description = (cls.__doc__ or "").strip()
    fields = common_fields | typed_fields(cls)
    links: dict[str, StoredLink] = {}
    for name, attribute in vars(cls).items():
        if isinstance(attribute, StoredLink):
            links[name] = replace(attribute, name=name)
    return Entity(cls.__name__.lower(), description, fields, links, prefix, short or description)


def _make_record_columns(name: str, prefix: str) -> type:
    class RecordColumns:
        id: str = field(f"The public id: `{prefix}_` and 26 characters of Crockford base32.", identity=True)
        key: str | None = field(
            "The key in the dataset, unique for the resource. Null if the record was loaded without a key.",
            identity=True,
        )
        dataset: str | None = field("The dataset that the record was last loaded with.", identity=True)
        revision: int = field("The number of times the record was written, from 1.", derived=True)
        created_at: datetime = field(f"The time when the {name} was first stored in this service.", derived=True)
        updated_at: datetime = field(f"The time when the {name} was last changed in this service.", derived=True)

    return RecordColumns


def write_order(entities: Iterable[Entity]) -> tuple[str, ...]:
    """Return the names of the records, with what is linked to before what links to it, so that whoever follows the log
    finds it there. Links to records of the same kind do not count. TypeError if two kinds link to each other."""
    by_name = {entity.name: entity for entity in entities}
    targets_by_record: dict[str, set[str]] = {}
    for name, entity in by_name.items():
        if entity.prefix:
            targets_by_record[name] = _targets(by_name, entity) - {name}
    order: list[str] = []
    while len(order) < len(targets_by_record):
        written = set(order)
        ready: list[str] = []
        for name, targets in targets_by_record.items():
            if name not in written and targets <= written:
                ready.append(name)
        if not ready:
            raise TypeError(f"{', '.join(targets_by_record.keys() - written)} link to each other")
        order += ready
    return tuple(order)


def _targets(entities: dict[str, Entity], entity: Entity) -> set[str]:
    """Return the records that a record or its children link to."""
    targets = {link.target for link in entity.references}
    for link in entity.owned:
        targets |= _targets(entities, entities[link.target])
    return targets
