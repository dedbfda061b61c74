"""The words that a version is declared in.

A version shows records and children of the model (api/model): `projection` turns a class into the Resource that shows
the entity of its name. `shown` shows a stored field, and `linked` a link, with the type and the description of the
model unless the version says otherwise. `field`, `group`, `many`, `where` and `test` declare what only the version has.
Links name their target, so that no module imports another in a circle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
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
    said = {"description": description, "format": format}
    return FieldOptions(
        {
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
            **{name: value for name, value in said.items() if value is not None},
        }
    )


def linked(*, embedded: bool = False, fallback: str = "", deprecated: str = "", description: str | None = None) -> Any:
    """A link of the model. What an `embedded` one leads to is always shown whole. Where a link to one has no id,
    filters and maps take the record at the end of `fallback`, a path of links to one."""
    said = {"description": description} if description is not None else {}
    return LinkOptions({"embedded": embedded, "fallback": fallback, "deprecated": deprecated, **said})


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
    *, sort: str = "id", example: str = "", listed: bool = False, key: str = "id", flat: str = ""
) -> Callable[[type], Resource]:
    """Turn a class into the Resource that shows the entity of its name. Records begin with their id and their times.
    Children that are `listed` have a list of their own, in the order of `sort` and `key`. `flat` names the columns of
    children that flat rows of their record contain; unless it is given, those that are filtered by."""

    def project(cls: type) -> Resource:
        name = cls.__name__.lower()
        if name not in ENTITIES:
            raise TypeError(f"the model has no {name}: add it to api/model/__init__.py")
        entity = ENTITIES[name]
        is_record = bool(entity.prefix)
        own = {name: _field(entity, name, parts) for name, parts in RECORD_FIELDS.items()} if is_record else {}
        described = (cls.__doc__ or entity.description).strip()
        bare = Resource(
            entity.name, described, own, {}, {}, {}, {}, entity.prefix, sort, example, listed or is_record, key
        )
        made = extended(bare, cls)
        return made if is_record else replace(made, flat=tuple(flat.split()) or _filtered(made))

    return project


def _filtered(child: Resource) -> tuple[str, ...]:
    """The columns of children by which lists are filtered: fields, and then the ids of links to one."""
    names = [field.name for field in child.fields.values() if field.operators and not field.listed]
    return (*names, *(link.by for link in child.links.values() if link.single))


def listing(*, sort: str, key: str, table: str) -> Callable[[type], Resource]:
    """Turn a class into a Resource of rows that are no records: only a list, read from a `table` of the store."""

    def declare(cls: type) -> Resource:
        bare = Resource(
            cls.__name__.lower(), (cls.__doc__ or "").strip(), {}, {}, {}, {}, {}, "", sort, "", True, key, table
        )
        return extended(bare, cls)

    return declare


def extended(base: Resource, cls: type) -> Resource:
    """Return the resource with what a class, and those that it is made of, declare beside it or in its place."""
    own = {key: item for part in reversed(cls.__mro__) for key, item in vars(part).items()}
    typed = typed_fields(cls)

    def of(kind: Any) -> dict[str, Any]:
        return {key: replace(item, name=key) for key, item in own.items() if isinstance(item, kind)}

    declared_fields = {
        key: typed[key] if isinstance(item, Field) else _field(_entity(base), key, item.parts)
        for key, item in own.items()
        if isinstance(item, Field | FieldOptions)
    }
    links = {
        key: replace(item, name=key) if isinstance(item, Link) else _link(_entity(base), key, item.parts)
        for key, item in own.items()
        if isinstance(item, Link | LinkOptions)
    }
    made = replace(
        base,
        description=(cls.__doc__ or base.description).strip(),
        # What only the list of children shows comes first there: it says where they belong.
        fields=dict(sorted((base.fields | declared_fields).items(), key=lambda item: not item[1].listed)),
        links=base.links | links,
        wheres=base.wheres | {key: item for key, item in own.items() if isinstance(item, Where)},
        tests=base.tests | of(Condition),
        groups=base.groups | of(Group),
    )
    for name in (name for one in made.groups.values() for name in one.keys.values()):
        if name not in made.fields or made.fields[name].hidden:
            raise TypeError(f"{made.name} groups {name!r}, which it does not show")
    return made


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


def _field(entity: Entity, name: str, parts: dict[str, Any]) -> Field:
    if name not in entity.fields:
        raise TypeError(f"the {entity.name} of the model has no field {name}")
    stored = entity.fields[name]
    return Field(**({one.name: getattr(stored, one.name) for one in fields(Stored)} | parts))


def _link(entity: Entity, name: str, parts: dict[str, Any]) -> Link:
    if name not in entity.links:
        raise TypeError(f"the {entity.name} of the model has no link {name}")
    stored = entity.links[name]
    default = 20 if stored.kind == "children" else 10
    made = Link(name, stored.target, stored.description, stored.column, stored.kind, stored.nullable, default=default)
    return replace(made, **parts)
