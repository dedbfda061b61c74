"""Every filter and every sort of every list has an index: with sequential scans off, no plan needs one.

A condition that only narrows what another index found (a box of latitudes, say) is held by that index's scan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

import api.query as q
from api.catalog import VERSIONS, Condition, Resource, Version
from api.compiler import compile
from api.query import EVERYTHING, Column, Entry, Filter, HasMore, Nodes, Page, Query, Rows, Search, Through, read_sort

VALUES: dict[str, Any] = {
    "text": ("x",),
    "vocabulary": ("x",),
    "timestamp": datetime(2022, 3, 6, tzinfo=UTC),
    "date": date(2022, 3, 6),
    "number": Decimal(5),
}
WHOLE: dict[str, Any] = {
    "is": True,
    "null": True,
    "bbox": (1.0, 2.0, 3.0, 4.0),
    "near": (1.0, 2.0, 3.0),
    "identifier": (("wikidata", "Q1"),),
}
# A quarter of the records is all that a yes-or-no narrows to, or most of them are: the list's own order serves these.
ORDERED = {"is", "null"}


def filter_of(condition: Condition) -> Filter:
    value = WHOLE.get(condition.operator, VALUES.get(condition.type.name))
    made: Filter = q.Test(condition.column, condition.operator, value, condition.type.name)
    for link in reversed(condition.path):
        made = Through(link, made)
    return made


def conditions() -> Iterator[Any]:
    for version in VERSIONS.values():
        for resource in version.resources.values():
            for condition in version.conditions[resource.name].values():
                name = f"{version.name}.{resource.name}.{condition.name}.{condition.operator}"
                yield pytest.param(version, resource, condition, id=name)


async def plan(owner: asyncpg.Connection, version: Version, resource: Resource, filter: Filter, sort: str) -> str:
    order = read_sort(resource, sort)
    assert order is not None
    selection = (Entry("nodes", Nodes((Entry("id", Column("id")),))), Entry("more", HasMore()))
    rows = Rows(resource.name, Page(50), order, selection, filter)
    statement = compile(Query(version.name, rows))
    async with owner.transaction():
        await owner.execute("set local enable_seqscan = off; set local plan_cache_mode = force_custom_plan")
        lines = await owner.fetch(f"explain {statement.sql}", *statement.arguments)
    # The latest changes are a handful of rows: reading them whole is how they should be read.
    return "\n".join(line[0] for line in lines if "Seq Scan on latest" not in line[0])


@pytest.mark.parametrize(("version", "resource", "condition"), list(conditions()))
async def test_a_filter_has_an_index(
    owner: asyncpg.Connection, version: Version, resource: Resource, condition: Condition
) -> None:
    found = await plan(owner, version, resource, filter_of(condition), resource.sort)
    assert "Seq Scan" not in found, found
    if condition.operator not in ORDERED:
        assert "Index Cond" in found, found


@pytest.mark.parametrize(
    ("version", "resource", "sort"),
    [
        pytest.param(v, r, f"{sign}{s}", id=f"{v.name}.{r.name}.{sign}{s}")
        for v in VERSIONS.values()
        for r in v.resources.values()
        for s in r.sortable
        for sign in ("", "-")
    ],
)
async def test_a_sort_reads_an_index_in_order(
    owner: asyncpg.Connection, version: Version, resource: Resource, sort: str
) -> None:
    field = resource.fields[sort.removeprefix("-")]
    filter: Filter = q.Test(field.needs, "in", ("killed",)) if field.needs else EVERYTHING
    found = await plan(owner, version, resource, filter, sort)
    inner = found[found.index("Limit") :]
    assert "Seq Scan" not in inner, found
    assert "Index" in inner, found


@pytest.mark.parametrize(
    ("version", "resource"),
    [(v, r) for v in VERSIONS.values() for r in v.resources.values() if r.searched],
    ids=lambda one: str(one.name),
)
async def test_a_search_has_an_index(owner: asyncpg.Connection, version: Version, resource: Resource) -> None:
    found = await plan(owner, version, resource, Search("shelling", "en"), resource.sort)
    assert f"{resource.name}_search" in found, found
