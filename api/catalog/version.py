"""A version put together: its resources, and every filter that they offer, found from fields, links and short names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from api.catalog.declaration import Condition, Field, Link, Resource, Type
from api.catalog.lifecycle import CURRENT, Lifecycle
from api.catalog.operators import OPERATORS


@dataclass(frozen=True, eq=False)
class Version:
    """One version of the contract: a schema of views in Postgres, and the resources over it."""

    name: str
    resources: dict[str, Resource]
    children: dict[str, Resource]
    conditions: dict[str, dict[tuple[str, str], Condition]]
    # How answers tell what is not sure, in Markdown.
    uncertainty: str = ""
    lifecycle: Lifecycle = CURRENT

    def __getitem__(self, name: str) -> Resource:
        return self.resources.get(name) or self.children[name]

    @cached_property
    def deprecates(self) -> bool:
        """Whether something of it is deprecated."""
        return any(one.deprecates for one in (*self.resources.values(), *self.children.values()))

    def by_prefix(self, identifier: str) -> Resource | None:
        """The resource that an id belongs to, by its prefix."""
        prefix, _, _ = identifier.partition("_")
        return next((one for one in self.resources.values() if one.prefix == prefix), None)


def version(name: str, declared: Iterable[Any], *, uncertainty: str = "", lifecycle: Lifecycle = CURRENT) -> Version:
    """Puts resources together, and finds every filter that they offer."""
    found: dict[str, Resource] = {one.name: one for one in declared}
    for one in found.values():
        _check_embedded(found, one, ())
        _check_fallbacks(found, one)
    return Version(
        name=name,
        resources={key: one for key, one in found.items() if one.prefix},
        children={key: one for key, one in found.items() if not one.prefix},
        conditions={key: _conditions(found, one) for key, one in found.items()},
        uncertainty=uncertainty.strip(),
        lifecycle=lifecycle,
    )


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


def _conditions(found: dict[str, Resource], own: Resource) -> dict[tuple[str, str], Condition]:
    rows = [row for item in own.fields.values() for row in _field_conditions(item)]
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
            expects=item.expects if operator in ("gte", "lt") else "",
            parameter=item.parameter,
            example=item.example,
            format=item.format,
            deprecated=item.deprecated,
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
