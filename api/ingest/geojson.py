"""Read GeoJSON features [RFC 7946] as rows: their properties, with a point for their geometry."""

from __future__ import annotations

from typing import Any

from api.ingest.formatting import format_value
from api.ingest.geometry import representative
from api.ingest.strict_json import MalformedFile

PRECISION = "geometry_precision"  # the column with the precision of the point


def as_object(value: Any) -> dict[str, Any]:
    """Return the value. MalformedFile if it is not an object."""
    if not isinstance(value, dict):
        raise MalformedFile(f"expected an object, got {format_value(value)}")
    return value


def is_feature(value: Any) -> bool:
    """Return True if a value is a feature of GeoJSON."""
    return isinstance(value, dict) and value.get("type") == "Feature"


def as_row(value: Any) -> dict[str, Any]:
    """Return the properties of a feature. Its id, the degrees of its point and their precision are added to them, if
    the properties have no such names."""
    feature = as_object(value)
    properties = feature.get("properties")
    if not is_feature(feature) or not isinstance(properties, dict | None):
        raise MalformedFile("expected a GeoJSON feature with properties")
    row = dict(properties or {})
    if "id" in feature:
        row.setdefault("id", feature["id"])
    geometry = feature.get("geometry")
    if geometry is None:
        return row
    point = representative(geometry)
    columns = {"longitude": point.longitude, "latitude": point.latitude}
    if point.precision:
        columns[PRECISION] = point.precision
    return {**columns, **row}
