"""SECURITY.md and docs/faults.md name existing tests, and the calculations of docs/limits.md are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.access.access_control import READING
from api.catalog import V2
from api.graphql.document import DocumentCache
from api.graphql.executor import INTROSPECTION
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.query import cost, costliest_list, filter_weight, price, work
from api.query.filter_weight import LINKED, LINKED_AGAIN, LOOK_UP, MATCH, PLAIN_TEST, RANK
from api.rest.request import list_query
from api.settings import Settings

ROOT = Path(__file__).parents[1]
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
LIMITS = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M)
}
HEADS = ("| risk", "| attack", "| fault")
ROWS = [line for line in (SECURITY + FAULTS).splitlines() if line.startswith("| ") and not line.startswith(HEADS)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_row_names_existing_tests(row: str) -> None:
    names = re.findall(r"`(test_\w+)`", row.split("|")[3])
    assert names and not set(names) - TESTS


def test_the_lists_are_whole() -> None:
    assert [int(number) for number in re.findall(r"^\| API(\d+) ", SECURITY, re.M)] == list(range(1, 11))


def test_the_worked_example_costs_what_it_says() -> None:
    request = re.findall(r"/v2/events\?(q=[^']+)'", LIMITS)[0]
    text = re.findall(r"```graphql\n(.*?)```", LIMITS, re.S)[0]
    document = DocumentCache(core(V2)).read(text)
    operation = read_operation(V2, core(V2), document, document.operation(None), {})
    assert operation.query is not None
    points_stated = int(re.findall(r"\*\*(\d+) points\*\*", LIMITS)[0])
    assert price(list_query(V2, V2["event"], request.encode())) == price(operation.query) == points_stated
    assert points_stated - work.reserve(operation.query) == 20 * 32 + 15
    larger = list_query(V2, V2["event"], request.replace("limit=20", "limit=200").encode())
    most = costliest_list(larger, price(larger))
    assert most is not None
    fits = most.page(Settings.model_fields["max_price"].default)
    assert f"each record costs {most.each} points with what hangs on it; a page of {fits} would fit" in LIMITS


@pytest.mark.parametrize(
    ("row", "points"),
    [
        ("a filter", (cost.SEARCH, cost.LINK)),
        ("the order by relevance", (cost.RELEVANCE,)),
        ("a total", (cost.EXACT_TOTAL, cost.EXACT_THROUGH_LINKS, cost.EXACT_AS_OF, cost.ESTIMATED_TOTAL)),
        ("an export", (cost.EXPORT,)),
        ("the schema (introspection)", (INTROSPECTION,)),
        ("a mistake", (READING,)),
        ("a link to several (`via`)", (work.SEVERAL,)),
        ("a list that no index serves", (work.WHOLE_LIST,)),
        ("a filtered set of a link", (work.ONE_PARENT,)),
        ("differences at two times", (work.OTHER_VERSIONS,)),
        ("a count", (work.COUNT_ALL, work.WHOLE_LIST)),
    ],
)
def test_the_table_has_the_numbers_of_the_code(row: str, points: tuple[int, ...]) -> None:
    cells = re.findall(rf"^\| {re.escape(row)} \| (.*) \|$", LIMITS, re.M)[0]
    assert tuple(int(number) for number in re.findall(r"\d+", cells))[: len(points)] == points


@pytest.mark.parametrize(
    ("row", "weights"),
    [
        ("of a field", PLAIN_TEST[:1]),
        ("`bbox` / `near`", (filter_weight.TESTS["bbox"][0], filter_weight.TESTS["near"][0])),
        ("`tag` (`has`)", filter_weight.TESTS["has"]),
        ("`identifier`, `subject`", filter_weight.TESTS["identifier"]),
        ("`identifier`, `subject`", filter_weight.TESTS["subject"]),
        ("a search", (*MATCH, *RANK)),
        ("through a link to one", (LOOK_UP + LINKED["one"],)),
        (
            "through a link to many or several, or to children",
            (LOOK_UP, LINKED["many"], 1, LINKED_AGAIN, LINKED["children"]),
        ),
    ],
)
def test_the_table_of_weights_has_the_numbers_of_the_code(row: str, weights: tuple[float, ...]) -> None:
    cells = re.findall(rf"^\| {re.escape(row)} \| (.*) \|$", LIMITS, re.M)[0]
    assert tuple(float(number) for number in re.findall(r"\d+(?:\.\d+)?", cells)) == weights
