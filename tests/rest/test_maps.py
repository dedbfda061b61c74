"""Places at the difficult parts of a map: across the antimeridian, and at the poles."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.ingest.load import load
from tests.rest.conftest import run

PLACES = {
    "Taveuni": (-16.8, 179.95),
    "East line": (-16.8, 180),
    "West line": (-16.8, -180),
    "Rabi": (-16.5, -179.9),
    "Tonga": (-21.2, -175.2),
    "Greenwich": (51.5, 0),
    "North pole": (90, 0),
    "South pole": (-90, 45),
    "Amundsen": (89.95, -170),
}
FIJI = {"Taveuni", "East line", "West line", "Rabi"}
LINE = {"East line", "West line"}
BOXES = [
    ("170,-20,190,-10", FIJI),
    ("170,-20,-170,-10", FIJI),
    ("-190,-20,-170,-10", FIJI),
    ("530,-20,550,-10", FIJI),
    ("177,-20,180,-10", {"Taveuni"} | LINE),
    ("-180,-20,-177,-10", {"Rabi"} | LINE),
    ("180,-20,180,-10", LINE),
    ("-180,-20,-180,-10", LINE),
    ("180,-20,185,-10", {"Rabi"} | LINE),
    ("-20,-20,20,-10", set()),
    ("-180,-20,180,-10", FIJI),
    ("-200,-20,200,-10", FIJI),
    ("100,-90,460,90", set(PLACES)),
    ("-179.95,-90,179.9,90", set(PLACES) - LINE - {"Taveuni"}),
    ("20,89,30,90", {"North pole"}),
    ("20,-90,30,-89", {"South pole"}),
    ("180,-90,180,90", LINE | {"North pole", "South pole"}),
    ("20,-89.99,30,89.99", set()),
]
CIRCLES = [
    ("-16.8,180,15", {"Taveuni"} | LINE),
    ("-16.8,-180,15", {"Taveuni"} | LINE),
    ("-16.8,540,15", {"Taveuni"} | LINE),
    ("-16.65,180.1,60", FIJI),
    ("-16.65,-179.9,60", FIJI),
    ("90,77,10", {"North pole", "Amundsen"}),
    ("89.99,10,10", {"North pole", "Amundsen"}),
    ("-89.9,200,20", {"South pole"}),
]


@pytest.fixture(scope="module")
async def maps(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    """A client of a service over places that have an event each."""
    url = await new_store()
    shared = {"dataset": "maps", "kind": "other"}
    lines: list[dict[str, Any]] = [{"resource": "source", **shared, "key": "s", "name": "Atlas"}]
    for name, (latitude, longitude) in PLACES.items():
        point = {"latitude": latitude, "longitude": longitude, "geo_precision": "exact"}
        lines.append({"resource": "place", "dataset": "maps", "key": name, "name": name, **point})
        event = {"title": name, "place": name, "status": "occurred", "time_precision": "unknown", "language": "en"}
        lines.append({"resource": "event", **shared, "key": name, **event, "citations": [{"source": "s"}]})
    file: Path = tmp_path_factory.mktemp("maps") / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("filter_", "expected"), [(f"bbox={box}", names) for box, names in BOXES])
def test_rest_finds_what_is_in_a_box_however_a_map_names_its_edges(
    maps: httpx2.Client, version: str, filter_: str, expected: set[str]
) -> None:
    assert names_of(maps, f"/{version}/places?{filter_}") == expected


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("circle", "expected"), CIRCLES)
def test_rest_finds_what_is_near_across_the_antimeridian_and_around_a_pole(
    maps: httpx2.Client, version: str, circle: str, expected: set[str]
) -> None:
    assert names_of(maps, f"/{version}/places?near={circle}") == expected


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("name", "keys", "value", "expected"),
    [("bbox", ("west", "south", "east", "north"), *box) for box in BOXES]
    + [("near", ("latitude", "longitude", "kilometres"), *circle) for circle in CIRCLES],
)
def test_graphql_finds_the_same(
    maps: httpx2.Client, version: str, name: str, keys: tuple[str, ...], value: str, expected: set[str]
) -> None:
    edges = ", ".join(f"{key}: {edge}" for key, edge in zip(keys, value.split(","), strict=True))
    query = f"{{ events(first: 50, filter: {{{name}: {{{edges}}}}}) {{ nodes {{ title }} }} }}"
    answer = maps.post(f"/{version}/graphql", json={"query": query}).json()
    assert {node["title"] for node in answer["data"]["events"]["nodes"]} == expected


@pytest.mark.parametrize(("box", "expected"), BOXES)
def test_files_hold_the_same_places(maps: httpx2.Client, box: str, expected: set[str]) -> None:
    features = maps.get(f"/v2/places.geojson?bbox={box}").json()["features"]
    assert {feature["properties"]["name"] for feature in features} == expected
    for feature in features:
        latitude, longitude = PLACES[feature["properties"]["name"]]
        assert feature["geometry"] == {"type": "Point", "coordinates": [longitude, latitude]}
    rows = csv.DictReader(io.StringIO(maps.get(f"/v2/events.csv?bbox={box}").text, newline=""))
    assert {row["title"] for row in rows} == expected


def test_a_cursor_goes_on_in_an_equal_box_that_is_written_otherwise(maps: httpx2.Client) -> None:
    page = maps.get("/v2/places?bbox=170,-20,190,-10&limit=1").json()
    cursor = page["page"]["next_cursor"]
    for box in ("170,-20,-170,-10", "-190,-20,-170,-10", "170.000000001,-20,190,-10"):
        rest = maps.get(f"/v2/places?bbox={box}&limit=50&cursor={cursor}")
        assert rest.status_code == 200
        assert {record["name"] for record in [*page["data"], *rest.json()["data"]]} == FIJI


def test_an_invalid_box_is_refused_with_the_expected_form(maps: httpx2.Client) -> None:
    for version in ("v1", "v2"):
        (fault,) = maps.get(f"/{version}/places?bbox=0,-91,1,1").json()["errors"]
        assert "longitudes from -36000 to 36000 and latitudes from -90 to 90" in fault["detail"]


def names_of(client: httpx2.Client, path: str) -> set[str]:
    """Return the names on the only page of a list."""
    page = client.get(f"{path}&limit=50").json()
    assert not page["page"]["has_more"]
    return {record["name"] for record in page["data"]}


def test_the_parts_of_objects_are_members_of_their_own(client: httpx2.Client) -> None:
    for feature in client.get("/v2/figures.geojson").json()["features"]:
        properties = feature["properties"]
        for key in ("value", "low", "high", "quantifier", "unit", "unit_code", "text"):
            assert properties[f"amount_{key}"] == properties["amount"][key]
        assert properties["dispute_status"] == properties["dispute"]["status"]
        assert "amount_decimals" not in properties
    for feature in client.get("/v2/events.geojson").json()["features"]:
        properties = feature["properties"]
        assert properties["starts_at"] == properties["time"]["starts_at"]
        assert properties["time_precision"] == properties["time"]["precision"]
    assert "time" not in client.get("/v1/events.geojson?limit=1").json()["features"][0]["properties"]
