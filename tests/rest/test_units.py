"""Figures are compared by value within a unit, and a unit has a code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.ingest.load import load
from tests.rest.conftest import run

UNITS = {
    "kg": "kg",
    "kilograms": "kg",
    "t": "t",
    "%": "percent",
    "per cent": "percent",
    "USD": "USD",
    "usd": None,
    "tons": None,
    "people": "persons",
    'a "unit", of theirs': None,
}


@pytest.fixture(scope="module")
async def client(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    """A client of a service over a figure of each unit. The first has the value 1, the next one 2, and so on."""
    url = await new_store()
    figure = {"resource": "figure", "dataset": "t", "measure": "count"}
    lines = [figure | {"key": unit, "unit": unit, "value": number} for number, unit in enumerate(UNITS, 1)]
    file: Path = tmp_path_factory.mktemp("units") / "figures.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


def units(answer: httpx2.Response) -> set[str]:
    return {record["amount"]["unit"] for record in answer.raise_for_status().json()["data"]}


def test_each_figure_has_the_code_of_its_unit(client: httpx2.Client) -> None:
    amounts = [record["amount"] for record in client.get("/v2/figures").json()["data"]]
    assert {amount["unit"]: amount["unit_code"] for amount in amounts} == UNITS
    query = "{ figures { nodes { amount { unit unitCode } } } }"
    nodes = client.post("/v2/graphql", json={"query": query}).json()["data"]["figures"]["nodes"]
    unit_codes = {node["amount"]["unit"]: node["amount"]["unitCode"] for node in nodes}
    assert unit_codes == {unit: code and code.upper() for unit, code in UNITS.items()}
    lines = client.get("/v2/figures.ndjson").text.splitlines()
    assert {amount["unit"]: amount["unit_code"] for amount in (json.loads(line)["amount"] for line in lines)} == UNITS


@pytest.mark.parametrize("codes", [["kg"], ["percent"], ["USD"], ["kg", "t"], ["EUR"]])
def test_a_code_finds_every_spelling_of_its_unit(client: httpx2.Client, codes: list[str]) -> None:
    expected = {unit for unit, code in UNITS.items() if code in codes}
    assert units(client.get("/v2/figures", params={"unit_code": ",".join(codes)})) == expected
    terms = ", ".join(code.upper() for code in codes)
    query = f"{{ figures(filter: {{unitCode: {{in: [{terms}]}}}}) {{ nodes {{ amount {{ unit }} }} }} }}"
    nodes = client.post("/v2/graphql", json={"query": query}).json()["data"]["figures"]["nodes"]
    assert {node["amount"]["unit"] for node in nodes} == expected


def test_a_unit_without_a_code_is_no_code(client: httpx2.Client) -> None:
    answer = client.get("/v2/figures?unit_code=tons")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "unit_code")


def test_the_filter_by_unit_compares_the_text(client: httpx2.Client) -> None:
    assert units(client.get("/v2/figures?unit=kg")) == {"kg"}
    assert units(client.get("/v2/figures?unit=kg&unit_code=kg")) == {"kg"}


COMPARED = [
    ("v1", "figures?measure=count&value_gte=2", '"value_gte";instead="give unit beside it"'),
    ("v1", "figures?measure=count&value_lt=2&unit=kg", None),
    ("v2", "figures?measure=count&value_lt=2", '"value_lt";instead="give unit or unit_code beside it"'),
    ("v2", "figures?measure=count&value_gte=2&unit_code=kg", None),
    ("v2", "figures?measure=count&value_gte=2&unit=kg", None),
    ("v2", "figures?measure=count&value_null=false", None),
    ("v2", "figures?measure=count&sort=-value", '"sort=value";instead="give unit or unit_code beside it"'),
    ("v2", "figures?measure=count&sort=-value&unit_code=kg", None),
    (
        "v2",
        "events?figures.measure=count&figures.value_gte=2&kind=other",
        '"figures.value_gte";instead="give figures.unit or figures.unit_code beside it"',
    ),
    ("v2", "events?figures.measure=count&figures.value_gte=2&figures.unit=kg", None),
]


@pytest.mark.parametrize(("version", "request_", "expected"), COMPARED)
def test_a_comparison_without_a_unit_answers_and_is_deprecated(
    client: httpx2.Client, version: str, request_: str, expected: str | None
) -> None:
    answer = client.get(f"/{version}/{request_}")
    assert (answer.status_code, answer.headers.get("deprecated-use")) == (200, expected)


def test_a_comparison_without_a_unit_takes_every_unit(client: httpx2.Client) -> None:
    assert len(client.get("/v2/figures?measure=count&value_gte=2").json()["data"]) == len(UNITS) - 1
    assert units(client.get("/v2/figures?measure=count&value_gte=2&unit_code=kg")) == {"kilograms"}


FILTERS: list[tuple[str, list[str]]] = [
    ("filter: {measure: {in: [COUNT]}, value: {gte: 2}}", ["FigureFilter.value"]),
    ("filter: {measure: {in: [COUNT]}, unitCode: {in: [KG]}, value: {gte: 2}}", []),
    ("filter: {measure: {in: [COUNT]}, unit: {in: [\"kg\"]}}, orderBy: {field: VALUE}", []),
    ("filter: {measure: {in: [COUNT]}}, orderBy: {field: VALUE}", ["FigureOrderField.VALUE"]),
    ("filter: {not: {measure: {in: [COUNT]}, value: {lt: 2}}}", ["FigureFilter.value"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "names"), FILTERS)
def test_graphql_names_the_same_in_its_extensions(client: httpx2.Client, arguments: str, names: list[str]) -> None:
    answer: dict[str, Any] = client.post(
        "/v2/graphql", json={"query": f"{{ figures({arguments}) {{ nodes {{ id }} }} }}"}
    ).json()
    deprecations = answer["extensions"].get("deprecations", [])
    assert "errors" not in answer
    assert [deprecation["name"] for deprecation in deprecations] == names
    assert {deprecation["instead"] for deprecation in deprecations} <= {"give unit or unitCode beside it"}
