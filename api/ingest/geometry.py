"""Represent a geometry of GeoJSON by a point, with a precision that follows from the extent of the geometry.

The point of a line is halfway along it. The point of an area is its centre of gravity or, if that lies outside, the
middle of the widest part of the area at the same latitude. Of several parts, the largest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import asin, cos, hypot, radians, sin, sqrt
from typing import Any

from api.ingest.strict_json import MalformedFile

RADIUS = 6371.0  # of the globe, in kilometres
# The largest extent, in kilometres, at which a point is still this precise.
PRECISIONS = ((1, "exact"), (25, "near"), (100, "admin2"), (500, "admin1"), (2500, "country"))
BEYOND = "region"
DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
MOST_NESTED = 8

Vertex = tuple[float, float]
Part = list[Vertex]


@dataclass(frozen=True)
class Representative:
    """A point in degrees, and the `geo_precision` of the place. The precision is empty if the geometry is a point,
    because GeoJSON does not say how exact a point is."""

    longitude: Any
    latitude: Any
    precision: str = ""


def representative(geometry: Any) -> Representative:
    """Return the point for a geometry. MalformedFile if it is not a geometry of GeoJSON."""
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        found: Any = geometry.get("coordinates")
        _vertex(found)
        return Representative(found[0], found[1])  # with the digits of the file
    points: list[Part] = []
    lines: list[Part] = []
    areas: list[list[Any]] = []
    for kind, coordinates in _simple(geometry, 0):
        if "Point" in kind:
            points += _rings(coordinates, DEPTH[kind], 0)
        elif "Line" in kind:
            lines += _rings(coordinates, DEPTH[kind], 1)
        else:
            areas += coordinates if kind == "MultiPolygon" else [coordinates]
    rings = [[_vertex(one) for one in ring] for area in areas for ring in area]
    vertices = [one for part in (*points, *lines, *rings) for one in part]
    if not vertices:
        raise MalformedFile("expected the geometry to have coordinates")
    first = vertices[0][0]
    extent = _extent([_near(one, first) for one in vertices])
    if areas:
        longitude, latitude = max((_of_area(area) for area in areas), key=lambda one: one[0])[1]
    elif lines:
        longitude, latitude = _halfway(max(lines, key=_length))
    else:
        longitude, latitude = _middlemost([_near(part[0], first) for part in points])
    precision = next((name for most, name in PRECISIONS if extent <= most), BEYOND)
    return Representative(_degrees((longitude + 180) % 360 - 180), _degrees(latitude), precision)


def _simple(geometry: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the type and the coordinates of a geometry, or of each geometry of a collection."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection" and isinstance(geometry.get("geometries"), list) and depth < MOST_NESTED:
        for one in geometry["geometries"]:
            yield from _simple(one, depth + 1)
    elif kind in DEPTH:
        coordinates = geometry.get("coordinates")
        _check(coordinates, DEPTH[kind], kind)
        yield kind, coordinates
    else:
        raise MalformedFile("expected the geometry to be one of GeoJSON [RFC 7946], or null")


def _check(value: Any, depth: int, kind: str) -> None:
    if depth == 0:
        _vertex(value)
        return
    if not isinstance(value, list):
        raise MalformedFile(f"expected the coordinates of a {kind}")
    for one in value:
        _check(one, depth - 1, kind)


def _vertex(value: Any) -> Vertex:
    if not isinstance(value, list) or len(value) < 2:
        raise MalformedFile("expected a position of longitude and latitude")
    for one, most in zip(value, (180, 90), strict=False):
        if isinstance(one, bool) or not isinstance(one, int | float | Decimal) or not -most <= one <= most:
            raise MalformedFile(f"expected degrees from {-most} to {most} in the geometry")
    return float(value[0]), float(value[1])


def _rings(coordinates: Any, depth: int, wanted: int) -> list[Part]:
    """Return the lists of positions in coordinates; with `wanted` 0, each position as a list of its own."""
    if depth == wanted == 0:
        return [[_vertex(coordinates)]]
    if depth == wanted:
        return [[_vertex(one) for one in coordinates]] if coordinates else []
    return [part for one in coordinates for part in _rings(one, depth - 1, wanted)]


def _near(vertex: Vertex, longitude: float) -> Vertex:
    """Return the position with its longitude within 180 degrees of another one, because a geometry may cross the
    antimeridian."""
    return longitude + (vertex[0] - longitude + 180) % 360 - 180, vertex[1]


def _distance(one: Vertex, other: Vertex) -> float:
    """Return the kilometres between two positions along the globe (haversine)."""
    high, low = radians(one[1]), radians(other[1])
    half = sin((high - low) / 2) ** 2 + cos(high) * cos(low) * sin(radians(one[0] - other[0]) / 2) ** 2
    return 2 * RADIUS * asin(min(1.0, sqrt(half)))


def _extent(vertices: Part) -> float:
    """Return the diagonal of the bounding box, in kilometres."""
    longitudes, latitudes = [one[0] for one in vertices], [one[1] for one in vertices]
    return _distance((min(longitudes), min(latitudes)), (max(longitudes), max(latitudes)))


def _length(line: Part) -> float:
    return sum(_distance(one, other) for one, other in pairwise(line))


def _halfway(line: Part) -> Vertex:
    left = _length(line) / 2
    for one, other in pairwise(line):
        step = _distance(one, other)
        if step >= left and step > 0:
            end = _near(other, one[0])
            share = left / step
            return one[0] + (end[0] - one[0]) * share, one[1] + (end[1] - one[1]) * share
        left -= step
    return line[-1]


def _middlemost(points: Part) -> Vertex:
    """Return the point that is nearest to the mean of all points."""
    middle = sum(one[0] for one in points) / len(points), sum(one[1] for one in points) / len(points)
    return min(points, key=lambda one: hypot(one[0] - middle[0], one[1] - middle[1]))


def _of_area(area: list[Any]) -> tuple[float, Vertex]:
    """Return the size of a polygon, in square degrees at its latitude, and its point."""
    written = [[_vertex(one) for one in ring] for ring in area]
    if not written or not written[0]:
        return -1.0, (0.0, 0.0)
    start = written[0][0][0]
    rings = [[_near(one, start) for one in ring] for ring in written]
    size, centre = _centroid(rings[0])
    if size == 0 or not _inside(centre, rings):
        centre = _widest(centre[1], rings) or (rings[0][0] if size == 0 else centre)
    return size * cos(radians(centre[1])), centre


def _centroid(ring: Part) -> tuple[float, Vertex]:
    """Return the size of a ring and its centre of gravity. If the size is 0, the centre is the mean of its corners."""
    x0, y0 = ring[0]
    doubled = x = y = 0.0
    for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
        cross = (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
        doubled += cross
        x += (ax + bx - 2 * x0) * cross
        y += (ay + by - 2 * y0) * cross
    if doubled == 0:
        return 0.0, (sum(one[0] for one in ring) / len(ring), sum(one[1] for one in ring) / len(ring))
    return abs(doubled) / 2, (x0 + x / (3 * doubled), y0 + y / (3 * doubled))


def _crossings(latitude: float, rings: list[Part]) -> list[float]:
    """Return the longitudes at which the rings cross a latitude, in order. The area lies between the first and the
    second, between the third and the fourth, and so on."""
    found = []
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
            if (ay > latitude) != (by > latitude):
                found.append(ax + (latitude - ay) / (by - ay) * (bx - ax))
    return sorted(found)


def _inside(point: Vertex, rings: list[Part]) -> bool:
    return sum(1 for one in _crossings(point[1], rings) if one > point[0]) % 2 == 1


def _widest(latitude: float, rings: list[Part]) -> Vertex | None:
    crossings = _crossings(latitude, rings)
    spans = list(zip(crossings[::2], crossings[1::2], strict=False))
    if not spans:
        return None
    west, east = max(spans, key=lambda one: one[1] - one[0])
    return (west + east) / 2, latitude


def _degrees(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")
