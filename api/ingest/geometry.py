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

EARTH_RADIUS = 6371.0  # in kilometres
# The largest extent, in kilometres, at which a point is still this precise.
PRECISIONS = ((1, "exact"), (25, "near"), (100, "admin2"), (500, "admin1"), (2500, "country"))
BEYOND = "region"
DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
MAX_NESTING = 8

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
        position: Any = geometry.get("coordinates")
        _read_vertex(position)
        return Representative(position[0], position[1])  # with the digits of the file
    points: Part = []
    lines: list[Part] = []
    areas: list[list[Part]] = []
    for kind, coordinates in _split(geometry, 0):
        if kind == "Point":
            points.append(_read_vertex(coordinates))
        elif kind == "MultiPoint":
            points += _read_part(coordinates)
        elif kind == "LineString":
            lines.append(_read_part(coordinates))
        elif kind == "MultiLineString":
            lines += _read_parts(coordinates)
        elif kind == "Polygon":
            areas.append(_read_parts(coordinates))
        else:
            areas += [_read_parts(area) for area in coordinates]
    # An empty geometry stands for no place (RFC 7946, 3.1), so it must not hide the others.
    lines = [line for line in lines if line]
    areas = _without_empty(areas)
    vertices = points.copy()
    for line in lines:
        vertices += line
    for area in areas:
        for ring in area:
            vertices += ring
    if not vertices:
        raise MalformedFile("expected the geometry to have coordinates")
    first_longitude = vertices[0][0]
    if areas:
        longitude, latitude = _largest_area_point(areas)
    elif lines:
        longitude, latitude = _halfway(max(lines, key=_length))
    else:
        longitude, latitude = _middlemost(_all_near(points, first_longitude))
    precision = _precision(_extent(_all_near(vertices, first_longitude)))
    return Representative(_degrees((longitude + 180) % 360 - 180), _degrees(latitude), precision)


def _split(geometry: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the type and the coordinates of a geometry, or of each geometry of a collection."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection" and isinstance(geometry.get("geometries"), list) and depth < MAX_NESTING:
        for member in geometry["geometries"]:
            yield from _split(member, depth + 1)
    elif isinstance(kind, str) and kind in DEPTH:
        coordinates = geometry.get("coordinates")
        _check(coordinates, DEPTH[kind], kind)
        yield kind, coordinates
    else:
        raise MalformedFile("expected the geometry to be one of GeoJSON [RFC 7946], or null")


def _check(value: Any, depth: int, kind: str) -> None:
    if depth == 0:
        _read_vertex(value)
        return
    if not isinstance(value, list):
        raise MalformedFile(f"expected the coordinates of a {kind}")
    for element in value:
        _check(element, depth - 1, kind)


def _read_vertex(value: Any) -> Vertex:
    if not isinstance(value, list) or len(value) < 2:
        raise MalformedFile("expected a position of longitude and latitude")
    longitude, latitude = value[:2]
    return _read_degrees(longitude, 180), _read_degrees(latitude, 90)


def _read_degrees(value: Any, limit: int) -> float:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if not is_number or not -limit <= value <= limit:
        raise MalformedFile(f"expected degrees from {-limit} to {limit} in the geometry")
    return float(value)


def _read_part(coordinates: list[Any]) -> Part:
    return [_read_vertex(position) for position in coordinates]


def _read_parts(coordinates: list[Any]) -> list[Part]:
    return [_read_part(positions) for positions in coordinates]


def _without_empty(areas: list[list[Part]]) -> list[list[Part]]:
    """Return the areas that have an outer ring, without their empty rings."""
    filled: list[list[Part]] = []
    for area in areas:
        if not area or not area[0]:
            continue
        filled.append([ring for ring in area if ring])
    return filled


def _near(vertex: Vertex, longitude: float) -> Vertex:
    """Return the position with its longitude within 180 degrees of another one, because a geometry may cross the
    antimeridian."""
    return longitude + (vertex[0] - longitude + 180) % 360 - 180, vertex[1]


def _all_near(vertices: Part, longitude: float) -> Part:
    return [_near(vertex, longitude) for vertex in vertices]


def _distance(start: Vertex, end: Vertex) -> float:
    """Return the kilometres between two positions along the globe (haversine)."""
    start_latitude, end_latitude = radians(start[1]), radians(end[1])
    longitudes_apart = radians(start[0] - end[0])
    half = sin((start_latitude - end_latitude) / 2) ** 2
    half += cos(start_latitude) * cos(end_latitude) * sin(longitudes_apart / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half)))


def _extent(vertices: Part) -> float:
    """Return the diagonal of the bounding box, in kilometres."""
    longitudes, latitudes = zip(*vertices, strict=True)
    return _distance((min(longitudes), min(latitudes)), (max(longitudes), max(latitudes)))


def _precision(extent: float) -> str:
    for limit, precision in PRECISIONS:
        if extent <= limit:
            return precision
    return BEYOND


def _length(line: Part) -> float:
    return sum(_distance(start, end) for start, end in pairwise(line))


def _halfway(line: Part) -> Vertex:
    remaining = _length(line) / 2
    for start, end in pairwise(line):
        step = _distance(start, end)
        if step >= remaining and step > 0:
            near_end = _near(end, start[0])
            share = remaining / step
            return start[0] + (near_end[0] - start[0]) * share, start[1] + (near_end[1] - start[1]) * share
        remaining -= step
    return line[-1]


def _mean(vertices: Part) -> Vertex:
    longitudes, latitudes = zip(*vertices, strict=True)
    return sum(longitudes) / len(vertices), sum(latitudes) / len(vertices)


def _middlemost(points: Part) -> Vertex:
    """Return the point that is nearest to the mean of all points."""
    longitude, latitude = _mean(points)
    return min(points, key=lambda point: hypot(point[0] - longitude, point[1] - latitude))


def _largest_area_point(areas: list[list[Part]]) -> Vertex:
    """Return the point of the largest polygon; of equally large ones, that of the first."""
    largest, largest_point = _area_size_and_point(areas[0])
    for area in areas[1:]:
        size, point = _area_size_and_point(area)
        if size > largest:
            largest, largest_point = size, point
    return largest_point


def _area_size_and_point(area: list[Part]) -> tuple[float, Vertex]:
    """Return the size of a polygon, in square degrees at its latitude, and its point."""
    start_longitude = area[0][0][0]
    rings = [_all_near(ring, start_longitude) for ring in area]
    size, point = _size_and_centroid(rings[0])
    if size == 0 or not _inside(point, rings):
        middle = _widest_middle(point[1], rings)
        if middle is not None:
            point = middle
        elif size == 0:
            point = rings[0][0]
    return size * cos(radians(point[1])), point


def _size_and_centroid(ring: Part) -> tuple[float, Vertex]:
    """Return the size of a ring and its centre of gravity. If the size is 0, the centre is the mean of its corners."""
    x0, y0 = ring[0]
    doubled = x = y = 0.0
    for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
        cross = (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
        doubled += cross
        x += (ax + bx - 2 * x0) * cross
        y += (ay + by - 2 * y0) * cross
    if doubled == 0:
        return 0.0, _mean(ring)
    return abs(doubled) / 2, (x0 + x / (3 * doubled), y0 + y / (3 * doubled))


def _crossings(latitude: float, rings: list[Part]) -> list[float]:
    """Return the longitudes at which the rings cross a latitude, in order. The area lies between the first and the
    second, between the third and the fourth, and so on."""
    longitudes = []
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
            if (ay > latitude) != (by > latitude):
                longitudes.append(ax + (latitude - ay) / (by - ay) * (bx - ax))
    return sorted(longitudes)


def _inside(point: Vertex, rings: list[Part]) -> bool:
    east_of_point = [longitude for longitude in _crossings(point[1], rings) if longitude > point[0]]
    return len(east_of_point) % 2 == 1


def _widest_middle(latitude: float, rings: list[Part]) -> Vertex | None:
    """Return the middle of the widest part of an area at a latitude; None if the area does not reach it."""
    crossings = _crossings(latitude, rings)
    spans = list(zip(crossings[::2], crossings[1::2], strict=False))
    if not spans:
        return None
    west, east = max(spans, key=lambda span: span[1] - span[0])
    return (west + east) / 2, latitude


def _degrees(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")
