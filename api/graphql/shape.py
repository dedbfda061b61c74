"""The catalog as GraphQL shows it: the fields of each type and of each filter, by their camelCase names.

The schema is built from these tables and selections are read with them, so that the two cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from api.catalog import Condition, Field, Group, Link, Resource, Version
from api.model import StoredField as Stored
from api.model import Type

# The type of an id, in annotations that Strawberry reads.
ID = "strawberry.ID"
# The names of the catalog's types in such annotations.
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
        if isinstance(self.of, Group):
            return ""
        return self.of.deprecated


@dataclass(frozen=True)
class FilterShape:
    """A field of a filter: the conditions that it holds, by operator, or the link that it looks through."""

    name: str
    description: str
    conditions: dict[str, Condition]
    link: Link | None = None

    @property
    def first_condition(self) -> Condition:
        """The condition of the first operator, if the field looks through no link."""
        return next(iter(self.conditions.values()))

    @property
    def deprecated(self) -> str:
        """The advice on what to use instead, if the field is deprecated; else empty."""
        if self.link is not None:
            return self.link.deprecated
        return self.first_condition.deprecated


def camel(name: str) -> str:
    """Return `starts_at` as `startsAt`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def pascal(name: str) -> str:
    """Return `event` as `Event`."""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def record_fields(version: Version, resource: Resource) -> dict[str, FieldShape]:
    """Return the fields of a record's type."""
    shapes: list[FieldShape] = []
    for part in resource.layout:
        annotation = part.title if isinstance(part, Group) else field_annotation(part)
        shapes.append(FieldShape(camel(part.name), annotation, part.description, part))
    for link in resource.links.values():
        shapes += _link_fields(link)
    return {shape.name: shape for shape in shapes}


def field_annotation(field: Stored) -> str:
    """Return the annotation of a field."""
    is_id = field.name == "id" or field.format == "id"
    annotation = ID if is_id else type_annotation(field.type)
    if field.type.many:
        annotation = f"list[{annotation}]"
    if field.type.nullable:
        annotation = f"{annotation} | None"
    return annotation


def type_annotation(kind: Type) -> str:
    """Return the annotation of a single value of the type."""
    if kind.name in ("vocabulary", "value"):
        return str(kind.of.__name__)
    if kind.of is not None:
        return ID
    return ANNOTATIONS[kind.name]


def _link_fields(link: Link) -> list[FieldShape]:
    """Return the fields that show a link: the ids and the records, or only a set of records."""
    ids_name, name, target = camel(link.by), camel(link.name), pascal(link.target)
    if link.kind == "one":
        id_annotation = f"{ID} | None" if link.nullable else ID
        about_id = f"{link.description} The id only, which stays if the linked record is withdrawn."
        return [
            FieldShape(ids_name, id_annotation, about_id, link, ids=True),
            # A record that is linked to may have been withdrawn, so even a link that must be there can be null.
            FieldShape(name, f"{target} | None", link.description, link),
        ]
    if link.kind == "several":
        return [
            FieldShape(ids_name, f"list[{ID}]", f"{link.description} The ids only.", link, ids=True),
            FieldShape(name, f"list[{target}]", link.description, link),
        ]
    return [FieldShape(name, f"{target}Set", link.description, link)]


@cache
def filter_fields(version: Version, resource: Resource) -> dict[str, FilterShape]:
    """Return the fields of a resource's filter."""
    by_name: dict[str, dict[str, Condition]] = {}
    for (name, operator), condition in version.conditions[resource.name].items():
        by_name.setdefault(name, {})[operator] = condition
    shapes: list[FilterShape] = []
    for name, conditions in by_name.items():
        first_condition = next(iter(conditions.values()))
        shapes.append(FilterShape(camel(name), first_condition.description, conditions))
    shapes += [FilterShape(camel(link.name), link.description, {}, link) for link in resource.links.values()]
    return {shape.name: shape for shape in shapes}
