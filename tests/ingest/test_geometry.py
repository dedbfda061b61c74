"""A point for each geometry of GeoJSON, and the precision that the extent gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from api.ingest.geometry import representative
from api.ingest.strict_json import MalformedFile

SQUARE = [[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2], [0, 0]]
# A C that opens to the east: its centre of gravity lies in the opening.
OPEN = [[0, 0], [3, 0], [3, 1], [1, 1], [1, 2], [3, 2], [3, 3], [0, 3], [0, 0]]
RING = [[[0, 0], [3, 0], [3, 3], [0, 3], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]


def of(kind: str, coordinates: Any) -> tuple[float, float, str]:
    place = representative({"type": kind, "coordinates": coordinates})
    return round(float(place.longitude), 3), round(float(place.latitude), 3), place.precision


@pytest.mark.parametrize(
    ("kind", "coordinates", "expected"),
    [
        ("Point", [37.5, 47.1, 12], (37.5, 47.1, "")),
        ("LineString", [[0, 0], [0, 1], [0, 4]], (0, 2, "admin1")),
        ("LineString", [[0, 0], [0.001, 0.001]], (0.001, 0.001, "exact")),
        ("MultiLineString", [[[0, 0], [0, 0.1]], [[1, 0], [1, 0.4]]], (1, 0.2, "admin1")),
        ("Polygon", [SQUARE], (0.1, 0.1, "admin2")),
        ("Polygon", [OPEN], (0.5, 1.5, "admin1")),
        ("Polygon", RING, (0.5, 1.5, "admin1")),
        ("MultiPolygon", [[SQUARE], [[[10, 0], [14, 0], [14, 4], [10, 4], [10, 0]]]], (12, 2, "country")),
        ("MultiPoint", [[0, 0], [0.01, 0], [0.1, 0]], (0.01, 0, "near")),
        ("Polygon", [[[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]], (-180, -16.5, "admin1")),
        (
            "MultiPolygon",
            [
                [[[179, 0], [180, 0], [180, 1], [179, 1], [179, 0]]],
                [[[-180, 0], [-179.5, 0], [-179.5, 1], [-180, 1], [-180, 0]]],
            ],
            (179.5, 0.5, "admin1"),
        ),
        ("Polygon", [[[-30, -30], [30, -30], [30, 30], [-30, 30], [-30, -30]]], (0, 0, "region")),
        ("Polygon", [[[1, 1], [1, 1], [1, 1], [1, 1]]], (1, 1, "exact")),
    ],
)
def test_a_point_stands_for_the_geometry(kind: str, coordinates: Any, expected: tuple[float, float, str]) -> None:
    place = of(kind, coordinates)
    assert (abs(place[0]), *place[1:]) == (abs(expected[0]), *expected[1:])


def test_the_largest_of_a_collection_counts_and_areas_before_lines() -> None:
    line = {"type": "LineString", "coordinates": [[-1, -1], [1, 1]]}
    area = {"type": "Polygon", "coordinates": [SQUARE]}
    nested = {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0, 0]}, area]}
    place = representative({"type": "GeometryCollection", "geometries": [line, nested]})
    assert (float(place.longitude), float(place.latitude), place.precision) == (0.1, 0.1, "admin1")


@pytest.mark.parametrize(
    "geometry",
    [
        5,
        {"type": "Circle", "coordinates": [0, 0]},
        {"type": "Point", "coordinates": [0]},
        {"type": "Point", "coordinates": ["0", "0"]},
        {"type": "Point", "coordinates": [0, 91]},
        {"type": "Polygon", "coordinates": [[0, 0], [1, 1]]},
        {"type": "LineString", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": 5},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": [[[500, 0], [0, 0], [0, 1]]]},
    ],
)
def test_an_invalid_geometry_is_refused(geometry: Any) -> None:
    with pytest.raises(MalformedFile):
        representative(geometry)


MAPPING = """
dataset = "areas"
container = "geojson"
[[record]]
resource = "place"
key = "{id}"
name = "{name}"
latitude = "{latitude|latitude}"
longitude = "{longitude|longitude}"
"""


@pytest.mark.parametrize("setting", ["", 'geo_precision = "{geometry_precision|or:exact}"\n'])
def test_lines_and_areas_become_places_with_the_precision_of_their_extent(
    read_rows: Callable[..., Any], setting: str
) -> None:
    kinds = [("Point", [1, 2]), ("LineString", [[0, 0], [0, 1]]), ("Polygon", [SQUARE])]
    features = [
        {
            "type": "Feature",
            "properties": {"id": kind, "name": kind},
            "geometry": {"type": kind, "coordinates": coordinates},
        }
        for kind, coordinates in kinds
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features})
    lines, faults, notes, _ = read_rows(content, "a.geojson", MAPPING + setting)
    assert not faults
    assert [line.get("geo_precision") for line in lines] == ["exact" if setting else None, "admin1", "admin2"]
    assert len(notes) == 1


EMPTY = [
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "MultiPolygon", "coordinates": [[], [[]]]},
    {"type": "LineString", "coordinates": []},
    {"type": "MultiLineString", "coordinates": [[]]},
    {"type": "MultiPoint", "coordinates": []},
]


@pytest.mark.parametrize("empty", EMPTY, ids=lambda geometry: str(geometry["coordinates"]))
def test_an_empty_geometry_does_not_hide_the_others(empty: Any) -> None:
    point = {"type": "Point", "coordinates": [30, 50]}
    place = representative({"type": "GeometryCollection", "geometries": [point, empty]})
    assert (place.longitude, place.latitude) == (30, 50)
    with pytest.raises(MalformedFile, match="to have coordinates"):
        representative(empty)


def test_an_empty_ring_is_no_hole() -> None:
    whole = representative({"type": "Polygon", "coordinates": [SQUARE]})
    assert representative({"type": "Polygon", "coordinates": [SQUARE, []]}) == whole
