"""A figure without a place of its own is found and drawn by the place of its event, in both APIs and each export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import V1, V2, Version
from api.compiler import compile_query
from api.ingest.load import load
from api.rest.request import list_query
from tests.rest.conftest import run
from tests.walking import bounded_walk

VERSIONS = ("v1", "v2")
# Each figure: its own place, its event, and the place that counts.
FIGURES = {
    "own": ("kyiv", None, "kyiv"),
    "own and event": ("kyiv", "in khartoum", "kyiv"),
    "event": (None, "in khartoum", "khartoum"),
    "undated event": (None, "in khartoum", "khartoum"),
    "event without a place": (None, "nowhere", None),
    "nothing": (None, None, None),
    "withdrawn event": (None, "withdrawn", None),
    "withdrawn place": (None, "in a withdrawn place", "withdrawn"),
}
PLACES = {
    "kyiv": {"name": "Kyiv", "country": "UA", "latitude": 50.45, "longitude": 30.52, "geo_precision": "exact"},
    "khartoum": {"name": "Khartoum", "country": "SD", "latitude": 15.5, "longitude": 32.56, "geo_precision": "near"},
    "withdrawn": {"name": "Nowhere", "country": "SD", "latitude": 15.6, "longitude": 32.5, "geo_precision": "exact"},
}
EVENTS = {"in khartoum": "khartoum", "nowhere": None, "withdrawn": "khartoum", "in a withdrawn place": "withdrawn"}
IN_SUDAN = {"event", "undated event"}
IN_UKRAINE = {"own", "own and event"}


def record(resource: str, key: str, **fields: Any) -> dict[str, Any]:
    present_fields = {name: value for name, value in fields.items() if value is not None}
    return {"resource": resource, "dataset": "t", "key": key, **present_fields}


def loads() -> Iterator[list[dict[str, Any]]]:
    """Yield the records of each file: first all records, then the withdrawals."""
    places = [record("place", key, **place) for key, place in PLACES.items()]
    kind = {"kind": "other", "status": "occurred", "time_precision": "unknown"}
    events = [record("event", key, title=key, place=place, **kind) for key, place in EVENTS.items()]
    figures = []
    for number, (key, (place, event, _)) in enumerate(FIGURES.items()):
        day = None if key.startswith("undated") else f"2024-01-0{number + 1}"
        common_fields = {"measure": "killed", "unit": "persons", "population": key, "value": number, "as_of": day}
        figures.append(record("figure", key, place=place, event=event, **common_fields))
    yield [*places, *events, *figures]
    yield [record(resource, "withdrawn", withdrawn={"reason": "wrong"}) for resource in ("event", "place")]


@pytest.fixture(scope="module")
async def client(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    url = await new_store()
    for number, part in enumerate(loads()):
        file: Path = tmp_path_factory.mktemp("places") / f"{number}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in part), encoding="utf-8")
        await load([str(file)], url)
    with run(url) as client:
        yield client


def populations_of(client: httpx2.Client, path: str) -> list[str]:
    """Return the populations of the figures of a list, read page by page."""
    populations: list[str] = []
    cursor = ""
    for _ in bounded_walk():
        answer = client.get(f"{path}&limit=1{cursor}").raise_for_status().json()
        populations += [figure["population"] for figure in answer["data"]]
        if not answer["page"]["has_more"]:
            return populations
        cursor = f"&cursor={answer['page']['next_cursor']}"
    raise AssertionError


each_version = pytest.mark.parametrize("version", VERSIONS)


@each_version
@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("country=SD", IN_SUDAN),
        ("country=UA", IN_UKRAINE),
        ("country=UA,SD", IN_SUDAN | IN_UKRAINE),
        ("bbox=32,15,33,16", IN_SUDAN),
        ("near=15.5,32.56,50", IN_SUDAN),
        ("place.name=Khartoum", IN_SUDAN),
        ("place.geo_precision=near&country=SD", IN_SUDAN),
        ("place.geo_precision=exact&country=SD", set()),
        ("country=SD&event.kind=other&measure=killed", IN_SUDAN),
        ("country=SD&q=undated", {"undated event"}),
        ("place_id_null=false&country=SD", set()),
    ],
)
@pytest.mark.parametrize("sort", ["as_of", "-as_of", "id", "-updated_at"])
def test_a_filter_finds_the_figures_of_its_events_place(
    client: httpx2.Client, version: str, filter: str, expected: set[str], sort: str
) -> None:
    populations = populations_of(client, f"/{version}/figures?{filter}&sort={sort}")
    assert (set(populations), len(populations)) == (expected, len(expected))


@each_version
@pytest.mark.parametrize("sort", ["as_of", "-as_of"])
def test_figures_with_and_without_a_place_share_one_order(client: httpx2.Client, version: str, sort: str) -> None:
    populations = populations_of(client, f"/{version}/figures?measure=killed&sort={sort}")
    expected = [population for population in populations if population in IN_SUDAN | IN_UKRAINE]
    assert populations_of(client, f"/{version}/figures?country=UA,SD&sort={sort}") == expected
    lines = client.get(f"/{version}/figures.ndjson?country=UA,SD&sort={sort}").text.splitlines()
    assert [json.loads(line)["population"] for line in lines] == expected
    limited_lines = client.get(f"/{version}/figures.ndjson?country=UA,SD&sort={sort}&limit=3").text.splitlines()
    assert [json.loads(line)["population"] for line in limited_lines] == expected[:3]


@each_version
@pytest.mark.parametrize("count", ["exact", "estimated"])
def test_a_count_contains_them(client: httpx2.Client, version: str, count: str) -> None:
    page = client.get(f"/{version}/figures?country=SD&count={count}&limit=1").json()["page"]
    assert page["total"] == len(IN_SUDAN)


@each_version
@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ('{country: {in: ["SD"]}}', IN_SUDAN),
        ('{place: {country: {in: ["SD"]}}}', IN_SUDAN),
        ('{not: {country: {in: ["SD"]}}}', FIGURES.keys() - IN_SUDAN),
        ('{or: [{country: {in: ["SD"]}}, {country: {in: ["UA"]}}]}', IN_SUDAN | IN_UKRAINE),
        ('{and: [{country: {in: ["SD"]}}, {bbox: {west: 32, south: 15, east: 33, north: 16}}]}', IN_SUDAN),
    ],
)
def test_graphql_finds_the_same(client: httpx2.Client, version: str, filter: str, expected: set[str]) -> None:
    query = f"{{ figures(filter: {filter}) {{ totalCount nodes {{ population }} }} }}"
    figures = client.post(f"/{version}/graphql", json={"query": query}).json()["data"]["figures"]
    assert {node["population"] for node in figures["nodes"]} == expected
    assert figures["totalCount"] == len(expected)


def test_filters_of_linked_figures_take_the_place_that_counts(client: httpx2.Client) -> None:
    titles = [event["title"] for event in client.get("/v2/events?figures.country=SD").json()["data"]]
    assert titles == ["in khartoum"]
    query = '{ events { nodes { title figures(filter: {country: {in: ["SD"]}}) { nodes { population } } } } }'
    events = client.post("/v2/graphql", json={"query": query}).json()["data"]["events"]["nodes"]
    populations = {event["title"]: {figure["population"] for figure in event["figures"]["nodes"]} for event in events}
    assert populations == {"in khartoum": IN_SUDAN, "nowhere": set(), "in a withdrawn place": set()}


def test_effective_place_id_is_the_place_that_counts(client: httpx2.Client) -> None:
    ids = {place["name"]: place["id"] for place in client.get("/v2/places").json()["data"]}
    records = {figure["population"]: figure for figure in client.get("/v2/figures").json()["data"]}
    withdrawn = records["withdrawn place"]["effective_place_id"]
    assert client.get(f"/v2/places/{withdrawn}").status_code == 410
    expected = {"kyiv": ids["Kyiv"], "khartoum": ids["Khartoum"], "withdrawn": withdrawn, None: None}
    for key, (own, _, effective) in FIGURES.items():
        assert records[key]["place_id"] == expected[own]
        assert records[key]["effective_place_id"] == expected[effective]
    rows = {row["population"]: row for row in csv.DictReader(io.StringIO(client.get("/v2/figures.csv").text))}
    assert {key: row["effective_place_id"] or None for key, row in rows.items()} == {
        key: expected[effective] for key, (_, _, effective) in FIGURES.items()
    }
    query = "{ figures { nodes { population placeId effectivePlaceId } } }"
    nodes = client.post("/v2/graphql", json={"query": query}).json()["data"]["figures"]["nodes"]
    assert {node["population"]: node["effectivePlaceId"] for node in nodes} == {
        key: expected[effective] for key, (_, _, effective) in FIGURES.items()
    }


@each_version
def test_geojson_draws_a_figure_at_its_events_place(client: httpx2.Client, version: str) -> None:
    features = client.get(f"/{version}/figures.geojson").json()["features"]
    features_by_population = {feature["properties"]["population"]: feature for feature in features}
    for key, (_, _, effective) in FIGURES.items():
        place = PLACES.get(effective or "") if effective != "withdrawn" else None
        point = place and {"type": "Point", "coordinates": [place["longitude"], place["latitude"]]}
        assert features_by_population[key]["geometry"] == point
        assert features_by_population[key]["properties"]["place_name"] == (place and place["name"])
        assert features_by_population[key]["properties"]["country"] == (place and place["country"])


@pytest.mark.parametrize(
    ("version", "query", "reads"),
    [
        (V1, b"", ("figure",)),
        (V1, b"country=SD", ("event", "figure", "place")),
        (V2, b"", ("event", "figure")),
    ],
)
def test_a_cached_answer_lasts_until_an_event_or_a_place_changes(
    version: Version, query: bytes, reads: tuple[str, ...]
) -> None:
    assert compile_query(list_query(version, version["figure"], query)).reads == reads
