"""A version put together: its resources, and every filter that they offer, found from fields, links and short names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from api.catalog.lifecycle import CURRENT, Lifecycle
from api.catalog.operators import OPERATORS
from api.catalog.resource import Condition, Field, Link, Resource
from api.model import Type


@dataclass(frozen=True, eq=False)
class Version:
    """One version of the contract: a schema of views in Postgres, and the resources over it. Records have ids; children
    belong to records; `lists` are the resources that have a list: records, some children, and what is only a list."""

    name: str
    resources: dict[str, Resource]
    children: dict[str, Resource]
    lists: dict[str, Resource]
    conditions: dict[str, dict[tuple[str, str], Condition]]
    # How answers tell what is not sure, in Markdown.
    uncertainty: str = ""
    lifecycle: Lifecycle = CURRENT

    def __getitem__(self, name: str) -> Resource:
        return self.lists.get(name) or self.children[name]

    def owners(self, name: str) -> tuple[Resource, ...]:
        """The resources whose records own such children."""
        return _owners(self.resources, name)

    def listed_with(self, name: str) -> tuple[str, ...]:
        """The resources whose changes change a list: of records their own, of children those of their records, and of
        other rows those of all."""
        if name in self.resources:
            return (name,)
        return tuple(one.name for one in self.owners(name)) or tuple(self.resources)

    @cached_property
    def deprecates(self) -> bool:
        """Whether something of it is deprecated."""
        return any(one.deprecates for one in (*self.lists.values(), *self.children.values()))

    def by_prefix(self, identifier: str) -> Resource | None:
        """The resource that an id belongs to, by its prefix."""
        prefix, _, _ = identifier.partition("_")
        return next((one for one in self.resources.values() if one.prefix == prefix), None)


def version(name: str, declared: Iterable[Any], *, uncertainty: str = "", lifecycle: Lifecycle = CURRENT) -> Version:
    """Puts resources together, and finds every filter that they offer."""
    found: dict[str, Resource] = {one.name: one for one in declared}
    for one in found.values():
        _check_targets(found, one)
    for one in found.values():
        _check_embedded(found, one, ())
        _check_fallbacks(found, one)
    resources = {key: one for key, one in found.items() if one.prefix}
    return Version(
        name=name,
        resources=resources,
        children={key: one for key, one in found.items() if _owners(resources, key)},
        lists={key: one for key, one in found.items() if one.listed},
        conditions={key: {**_conditions(found, one), **_of_owners(resources, one)} for key, one in found.items()},
        uncertainty=uncertainty.strip(),
        lifecycle=lifecycle,
    )


def _check_targets(found: dict[str, Resource], own: Resource) -> None:
    """Raise TypeError if a link leads to a resource that the version does not list."""
    for link in own.links.values():
        if link.target not in found:
            raise TypeError(f"{own.name}.{link.name} leads to {link.target}, which the version does not have")


def _check_embedded(found: dict[str, Resource], own: Resource, way: tuple[str, ...]) -> None:
    """A record that always shows itself would have no end."""
    if own.name in way:
        raise TypeError(f"{' shows '.join((*way, own.name))} without end")
    for link in own.links.values():
        if link.embedded and not link.single:
            raise TypeError(f"{own.name}.{link.name} leads to many, which are not embedded")
        if link.embedded:
            _check_embedded(found, found[link.target], (*way, own.name))


def _check_fallbacks(found: dict[str, Resource], own: Resource) -> None:
    """Raise TypeError if a fallback does not lead, by links to one, to what its link leads to."""
    for link in own.links.values():
        at = own
        for name in link.fallback.split(".") if link.fallback else ():
            if name not in at.links or not at.links[name].single:
                raise TypeError(f"{own.name}.{link.name} falls back to {link.fallback}: {name!r} is no link to one")
            at = found[at.links[name].target]
        if link.fallback and (not link.single or at.name != link.target):
            raise TypeError(f"{own.name}.{link.name} falls back to a {at.name}")


def _owners(resources: dict[str, Resource], name: str) -> tuple[Resource, ...]:
    owning = {
        one.name for one in resources.values() for link in one.links.values() if link.owned and link.target == name
    }
    return tuple(one for one in resources.values() if one.name in owning)


def _of_owners(resources: dict[str, Resource], own: Resource) -> dict[tuple[str, str], Condition]:
    """The filters of a list of children by the ids of their records, `event_id`, unless they link to such a record."""
    taken = {link.by for link in own.links.values()}
    rows = [
        Condition(
            f"{one.name}_id",
            "in",
            Type("text", one),
            f"The {one.name} that they belong to.",
            "record_id",
            listed=True,
        )
        for one in _owners(resources, own.name)
        if own.listed and f"{one.name}_id" not in taken
    ]
    return {(row.name, row.operator): row for row in rows}


def _conditions(found: dict[str, Resource], own: Resource) -> dict[tuple[str, str], Condition]:
    rows = [row for item in own.fields.values() for row in _field_conditions(item)]
    if own.prefix:
        rows = [replace(row, type=Type("text", own)) if row.name == "id" else row for row in rows]
    for link in own.links.values():
        if link.kind in ("one", "several") and link.filtered:
            rows += _link_conditions(found[link.target], link)
    rows += own.tests.values()
    for name, short in own.wheres.items():
        rows += [
            replace(
                row,
                name=name,
                description=short.description,
                parameter=short.parameter,
                deprecated=short.deprecated or row.deprecated,
            )
            for row in _follow(found, own, short.path.split("."))
        ]
    return {(row.name, row.operator): row for row in rows}


def _field_conditions(item: Field) -> list[Condition]:
    for operator in item.operators:
        if operator not in OPERATORS:
            raise TypeError(f"{item.name}: there is no operator {operator!r}")
    return [
        Condition(
            item.name,
            operator,
            item.type,
            item.description,
            item.compared if item.compared and operator in ("gte", "lt") else item.read_from or item.name,
            needs=item.needs if operator in ("gte", "lt") else "",
            expects=item.expects if operator in ("gte", "lt") else (),
            parameter=item.parameter,
            example=item.example,
            format=item.format,
            deprecated=item.deprecated,
            listed=item.listed,
        )
        for operator in item.operators
    ]


def _link_conditions(target: Resource, link: Link) -> list[Condition]:
    if link.kind == "several":
        rows = [Condition(link.by, "has", Type("text", target, many=True), link.description, link.by)]
    else:
        operators = ("in", "null") if link.nullable else ("in",)
        rows = [Condition(link.by, one, Type("text", target), link.description, link.by) for one in operators]
    return [replace(row, deprecated=link.deprecated) for row in rows]


def _follow(found: dict[str, Resource], own: Resource, path: list[str]) -> list[Condition]:
    if len(path) == 1:
        rows = _conditions(found, replace(own, wheres={}) if path[0] not in own.wheres else own)
        return [row for row in rows.values() if row.name == path[0] and row.operator != "null"]
    link = own.links[path[0]]
    rows_there = _follow(found, found[link.target], path[1:])
    return [replace(row, path=(link.name, *row.path)) for row in rows_there]
