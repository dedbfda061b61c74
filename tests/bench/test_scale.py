"""docs/scale.md calculates with figures of the project. Each is that of its source, and each equation is right."""

from __future__ import annotations

import ast
import asyncio
import operator
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis.asyncio

from api.access.limits.limits import Quota
from api.access.limits.redis_connection import TRIP_SECONDS
from api.access.limits.redis_limits import RedisLimits
from api.access.plan import Plan
from api.http.responses import VALIDATED
from api.ingest.load import load
from api.settings import Settings
from api.store import connection, load_transaction
from tests.access.limits.server import running
from tests.clients import ROOT
from tests.conftest import SAMPLE
from tests.replicas.test_routing import PRIMARY_SHARE

PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
EQUATION = re.compile(r"`([^`=]+) = ([\d.,]+)`")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Units and the number one need no source.
UNITS = {1, 1_000, 1_000_000, 1_024, 86_400}
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Figure:
    """A row of the table of figures: its value, and where it is from."""

    name: str
    value: float
    kind: str
    place: str


def read_tables(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each row of the tables of a page, with the header of its table."""
    header: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not header:
            header = cells
        elif not re.fullmatch(r"-+", cells[0]):
            yield header, cells


def read_number(text: str) -> float:
    """Return the number at the beginning of a text."""
    match = NUMBER.match(text)
    assert match, f"no number: {text!r}"
    return float(match[0].replace(",", ""))


def list_figures(page: str) -> list[Figure]:
    """Return the figures of the page."""
    figures = []
    for header, cells in read_tables(page):
        if header[-1] == "source":
            name, value, source = cells
            kind, _, place = source.partition(": ")
            figures.append(Figure(name, read_number(value), kind, place))
    return figures


def list_assumptions(page: str) -> set[float]:
    """Return the numbers that the page assumes."""
    numbers: set[float] = set()
    for header, cells in read_tables(page):
        if header[-1] == "assumption":
            numbers |= {read_number(text) for text in cells[0].split(", ")}
    return numbers


def evaluate(expression: str) -> float:
    """Return the value of an expression of numbers, parentheses and the four operations."""
    text = expression.replace("×", "*").replace("−", "-").replace(",", "")

    def value_of(node: ast.expr) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        assert isinstance(node, ast.BinOp), f"not a calculation: {expression}"
        return OPERATORS[type(node.op)](value_of(node.left), value_of(node.right))

    return value_of(ast.parse(text, mode="eval").body)


def find_faults(page: str) -> list[str]:
    """Return the equations of the page that are wrong, or that calculate with a number of unknown origin: neither a
    figure, nor an assumption, nor the result of an equation before."""
    known = UNITS | {figure.value for figure in list_figures(page)} | list_assumptions(page)
    faults = []
    for expression, result in EQUATION.findall(page):
        decimals = len(result.partition(".")[2])
        if abs(evaluate(expression) - read_number(result)) > 0.5001 * 10**-decimals:
            faults.append(f"{expression} is {evaluate(expression)}, not {result}")
        numbers = map(read_number, NUMBER.findall(expression))
        faults += [f"{expression}: where is {number:g} from?" for number in numbers if number not in known]
        known.add(read_number(result))
    return faults


def look_up_measured(place: str) -> float:
    """Return a figure of RESULTS.md: the cells that its row begins with, and the name of its column."""
    *labels, column = place.split("; ")
    results = (ROOT / "tests" / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    rows = [
        cells[header.index(column)]
        for header, cells in read_tables(results)
        if cells[: len(labels)] == labels and column in header
    ]
    assert len(rows) == 1, f"{len(rows)} rows for {place}"
    return read_number(rows[0])


def look_up_capacity(place: str) -> float:
    """Return a figure of docs/capacity.md."""
    page = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
    (value,) = (cells[1] for _, cells in read_tables(page) if cells[0] == place)
    return read_number(value)


def look_up_constant(module: str, place: str) -> float:
    """Return a constant of the code."""
    value: Any = import_module(module)
    for name in place.split("."):
        value = getattr(value, name)
    return float(value)


def look_up_default(place: str) -> float:
    """Return the default of a setting."""
    return float(Settings.model_fields[place].default)


LOOK_UPS = {"RESULTS.md": look_up_measured, "capacity.md": look_up_capacity, "setting": look_up_default}
FIGURES = list_figures(PAGE)
COUNTED = {figure.place: figure.value for figure in FIGURES if figure.kind == "counted"}


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure.kind != "counted"], ids=lambda it: it.place)
def test_each_figure_is_that_of_its_source(figure: Figure) -> None:
    look_up = LOOK_UPS.get(figure.kind)
    measured = look_up(figure.place) if look_up else look_up_constant(figure.kind, figure.place)
    assert figure.value == measured, f"docs/scale.md has {figure.value:g} for {figure.name}"


def test_the_page_names_the_machine_of_the_results() -> None:
    results = (ROOT / "tests" / "bench" / "RESULTS.md").read_text(encoding="utf-8")
    machine = re.search(r"^- Machine: (.+)\.$", results, re.M)
    assert machine and machine[1] in " ".join(PAGE.split())


def test_the_page_quotes_the_header_that_answers_have() -> None:
    name, value = VALIDATED.control
    assert (name, f"`Cache-Control: {value.decode()}`" in PAGE) == (b"cache-control", True)


def test_each_equation_is_right_and_uses_known_numbers() -> None:
    assert len(EQUATION.findall(PAGE)) > 40
    assert find_faults(PAGE) == []


def test_the_summary_names_results_of_the_page() -> None:
    known = {read_number(result) for _, result in EQUATION.findall(PAGE)} | list_assumptions(PAGE)
    bounds = [cells[1] for header, cells in read_tables(PAGE) if header[1:2] == ["gives out at"]]
    assert len(bounds) == 6
    for bound in bounds:
        assert {read_number(number) for number in NUMBER.findall(bound)} <= known, bound


@pytest.mark.parametrize(
    ("equation", "fault"),
    [
        ("`1,036 / (1 − 0.9) = 10,361`", "is 10360"),
        ("`15 × 111 / 1,000,000 = 0.0016`", "is 0.001665"),
        ("`4,711 / 1 = 4,711`", "where is 4711 from?"),
    ],
)
def test_a_wrong_equation_and_an_unknown_number_are_found(equation: str, fault: str) -> None:
    (message,) = find_faults(f"{PAGE}\n{equation}\n")
    assert fault in message


def test_every_count_has_a_test() -> None:
    assert COUNTED.keys() == {"lock", "load", "begin", "end", "primary", "trip"}


def test_the_bound_of_the_primary_is_that_of_its_test() -> None:
    assert COUNTED["primary"] == PRIMARY_SHARE


def test_a_trip_to_redis_fails_after_the_time_on_the_page() -> None:
    assert COUNTED["trip"] == TRIP_SECONDS * 1000


async def test_a_load_that_waits_tries_the_lock_as_often_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    class BusyOnce:
        async def fetchval(self, *_: object) -> bool:
            return bool(pauses)

    monkeypatch.setattr(asyncio, "sleep", note)
    busy: Any = BusyOnce()
    assert await connection.take_lock(busy, load_transaction.LOCK, 60)
    assert [pause * 1000 for pause in pauses] == [COUNTED["lock"]]


async def test_a_load_sends_as_many_statements_as_the_page_says(
    new_store: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    url = await new_store()

    async def connect(url: str) -> connection.Connection:
        opened = await connection.connect(url)
        opened.add_query_logger(lambda query: statements.append(query.query))
        return opened

    async def copy(self: Any, table: str, **arguments: Any) -> str:
        # The logger of queries leaves it out.
        statements.append(f"copy {table}")
        return await copy_to_table(self, table, **arguments)

    copy_to_table = asyncpg.Connection.copy_to_table
    monkeypatch.setattr(asyncpg.Connection, "copy_to_table", copy)
    monkeypatch.setattr(load_transaction, "connect", connect)
    await load([str(SAMPLE)], url)
    assert len(statements) == COUNTED["load"], "\n".join(" ".join(text.split())[:80] for text in statements)


async def test_a_request_runs_as_many_commands_in_redis_as_the_page_says(tmp_path: Path) -> None:
    quota: Quota = Plan("a", points_minute=60, points_day=600, burst=60, at_once=5, page_most=50).quota

    with running(tmp_path) as server:
        limits = RedisLimits(server.url, trip_seconds=10)
        async with redis.asyncio.Redis.from_url(server.url) as client:

            async def count(visit: Callable[[], Awaitable[Any]]) -> tuple[Any, int]:
                await client.config_resetstat()
                result = await visit()
                calls = {name: row["calls"] for name, row in (await client.info("commandstats")).items()}
                assert calls.pop("cmdstat_evalsha") == 1
                # Some servers count the commands of this test with their subcommand.
                return result, sum(number for name, number in calls.items() if not name.startswith("cmdstat_config"))

            # The first request loads the scripts.
            first = (await limits.begin("key:a", quota, 5)).reservation
            assert first is not None
            await limits.end(first, 2)
            decision, at_start = await count(lambda: limits.begin("key:a", quota, 5))
            _, at_end = await count(lambda: limits.end(decision.reservation, 2))
        await limits.close()
    assert (at_start, at_end) == (COUNTED["begin"], COUNTED["end"])
