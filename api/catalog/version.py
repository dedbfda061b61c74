"""A version put together: its resources, and every filter that they offer, found from fields, links and short names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from api.catalog.lifecycle import CURRENT, Lifecycle
from api.catalog.operators import OPERATORS
from api.catalog.resource import Condition, Field, Link, Resource, Where
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
    # How answers show what is uncertain, in Markdown.
    uncertainty: str = ""
    lifecycle: Lifecycle = CURRENT
    # How answers write the offset of UTC.
    utc: str = "Z"
    # Whether lists are exported as Parquet.
    parquet: bool = True
    # Whether callers can read it as it was known at a moment.
    history: bool = True
    # Whether the records of lists are counted by groups.
    counts: bool = True

    def __getitem__(self, name: str) -> Resource:
        if name in self.lists:
            return self.lists[name]
        return self.children[name]

    def owners(self, name: str) -> tuple[Resource, ...]:
        """Return the resources whose records own such children."""
        return _owners(self.resources, name)

    def listed_with(self, name: str) -> tuple[str, ...]:
        """Return the resources whose changes change a list: of records their own, of children those of their records,
        and of other rows those of all."""
        if name in self.resources:
            return (name,)
        owners = self.owners(name)
        if not owners:
            return tuple(self.resources)
        return tuple(owner.name for owner in owners)

    @cached_property
    def deprecates(self) -> bool:
        """True if something of it is deprecated."""
        return any(resource.deprecates for resource in (*self.lists.values(), *self.children.values()))

    def by_prefix(self, identifier: str) -> Resource | None:
        """Return the resource that an id belongs to, by its prefix."""
        prefix, _, _ = identifier.partition("_")
        for resource in self.resources.values():
            if resource.prefix == prefix:
                return resource
        return None


def version(
    name: str,
    declared: Iterable[Any],
    *,
    uncertainty: str = "",
    lifecycle: Lifecycle = CURRENT,
    utc: str = "Z",
    parquet: bool = True,
    history: bool = True,
    counts: bool = True,
) -> Version:
    """Put resources together, and find every filter that they offer."""
    resources: dict[str, Resource] = {resource.name: resource for resource in declared}
    for resource in resources.values():
        _check_targets(resources, resource)
    for resource in resources.values():
        _check_embedded(resources, resource, ())
        _check_fallbacks(resources, resource)
    records = {key: resource for key, resource in resources.items() if resource.prefix}
    children: dict[str, Resource] = {}
    lists: dict[str, Resource] = {}
    conditions = {}
    for key, resource in resources.items():
        if _owners(records, key):
            children[key] = resource
        if resource.listed:
            lists[key] = resource
        conditions[key] = _conditions(resources, resource) | _owner_conditions(records, resource)
    return Version(
        name=name,
        resources=records,
        children=children,
        lists=lists,
        conditions=conditions,
        uncertainty=uncertainty.strip(),
        lifecycle=lifecycle,
        utc=utc,
        parquet=parquet,
        history=history,
        counts=counts,
    )


def _check_targets(resources: dict[str, Resource], resource: Resource) -> None:
    """Raise TypeError if a link leads to a resource that the version does not list."""
    for link in resource.links.values():
        if link.target not in resources:
            raise TypeError(f"{resource.name}.{link.name} leads to {link.target}, which the version does not have")


def _check_embedded(resources: dict[str, Resource], resource: Resource, path: tuple[str, ...]) -> None:
    """Raise TypeError if the resource embeds itself, by itself or through others: such a record would have no end.
    `path` is the resources that embed this one."""
    path_here = (*path, resource.name)
    if resource.name in path:
        raise TypeError(f"{' shows '.join(path_here)} without end")
    for link in resource.links.values():
        if not link.embedded:
            continue
        if not link.single:
            raise TypeError(f"{resource.name}.{link.name} leads to many, which are not embedded")
        _check_embedded(resources, resources[link.target], path_here)


def _check_fallbacks(resources: dict[str, Resource], resource: Resource) -> None:
    """Raise TypeError if a fallback does not lead, by links to one, to what its link leads to."""
    for link in resource.links.values():
        if not link.fallback:
            continue
        target = resource
        for name in link.fallback.split("."):
            if name not in target.links or not target.links[name].single:
                raise TypeError(
                    f"{resource.name}.{link.name} falls back to {link.fallback}: {name!r} is no link to one"
                )
            target = resources[target.links[name].target]
        if not link.single or target.name != link.target:
            raise TypeError(f"{resource.name}.{link.name} falls back to a {target.name}")


def _owners(records: dict[str, Resource], name: str) -> tuple[Resource, ...]:
    return tuple(record for record in records.values() if _owns(record, name))


def _owns(record: Resource, name: str) -> bool:
    return any(link.owned and link.target == name for link in record.links.values())


def _owner_conditions(records: dict[str, Resource], resource: Resource) -> dict[tuple[str, str], Condition]:
    """Return the filters of a list of children by the ids of their records, `event_id`, unless they link to such a
    record."""
    conditions: dict[tuple[str, str], Condition] = {}
    if not resource.listed:
        return conditions
    link_columns = {link.by for link in resource.links.values()}
    for owner in _owners(records, resource.name):
        name = f"{owner.name}_id"
        if name in link_columns:
            continue
        description = f"The {owner.name} that contains the {resource.name}."
        conditions[name, "in"] = Condition(name, "in", Type("text", owner), description, "record_id", listed=True)
    return conditions


def _conditions(resources: dict[str, Resource], resource: Resource) -> dict[tuple[str, str], Condition]:
    """Return the filters of a resource by name and operator: on its fields, on the ids that it links by, on whole
    records, and under short names."""
    conditions: list[Condition] = []
    for field in resource.fields.values():
        kind = field.type
        if field.name == "id" and resource.prefix:
            kind = Type("text", resource)
        conditions += _field_conditions(field, kind)
    for link in resource.links.values():
        if link.kind in ("one", "several") and link.filtered:
            conditions += _link_conditions(resources[link.target], link)
    conditions += resource.tests.values()
    for name, where in resource.wheres.items():
        path = where.path.split(".")
        conditions += [_rename(condition, name, where) for condition in _path_conditions(resources, resource, path)]
    return {(condition.name, condition.operator): condition for condition in conditions}


def _rename(condition: Condition, name: str, where: Where) -> Condition:
    return replace(
        condition,
        name=name,
        description=where.description,
        parameter=where.parameter,
        deprecated=where.deprecated or condition.deprecated,
    )


def _field_conditions(field: Field, kind: Type) -> list[Condition]:
    conditions = []
    for operator in field.operators:
        if operator not in OPERATORS:
            raise TypeError(f"{field.name}: there is no operator {operator!r}")
        condition = Condition(
            field.name,
            operator,
            kind,
            field.description,
            field.read_from or field.name,
            parameter=field.parameter,
            example=field.example,
            format=field.format,
            deprecated=field.deprecated,
            listed=field.listed,
        )
        if operator in ("gte", "lt"):
            column = field.compared or condition.column
            condition = replace(condition, column=column, needs=field.needs, expects=field.expects)
        conditions.append(condition)
    return conditions


def _link_conditions(target: Resource, link: Link) -> list[Condition]:
    kind = Type("text", target, many=link.kind == "several")
    condition = Condition(link.by, "in", kind, link.description, link.by, deprecated=link.deprecated)
    if link.kind == "several":
        return [replace(condition, operator="has")]
    if link.nullable:
        return [condition, replace(condition, operator="null")]
    return [condition]


def _path_conditions(resources: dict[str, Resource], resource: Resource, path: list[str]) -> list[Condition]:
    """Return the conditions on the field at the end of a path, with the links that lead to it."""
    name, *rest = path
    if rest:
        link = resource.links[name]
        conditions = _path_conditions(resources, resources[link.target], rest)
        return [replace(condition, path=(link.name, *condition.path)) for condition in conditions]
    if name not in resource.wheres:
        resource = replace(resource, wheres={})
    by_key = _conditions(resources, resource)
    return [condition for condition in by_key.values() if condition.name == name and condition.operator != "null"]
