"""The catalog as GraphQL shows it: the fields of each type and of each filter, by their camelCase names.

The schema is built from these tables and selections are read with them, so that the two cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from api.catalog import Condition, Field, Group, Link, Resource, Version
from api.model import StoredField as Stored
from api.model import Type

# The names of the catalog's types in annotations that Strawberry reads.
ANNOTATIONS = {
    "text": "str",
    "integer": "int",
    "float": "float",
    "number": "float",
    "boolean": "bool",
    "timestamp": "DateTime",
    "date": "Date",
}


@dataclass(frozen=True)
class FieldShape:
    """A field of a GraphQL type, and the part of the catalog that it shows. With `ids` it shows the ids of a link."""

    name: str
    annotation: str
    description: str
    of: Field | Group | Link
    ids: bool = False

    @property
    def deprecated(self) -> str:
        """The advice on what to use instead, if the field is deprecated; else empty."""
        return "" if isinstance(self.of, Group) else self.of.deprecated


@dataclass(frozen=True)
class FilterShape:
    """A field of a filter: the conditions that it holds, by operator, or the link that it looks through."""

    name: str
    description: str
    conditions: dict[str, Condition]
    link: Link | None = None

    @property
    def deprecated(self) -> str:
        """The advice on what to use instead, if the field is deprecated; else empty."""
        return self.link.deprecated if self.link else next(iter(self.conditions.values())).deprecated


def camel(name: str) -> str:
    """Return `starts_at` as `startsAt`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def pascal(name: str) -> str:
    """Return `event` as `Event`."""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def shown(version: Version, resource: Resource) -> dict[str, FieldShape]:
    """Return the fields of a record's type."""
    rows = [
        FieldShape(camel(one.name), annotated(one) if isinstance(one, Field) else one.title, one.description, one)
        for one in resource.layout
    ]
    for link in resource.links.values():
        rows += _links(link)
    return {row.name: row for row in rows}


def annotated(field: Stored) -> str:
    """Return the annotation of a field."""
    name = "strawberry.ID" if field.name == "id" or field.format == "id" else type_name(field.type)
    if field.type.many:
        name = f"list[{name}]"
    return f"{name} | None" if field.type.nullable else name


def type_name(kind: Type) -> str:
    """Return the annotation of a single value of the type."""
    if kind.name in ("vocabulary", "value"):
        return str(kind.of.__name__)
    return "strawberry.ID" if kind.of is not None else ANNOTATIONS[kind.name]


def _links(link: Link) -> list[FieldShape]:
    target = pascal(link.target)
    maybe = " | None" if link.nullable else ""
    if link.kind == "one":
        told = f"{link.description} The id alone, which stays when the record is withdrawn."
        return [
            FieldShape(camel(link.by), f"strawberry.ID{maybe}", told, link, ids=True),
            # A record that is linked to may have been withdrawn, so even a link that must be there can be null.
            FieldShape(camel(link.name), f"{target} | None", link.description, link),
        ]
    if link.kind == "several":
        return [
            FieldShape(camel(link.by), "list[strawberry.ID]", f"{link.description} Their ids alone.", link, ids=True),
            FieldShape(camel(link.name), f"list[{target}]", link.description, link),
        ]
    return [FieldShape(camel(link.name), f"{target}Set", link.description, link)]


@cache
def narrowed(version: Version, resource: Resource) -> dict[str, FilterShape]:
    """Return the fields of a resource's filter."""
    groups: dict[str, dict[str, Condition]] = {}
    for (name, operator), condition in version.conditions[resource.name].items():
        groups.setdefault(name, {})[operator] = condition
    rows = [FilterShape(camel(name), next(iter(group.values())).description, group) for name, group in groups.items()]
    rows += [FilterShape(camel(link.name), link.description, {}, link) for link in resource.links.values()]
    return {row.name: row for row in rows}
