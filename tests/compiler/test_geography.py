"""Boxes around circles: every near point is inside, also at the poles and on the antimeridian."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.compiler.geography import EARTH_KM, box_around
from api.query.globe import Box


@pytest.mark.parametrize(
    ("latitude", "longitude", "kilometres", "expected"),
    [
        (0, 0, 111.195, (-1.0, -1.0, 1.0, 1.0)),
        (60, 30, 111.195, (27.999, 59.0, 32.001, 61.0)),
        (0, 179.5, 111.195, (178.5, -1.0, -179.5, 1.0)),
        (0, -179.5, 111.195, (179.5, -1.0, -178.5, 1.0)),
        (89.5, 10, 111.195, (-180.0, 88.5, 180.0, 90.0)),
        (-90, 0, 111.195, (-180.0, -90.0, 180.0, -89.0)),
        (45, 0, 20016, (-180.0, -90.0, 180.0, 90.0)),
    ],
)
def test_the_box_around_a_circle_touches_it_on_each_side(
    latitude: float, longitude: float, kilometres: float, expected: Box
) -> None:
    assert box_around(latitude, longitude, kilometres) == pytest.approx(expected, abs=0.001)


@given(
    some.floats(-90, 90), some.floats(-180, 180), some.floats(0.001, 20015), some.floats(0, 360), some.floats(0, 0.999)
)
def test_every_point_within_the_distance_is_in_the_box(
    latitude: float, longitude: float, kilometres: float, bearing: float, share: float
) -> None:
    at_latitude, at_longitude = destination(latitude, longitude, bearing, share * kilometres)
    west, south, east, north = box_around(latitude, longitude, kilometres)
    assert south - 1e-6 <= at_latitude <= north + 1e-6
    inside = (at_longitude >= west - 1e-6, at_longitude <= east + 1e-6)
    # At a pole every longitude is the same place.
    assert (any(inside) if west > east else all(inside)) or abs(at_latitude) > 90 - 1e-4


@given(some.floats(-90, 90), some.floats(-180, 180), some.floats(1e-300, 1e-6))
def test_the_centre_is_in_the_box_however_small(latitude: float, longitude: float, kilometres: float) -> None:
    west, south, east, north = box_around(latitude, longitude, kilometres)
    assert south <= latitude <= north
    assert (west <= longitude or longitude <= east) if west > east else west <= longitude <= east


def destination(latitude: float, longitude: float, bearing: float, kilometres: float) -> tuple[float, float]:
    """Return the point at this distance in the direction of the bearing."""
    start_latitude, way, angle = math.radians(latitude), math.radians(bearing), kilometres / EARTH_KM
    sine = math.sin(start_latitude) * math.cos(angle) + math.cos(start_latitude) * math.sin(angle) * math.cos(way)
    end_latitude = math.asin(max(-1.0, min(1.0, sine)))
    across = math.atan2(
        math.sin(way) * math.sin(angle) * math.cos(start_latitude),
        math.cos(angle) - math.sin(start_latitude) * math.sin(end_latitude),
    )
    return math.degrees(end_latitude), (longitude + math.degrees(across) + 180) % 360 - 180
