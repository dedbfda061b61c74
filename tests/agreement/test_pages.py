"""Pages by keyset: whatever is written between two pages, a record that does not change is seen once, and in order.

A cursor that was tampered with is refused, or is a position in the same list. It never makes the service fail.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from random import Random
from typing import Any

import asyncpg
import pytest

from api.query.parse import IDENTIFIER
from tests.agreement import dataset
from tests.agreement.conftest import Apis, open_apis
from tests.agreement.reference import Reference
from tests.agreement.rows import Rows
from tests.walking import bounded_walk


class Busy:
    """A store that is written to while it is read."""

    def __init__(self, connection: asyncpg.Connection[Any], apis: Apis, rows: dataset.Dataset) -> None:
        self.connection = connection
        self.apis = apis
        self.rows = rows

    async def write(self, table: str, column: str, values: list[Any], moving: list[str], random: Random) -> None:
        """Insert some records, move some to another place in the order, and withdraw one."""
        # The value of a figure depends on its bounds, so only figures without bounds are moved.
        movable = [row for row in self.rows.tables[table] if column != "value" or row["bounds_basis"] is None]
        rows = [dict(random.choice(movable)) for _ in range(3)]
        for row in rows:
            row["id"] = dataset.identifier(random, row["id"][:3])
            row["withdrawn"] = None
            if column != "id":
                row[column] = random.choice(values)
        await dataset.insert(self.connection, table, rows)
        for identifier in random.sample(moving, min(4, len(moving))):
            if column != "id":
                value = random.choice(values)
                new_values = {column: value} | ({"name_key": dataset.written_key(value)} if column == "name" else {})
                columns = ", ".join(f"{name} = new.{name}" for name in new_values)
                await self.connection.execute(
                    f"update store.{table} as stored set {columns}"
                    f" from jsonb_populate_record(null::store.{table}, $2) as new where stored.id = $1",
                    identifier,
                    json.dumps(new_values),
                )
        withdrawal = f"update store.{table} set withdrawn = 'moved', since = null where id = $1"
        await self.connection.execute(withdrawal, random.choice(moving))

    async def ids(self, table: str, where: str) -> list[str]:
        """Return the ids of the records that are there now."""
        return [row["id"] for row in await self.connection.fetch(f"select id from v1.{table} where {where}")]


@pytest.fixture(scope="session")
async def busy(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[Busy]:
    url = await new_store()
    rows = dataset.make(7)
    connection = await asyncpg.connect(url)
    await dataset.write(connection, rows)
    # These writes bypass the change log, which marks kept answers as outdated.
    async with open_apis(url, answer_memory=0) as apis:
        yield Busy(connection, apis, rows)
    await connection.close()


DAYS = [None, None, "2022-02-25T00:00:00+00:00", "2022-02-26T00:00:00+00:00", "2022-02-26T12:00:00.123456+00:00"]
LATER = [None, None, "2022-03-05T00:00:00+00:00", "2022-03-05T00:00:00.1+00:00", "2022-03-09T00:00:00+00:00"]
# Table, the field that orders it, its column, the values that a record may move to, and the filter of the list in
# GraphQL and in SQL.
ORDERS: list[tuple[str, str, str, list[Any], str, str]] = [
    ("event", "ENDS_AT", "ends_at", LATER, "", "true"),
    ("event", "ID", "id", [], "", "true"),
    ("quote", "UPDATED_AT", "updated_at", DAYS[2:], "", "true"),
    ("document", "PUBLISHED_AT", "published_at", DAYS, "", "true"),
    ("source", "NAME", "name", ["Zürich", "zurich", "Zurich", "Київ", "😀", "O'Hara", 'a "b" \\'], "", "true"),
    (
        "figure",
        "VALUE",
        "value",
        [0, 0, 364, 364.0, 364.5, "999999999999999.999999"],
        "filter: {measure: {in: KILLED}}",
        "measure = 'killed'",
    ),
    ("figure", "AS_OF", "as_of", [None, "2022-03-05", "2022-03-06"], "", "true"),
]


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order[0]}s-by-{order[2]}")
async def test_unchanged_records_are_seen_once_while_others_change(
    busy: Busy, order: tuple[str, str, str, list[Any], str, str], direction: str, backward: bool
) -> None:
    table, name, column, values, filter, where = order
    random = Random(f"{order} {direction} {backward}")
    ids = sorted(await busy.ids(table, where))
    free = await busy.ids(table, f"{where} and bounds_basis is null") if column == "value" else ids
    moving = random.sample(sorted(free), len(free) // 4)
    stable = set(ids) - set(moving)
    order_column = {"value": "value_floor", "name": "name_key"}.get(column, column)
    way = "desc" if direction == "DESC" else "asc"
    rows_in_order = await busy.connection.fetch(
        f"select id from v1.{table} where id = any($1) order by {order_column} {way} nulls last, id {way}",
        sorted(stable),
    )
    identifiers: list[str] = []
    cursor = None
    for _ in bounded_walk():
        first, after = ("last", "before") if backward else ("first", "after")
        text = (
            f"query ($size: Int, $at: String) {{ {table}s({first}: $size, {after}: $at, {filter}"
            f" orderBy: {{field: {name}, direction: {direction}}})"
            " { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
        )
        size = random.choice([1, 7, 30, 60])
        _, answer = await busy.apis.graphql(text, {"size": size, "at": cursor})
        connection = answer["data"][f"{table}s"]
        page, page_info = [node["id"] for node in connection["nodes"]], connection["pageInfo"]
        assert len(page) <= size
        identifiers = page + identifiers if backward else identifiers + page
        if not page_info["hasPreviousPage" if backward else "hasNextPage"]:
            break
        cursor = page_info["startCursor" if backward else "endCursor"]
        await busy.write(table, column, values, moving, random)
    unmoved = [identifier for identifier in identifiers if identifier not in moving]
    assert len(unmoved) == len(set(unmoved))
    assert [identifier for identifier in identifiers if identifier in stable] == [row["id"] for row in rows_in_order]


async def test_a_page_before_the_first_of_a_page_is_the_page_before_it(apis: Apis, reference: Reference) -> None:
    for kind, order in (
        ("event", "{field: STARTS_AT, direction: DESC}"),
        ("event", "{field: STARTS_AT}"),
        ("source", "{field: NAME}"),
        ("document", "{field: PUBLISHED_AT}"),
        ("quote", "{field: RELEVANCE}"),
    ):
        filter = 'filter: {search: {text: "shelling or corridor or city"}},' if "REL" in order else ""
        pages = []
        cursor = "null"
        for _ in bounded_walk():
            page = await _page(apis, kind, f"first: 17, after: {cursor}, {filter} orderBy: {order}")
            pages.append(page)
            cursor = json.dumps(page["pageInfo"]["endCursor"])
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert len(pages) > 1
        for page, following in pairwise(pages):
            before = json.dumps(following["edges"][0]["cursor"])
            again = await _page(apis, kind, f"last: 17, before: {before}, {filter} orderBy: {order}")
            assert again["edges"] == page["edges"]
            assert again["pageInfo"]["hasNextPage"] is True
            assert again["pageInfo"]["hasPreviousPage"] is (page is not pages[0])
            ends = [page["edges"][0]["cursor"], page["edges"][-1]["cursor"]]
            assert [again["pageInfo"]["startCursor"], again["pageInfo"]["endCursor"]] == ends


async def _page(apis: Apis, kind: str, arguments: str) -> dict[str, Any]:
    page_info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    status, answer = await apis.graphql(
        f"{{ {kind}s({arguments}) {{ edges {{ cursor node {{ id }} }} {page_info} }} }}"
    )
    assert status == 200, answer
    page: dict[str, Any] = answer["data"][f"{kind}s"]
    return page


async def test_an_empty_page_has_no_cursors_and_says_so(apis: Apis) -> None:
    for arguments in ("first: 3", "last: 3"):
        page = await _page(apis, "event", f'{arguments}, filter: {{country: {{in: "CH"}}}}')
        page_info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
        assert page == {"edges": [], "pageInfo": page_info}
    _, page = await apis.rest("/events", {"country": "CH", "count": "exact"})
    about = {"next_cursor": None, "has_more": False, "total": 0, "total_quality": "exact"}
    assert page["data"] == []
    assert {name: page["page"][name] for name in about} == about


LISTS = [
    {"path": "/events"},
    {"path": "/events", "sort": "ends_at"},
    {"path": "/figures", "measure": "killed", "sort": "-value"},
    {"path": "/figures", "sort": "as_of"},
    {"path": "/sources", "sort": "-name"},
    {"path": "/places"},
    {"path": "/quotes", "q": "corridor", "sort": "relevance"},
]


def _path_and_parameters(listing: dict[str, str]) -> tuple[str, dict[str, str]]:
    return listing["path"], {name: text for name, text in listing.items() if name != "path"} | {"limit": "3"}


@pytest.mark.parametrize("listing", LISTS, ids=lambda listing: " ".join(listing.values()))
async def test_a_flipped_bit_makes_a_cursor_invalid_or_another_position_in_its_list(
    apis: Apis, stored_rows: Rows, listing: dict[str, str]
) -> None:
    path, parameters = _path_and_parameters(listing)
    _, page = await apis.rest(path, parameters)
    cursor = page["page"]["next_cursor"]
    mark = read_cursor(cursor)[0]
    random = Random(cursor)
    refusals = 0
    for _ in range(150):
        place, bit = random.randrange(len(cursor)), random.randrange(7)
        flipped = cursor[:place] + chr(ord(cursor[place]) ^ 1 << bit) + cursor[place + 1 :]
        if chr(0) in flipped:
            continue
        status, answer = await apis.rest(path, {**parameters, "cursor": flipped})
        if status == 400:
            assert answer["code"] == "invalid_cursor", (flipped, answer)
            refusals += 1
        else:
            assert status == 200
            read_mark, _, identifier = read_cursor(flipped)
            assert read_mark == mark and IDENTIFIER.fullmatch(identifier)
    assert refusals > 60


def read_cursor(cursor: str) -> Any:
    return json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


def write_cursor(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


KEYS: list[Any] = [
    *(
        None,
        True,
        5,
        0.5,
        [],
        {},
        "",
        "x",
        "NaN",
        "Infinity",
        "-inf",
        "1e999",
        "1e38",
        "-1e38",
        "3.5e38",
        "1_0",
        "1e400",
    ),
    *("0001-01-01", "0001-01-01 00:00:00+14", "9999-12-31 23:59:59-14", "9999-12-31 23:59:59.999999+00", "infinity"),
    *("-4712-01-01", "294277-01-01 00:00:00+00", "2022-03-06T12:00:00", "2022-W10-7", "12:00", "9" * 40, "9" * 400),
    *("0." + "0" * 39 + "1", "😀" * 900, "a\x00b", "\ud800", "'; drop table store.event --"),
]


@pytest.mark.parametrize("listing", LISTS, ids=lambda listing: " ".join(listing.values()))
async def test_a_forged_cursor_is_a_position_or_is_refused(apis: Apis, listing: dict[str, str]) -> None:
    path, parameters = _path_and_parameters(listing)
    _, page = await apis.rest(path, parameters)
    mark, key, identifier = read_cursor(page["page"]["next_cursor"])
    forged = [write_cursor(mark, key, identifier) for key in KEYS]
    forged += [
        write_cursor(mark, key, value)
        for value in (None, 5, "", "evt_", "x" * 500, identifier.upper(), identifier + "0")
    ]
    other = [
        mark.replace(apis.version.name, "v9"),
        mark + "0",
        mark[:-1],
        "",
        None,
        5,
        mark.replace(path[1:-1], "briefing"),
    ]
    invalid = [write_cursor(other_mark, key, identifier) for other_mark in other] + ["A" * 4000, "W10", "bnVsbA", "MQ"]
    for cursor in forged + invalid:
        status, answer = await apis.rest(path, {**parameters, "cursor": cursor})
        assert status == 200 or (status, answer["code"]) == (400, "invalid_cursor"), (read_cursor(cursor), answer)
        assert status == 400 or cursor in forged


async def test_a_huge_cursor_is_refused(apis: Apis) -> None:
    for cursor in ("A" * 60_000, "W1tb" * 15_000, write_cursor(f"{apis.version.name}.event", "x" * 40_000, "y")):
        status, answer = await apis.graphql(
            "query ($at: String) { events(after: $at) { nodes { id } } }", {"at": cursor}
        )
        assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "invalid_cursor")
