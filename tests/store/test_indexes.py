"""Every filter, every sort and every search of every list is served by an index.

Plans are made over empty tables, where the planner's estimates say nothing. So the tests switch off all other plans:
filters and searches may only use bitmap scans, which cannot read an index without a condition. Sorts may use neither
sequential nor bitmap scans, nor sort. A plan that is of another kind nevertheless has no index. Ascending lists read
the rows with and without a key separately, each below a limit of its own, and sort those few rows.

Each check is proven on the list itself: once the index that it found is dropped, it finds none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

import asyncpg
import pytest

import api.query as q
from api.catalog import VERSIONS, Condition, Resource, Version
from api.compiler import compile_query
from api.query import (
    EVERYTHING,
    ColumnField,
    Exists,
    Filter,
    HasMore,
    Item,
    ListQuery,
    Nodes,
    Page,
    Query,
    Search,
    read_sort,
)

VALUES: dict[str, Any] = {
    "text": ("x",),
    "vocabulary": ("x",),
    "timestamp": datetime(2022, 3, 6, tzinfo=UTC),
    "date": date(2022, 3, 6),
    "number": Decimal(5),
    "integer": 5,
}
WHOLE: dict[str, Any] = {
    "is": True,
    "null": True,
    "bbox": (1.0, 2.0, 3.0, 4.0),
    "near": (1.0, 2.0, 3.0),
    "identifier": (("wikidata", "Q1"),),
    "subject": (("medtop", "16000000"),),
}
# The columns that a condition compares, if they are not its own.
COMPARED = {
    "bbox": {"latitude", "longitude"},
    "near": {"latitude", "longitude"},
    "value.gte": {"value_floor"},
    "value.lt": {"value_floor"},
    "change.after": {"seq"},
    "number.after": {"seq"},
    "known_from.gte": {"at"},
    "known_from.lt": {"at"},
    "withdrawn_at.gte": {"recorded_at"},
    "withdrawn_at.lt": {"recorded_at"},
}
# Most of the rows that a record owns lack a value, so the list in its own order soon finds records with such a row.
UNINDEXED = {"citations.certainty.null", "citations.medium.null"}
# The same in the list of citations. Withdrawals after a number are read in the order of the list, and the tests of
# sorts cover that index. A bitmap scan may also take the index by resource, because it contains the number too.
UNINDEXED_LISTS = {("citation", "certainty.null"), ("citation", "medium.null"), ("withdrawal", "change.after")}
ONLY_BITMAPS = ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan")
ONLY_IN_ORDER = ("enable_seqscan", "enable_bitmapscan", "enable_sort")
# More indexes than any one filter or sort has.
MANY = 8

Plan = dict[str, Any]


# The plans.


def nodes(plan: Plan) -> Iterator[Plan]:
    """Yield the nodes of a plan, from the root down."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def plan_of_list(
    owner: asyncpg.Connection,
    version: Version,
    resource: Resource,
    off: tuple[str, ...],
    *,
    filter: Filter = EVERYTHING,
    sort: str = "",
) -> Plan:
    """Return the plan of the scan that finds a page's rows: the first limit of the statement and what is below it."""
    order = read_sort(resource, sort or resource.sort)
    assert order is not None
    selection = (Item("nodes", Nodes((Item("key", ColumnField(resource.key)),))), Item("more", HasMore()))
    statement = compile_query(Query(version.name, ListQuery(resource.name, Page(50), order, selection, filter)))
    async with owner.transaction():
        await owner.execute("set local plan_cache_mode = force_custom_plan")
        for setting in off:
            await owner.execute(f"set local {setting} = off")
        text = await owner.fetchval(f"explain (format json) {statement.sql}", *statement.arguments)
    return next(node for node in nodes(json.loads(text)[0]["Plan"]) if node["Node Type"] == "Limit")


def scans(plan: Plan) -> list[Plan]:
    """Return the nodes that read a table, and those that read an index for one of them."""
    return [node for node in nodes(plan) if "Relation Name" in node or "Index Name" in node]


async def columns_served(owner: asyncpg.Connection, scan: Plan, extra_column: str = "") -> set[str]:
    """Return the columns by which a scan of an index narrows: the leading ones with a condition, and those of its
    predicate. The column `given` counts as one with a condition, because callers always name it too."""
    row = await owner.fetchrow(
        """select array(select pg_get_indexdef(indexrelid, n, true) from generate_series(1, indnkeyatts) n) as keys,
                  coalesce(pg_get_expr(indpred, indrelid), '') as predicate
           from pg_index where indexrelid = ('store.' || $1)::regclass""",
        scan["Index Name"],
    )
    assert row is not None
    compared_columns = words(scan.get("Index Cond", ""))
    leading = takewhile(lambda key: words(key) & (compared_columns | {extra_column}), row["keys"])
    return words(" ".join(leading)) | (words(row["predicate"]) - {"withdrawn"})


def words(expression: str) -> set[str]:
    """Return the names in an expression of SQL, without its strings."""
    return set(re.findall(r"[a-z_]\w*", re.sub(r"'[^']*'", "", expression)))


# The index of a filter, a sort or a search. Each function returns its name; None if there is none.


async def index_of_filter(
    owner: asyncpg.Connection, version: Version, resource: Resource, condition: Condition
) -> str | None:
    plan = await plan_of_list(owner, version, resource, ONLY_BITMAPS, filter=filter_of(condition))
    if any(scan["Node Type"] not in ("Bitmap Heap Scan", "Bitmap Index Scan") for scan in scans(plan)):
        return None
    indexes = [scan for scan in scans(plan) if "Index Name" in scan]
    columns_by_index = {scan["Index Name"]: await columns_served(owner, scan, condition.needs) for scan in indexes}
    if not all(columns_by_index.values()):  # one of them is read completely
        return None
    columns = columns_of(condition)
    return next((name for name, columns_of_index in columns_by_index.items() if columns <= columns_of_index), None)


async def index_of_sort(owner: asyncpg.Connection, version: Version, resource: Resource, sort: str) -> str | None:
    field = resource.fields[sort.removeprefix("-")]
    filter: Filter = q.Test(field.needs, "in", ("killed",)) if field.needs else EVERYTHING
    plan = await plan_of_list(owner, version, resource, ONLY_IN_ORDER, filter=filter, sort=sort)
    limited_scans = [child for node in nodes(plan) if node["Node Type"] == "Limit" for child in node.get("Plans", ())]
    # The lookups of the view for each row do not affect the order.
    looked_up = [scan for node in nodes(plan) if node.get("Parent Relationship") == "SubPlan" for scan in scans(node)]
    plain_scans = [scan for scan in scans(plan) if scan not in looked_up]
    if not all(
        scan["Node Type"] in ("Index Scan", "Index Only Scan") and scan in limited_scans for scan in plain_scans
    ):
        return None
    names = {scan["Index Name"] for scan in plain_scans}
    return names.pop() if len(names) == 1 else None


async def index_of_search(owner: asyncpg.Connection, version: Version, resource: Resource) -> str | None:
    plan = await plan_of_list(owner, version, resource, ONLY_BITMAPS, filter=Search("shelling", "en"))
    names = [scan["Index Name"] for scan in scans(plan) if "@@" in scan.get("Index Cond", "")]
    return names[0] if names else None


def filter_of(condition: Condition) -> Filter:
    value = WHOLE.get(condition.operator, VALUES.get(condition.type.name))
    test: Filter = q.Test(condition.column, condition.operator, value, condition.type.name)
    for link in reversed(condition.path):
        test = Exists(link, test)
    return test


def columns_of(condition: Condition) -> set[str]:
    own = COMPARED.get(condition.operator) or COMPARED.get(f"{condition.column}.{condition.operator}")
    return own or {condition.column}


async def drop_one_after_the_other(owner: asyncpg.Connection, find: Callable[[], Awaitable[str | None]]) -> list[str]:
    """Drop each index that `find` names until it names none, within a transaction that leaves them in place."""
    dropped: list[str] = []
    transaction = owner.transaction()
    await transaction.start()
    try:
        while name := await find():
            assert len(dropped) < MANY, f"the check names {name} after {', '.join(dropped)} were dropped"
            table = await owner.fetchval(
                "select conrelid::regclass::text from pg_constraint where conindid = ('store.' || $1)::regclass"
                " and contype in ('p', 'u')",
                name,
            )
            drop = f"alter table {table} drop constraint {name} cascade" if table else f"drop index store.{name}"
            await owner.execute(drop)
            dropped.append(name)
    finally:
        await transaction.rollback()
    return dropped


# The filters, sorts and searches of all lists.


def filters() -> Iterator[Any]:
    """Yield each filter of each list, with those of the rows that its records own (`citations.stance`)."""
    for version in VERSIONS.values():
        for resource in version.lists.values():
            conditions = list(version.conditions[resource.name].values())
            for link in resource.links.values():
                if link.owned:
                    owned = version.conditions[link.target].values()
                    conditions += [replace(condition, path=(link.name, *condition.path)) for condition in owned]
            for condition in conditions:
                name = ".".join((*condition.path, condition.column, condition.operator))
                if name not in UNINDEXED and (resource.name, name) not in UNINDEXED_LISTS:
                    id_ = f"{version.name}.{resource.name}.{condition.name}:{name}"
                    yield pytest.param(version, resource, condition, id=id_)


SORTS = [
    pytest.param(version, resource, f"{sign}{name}", id=f"{version.name}.{resource.name}.{sign}{name}")
    for version in VERSIONS.values()
    for resource in version.lists.values()
    for name in resource.sortable
    for sign in ("", "-")
]
SEARCHED = [
    pytest.param(version, resource, id=f"{version.name}.{resource.name}")
    for version in VERSIONS.values()
    for resource in version.resources.values()
    if resource.searched
]


@pytest.mark.parametrize(("version", "resource", "condition"), list(filters()))
async def test_a_filter_has_an_index_and_none_once_it_is_dropped(
    owner: asyncpg.Connection, version: Version, resource: Resource, condition: Condition
) -> None:
    assert await drop_one_after_the_other(owner, lambda: index_of_filter(owner, version, resource, condition))


@pytest.mark.parametrize(("version", "resource", "sort"), SORTS)
async def test_a_sort_reads_an_index_in_order_and_none_once_it_is_dropped(
    owner: asyncpg.Connection, version: Version, resource: Resource, sort: str
) -> None:
    assert await drop_one_after_the_other(owner, lambda: index_of_sort(owner, version, resource, sort))


@pytest.mark.parametrize(("version", "resource"), SEARCHED)
async def test_a_search_has_an_index_and_none_once_it_is_dropped(
    owner: asyncpg.Connection, version: Version, resource: Resource
) -> None:
    assert await drop_one_after_the_other(owner, lambda: index_of_search(owner, version, resource))
