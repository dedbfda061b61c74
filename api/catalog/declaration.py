"""The words that a version is declared in.

A version shows records and children of the model (api/model): `projection` turns a class into the Resource that shows
the entity of its name. `shown` shows a stored field, and `linked` a link, with the type and the description of the
model unless the version says otherwise. `field`, `group`, `many`, `where` and `test` declare what only the version has.
Links name their target, so that no module imports another in a circle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from api.catalog.resource import Condition, Field, Group, Link, Resource, Where
from api.model import ENTITIES, Entity, Type
from api.model import StoredField as Stored
from api.model.types import typed_fields


@dataclass(frozen=True)
class FieldOptions:
    """The parts of a stored field that a version adds or changes."""

    parts: dict[str, Any]


@dataclass(frozen=True)
class LinkOptions:
    """The parts of a link of the model that a version adds or changes."""

    parts: dict[str, Any]


def shown(
    *,
    filter: str = "",
    sort: bool = False,
    search: bool = False,
    needs: str = "",
    compared: str = "",
    parameter: str = "",
    hidden: bool = False,
    deprecated: str = "",
    expects: str = "",
    listed: bool = False,
    added: int = 0,
    description: str | None = None,
    format: str | None = None,
) -> Any:
    """A stored field. `filter` lists operators; `needs` names a filter that a comparison must come with; `compared` is
    the column that comparisons and sorting look at instead; `parameter` is its name in a URL where that differs;
    `deprecated` says what to use instead, as `use kind`; the others are as in StoredField."""
    parts: dict[str, Any] = {
        "operators": tuple(filter.split()),
        "sort": sort,
        "search": search,
        "needs": needs,
        "compared": compared,
        "parameter": parameter,
        "hidden": hidden,
        "deprecated": deprecated,
        "expects": tuple(expects.split()),
        "listed": listed,
        "added": added,
    }
    if description is not None:
        parts["description"] = description
    if format is not None:
        parts["format"] = format
    return FieldOptions(parts)


def linked(*, embedded: bool = False, fallback: str = "", deprecated: str = "", description: str | None = None) -> Any:
    """A link of the model. What an `embedded` one leads to is always shown whole. Where a link to one has no id,
    filters and maps take the record at the end of `fallback`, a path of links to one."""
    parts: dict[str, Any] = {"embedded": embedded, "fallback": fallback, "deprecated": deprecated}
    if description is not None:
        parts["description"] = description
    return LinkOptions(parts)


def field(
    description: str,
    *,
    filter: str = "",
    sort: bool = False,
    search: bool = False,
    example: Any = None,
    parameter: str = "",
    format: str = "",
    hidden: bool = False,
    deprecated: str = "",
    effective: str = "",
    read_from: str = "",
    listed: bool = False,
    added: int = 0,
    collated: str = "",
    of: Any = None,
) -> Any:
    """A column of the version's view that is not stored under this name; its type is the annotation of the attribute. A
    text that is an id says what it is the id `of`; the other parameters are as in `shown` and StoredField."""
    return Field(
        name="",
        type=Type("text", of),
        description=description,
        operators=tuple(filter.split()),
        sort=sort,
        search=search,
        example=example,
        parameter=parameter,
        format=format,
        hidden=hidden,
        deprecated=deprecated,
        effective=effective,
        read_from=read_from,
        listed=listed,
        added=added,
        collated=collated,
        derived=True,
    )


def group(title: str, description: str, **keys: str) -> Any:
    """An object of some fields: its keys, each with the name of the field that it shows."""
    return Group("", title, description, keys)


def many(target: str, description: str, *, by: str, deprecated: str = "") -> Any:
    """A link to the records whose column `by` holds our id."""
    return Link("", target, description, by, "many", deprecated=deprecated)


def where(path: str, description: str, *, parameter: str = "", deprecated: str = "") -> Any:
    """A filter under a short name: `path` leads through links to a field, and takes that field's operators."""
    return Where(path, description, parameter, deprecated)


def test(operator: str, description: str, *, example: Any = None) -> Any:
    """A filter that looks at the whole record rather than at one column."""
    return Condition("", operator, Type("text"), description, "", example=example)


def projection(
    *, sort: str = "id", example: str = "", listed: bool = False, key: str = "id", flat: str = "", label: str = ""
) -> Callable[[type], Resource]:
    """Turn a class into the Resource that shows the entity of its name. Records begin with their id and their times.
    Children that are `listed` have a list of their own, in the order of `sort` and `key`. `flat` names the columns of
    children that flat rows of their record contain; unless it is given, those that are filtered by. `label` names the
    fields by which flat rows of other records describe such a record."""

    def project(cls: type) -> Resource:
        name = cls.__name__.lower()
        if name not in ENTITIES:
            raise TypeError(f"the model has no {name}: add it to api/model/__init__.py")
        entity = ENTITIES[name]
        is_record = bool(entity.prefix)
        record_fields: dict[str, Field] = {}
        if is_record:
            record_fields = {column: _stored_field(entity, column, parts) for column, parts in RECORD_FIELDS.items()}
        base = Resource(
            name=entity.name,
            description=(cls.__doc__ or entity.description).strip(),
            fields=record_fields,
            links={},
            wheres={},
            tests={},
            groups={},
            prefix=entity.prefix,
            sort=sort,
            example=example,
            listed=listed or is_record,
            key=key,
            label=tuple(label.split()),
        )
        resource = extended(base, cls)
        if is_record:
            return resource
        return replace(resource, flat=tuple(flat.split()) or _filter_columns(resource))

    return project


def _filter_columns(child: Resource) -> tuple[str, ...]:
    """Return the columns of children by which lists are filtered: fields, and then the ids of links to one."""
    columns = [field.name for field in child.fields.values() if field.operators and not field.listed]
    columns += [link.by for link in child.links.values() if link.single]
    return tuple(columns)


def listing(*, sort: str, key: str, table: str) -> Callable[[type], Resource]:
    """Turn a class into a Resource of rows that are no records: only a list, read from a `table` of the store."""

    def declare(cls: type) -> Resource:
        base = Resource(
            name=cls.__name__.lower(),
            description=(cls.__doc__ or "").strip(),
            fields={},
            links={},
            wheres={},
            tests={},
            groups={},
            sort=sort,
            listed=True,
            key=key,
            table=table,
        )
        return extended(base, cls)

    return declare


def extended(base: Resource, cls: type) -> Resource:
    """Return the resource with what a class and its bases declare beside it or in its place."""
    attributes: dict[str, Any] = {}
    for part in reversed(cls.__mro__):
        attributes.update(vars(part))
    typed = typed_fields(cls)
    fields, links, groups = dict(base.fields), dict(base.links), dict(base.groups)
    wheres, tests = dict(base.wheres), dict(base.tests)
    for name, declared in attributes.items():
        match declared:
            case Field():
                fields[name] = typed[name]
            case FieldOptions():
                fields[name] = _stored_field(_entity(base), name, declared.parts)
            case Link():
                links[name] = replace(declared, name=name)
            case LinkOptions():
                links[name] = _stored_link(_entity(base), name, declared.parts)
            case Where():
                wheres[name] = declared
            case Condition():
                tests[name] = replace(declared, name=name)
            case Group():
                groups[name] = replace(declared, name=name)
    # What only the list of children shows comes first there: it says where they belong.
    listed_first = sorted(fields.values(), key=lambda field: not field.listed)
    resource = replace(
        base,
        description=(cls.__doc__ or base.description).strip(),
        fields={field.name: field for field in listed_first},
        links=links,
        wheres=wheres,
        tests=tests,
        groups=groups,
    )
    _check_groups(resource)
    return resource


def _check_groups(resource: Resource) -> None:
    """Raise TypeError if a group names a field that records do not show."""
    for group in resource.groups.values():
        for name in group.keys.values():
            if name not in resource.fields or resource.fields[name].hidden:
                raise TypeError(f"{resource.name} groups {name!r}, which it does not show")


# What all records show, and how they are filtered and sorted by it.
RECORD_FIELDS: dict[str, dict[str, Any]] = {
    "id": {"operators": ("in",), "sort": True, "parameter": "ids"},
    "revision": {},
    "created_at": {},
    "updated_at": {"operators": ("gte", "lt"), "sort": True},
}


def _entity(base: Resource) -> Entity:
    if base.name not in ENTITIES:
        raise TypeError(f"the model has no {base.name}: declare its columns with `field`")
    return ENTITIES[base.name]


def _stored_field(entity: Entity, name: str, parts: dict[str, Any]) -> Field:
    if name not in entity.fields:
        raise TypeError(f"the {entity.name} of the model has no field {name}")
    stored = entity.fields[name]
    stored_parts = {part.name: getattr(stored, part.name) for part in dataclass_fields(Stored)}
    return Field(**(stored_parts | parts))


def _stored_link(entity: Entity, name: str, parts: dict[str, Any]) -> Link:
    if name not in entity.links:
        raise TypeError(f"the {entity.name} of the model has no link {name}")
    stored = entity.links[name]
    default = 20 if stored.kind == "children" else 10
    link = Link(name, stored.target, stored.description, stored.column, stored.kind, stored.nullable, default=default)
    return replace(link, **parts)
