"""`store.distance_km` takes any two points that the store can hold."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from itertools import product

import asyncpg
import pytest

from api.compiler.geography import EARTH_KM

SMALL = [0.0, -0.0, 5e-324, 1e-320, -1e-310, 2.3e-308, 1e-200, -1e-160, 1e-30, 1e-9, 1e-7]
LATITUDES = [*SMALL, 45.0, 89.99999999999999, 90.0, -90.0]
LONGITUDES = [*SMALL, 180.0, -180.0, 179.99999999999997]


async def test_no_two_stored_points_make_the_distance_fail(new_store: Callable[[], Awaitable[str]]) -> None:
    url = await new_store()
    points = list(product(LATITUDES, LONGITUDES))
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            """
            with point as (select * from unnest($1::float8[], $2::float8[]) as point (latitude, longitude))
            select a.*, b.*, store.distance_km(a.latitude, a.longitude, b.latitude, b.longitude) as km
            from point as a cross join point as b
            """,
            *map(list, zip(*points, strict=True)),
        )
    finally:
        await connection.close()
    assert len(rows) == len(points) ** 2
    for *corners, kilometres in rows:
        assert kilometres == pytest.approx(haversine(*corners), rel=1e-6, abs=1e-3), corners


def haversine(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the kilometres between two points. Python's doubles underflow to zero without an error."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    half = math.sin((other_phi - phi) / 2) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(across / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
