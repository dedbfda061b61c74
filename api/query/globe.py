"""Boxes and circles on the globe, as filters take them. Equal ones have equal values, even if they are written
differently."""

from __future__ import annotations

Box = tuple[float, float, float, float]

# About 1 cm. Further decimals say nothing about a place, and the smallest doubles fail in Postgres' arithmetic.
DEGREE_DECIMALS = 7
# A millimetre: less than the rounded degrees can distinguish.
KILOMETRE_DECIMALS = 6
# A hundred turns. Map libraries count on beyond 180 when a map is moved around the globe.
MAX_LONGITUDE = 36_000
# The decimals of a difference of two longitudes; those beyond are noise of doubles.
DIFFERENCE_DECIMALS = 10


def check_box(west: float, south: float, east: float, north: float) -> Box:
    """Return the box (west, south, east, north) with longitudes from -180 to 180. ValueError if it is not a box.

    Its west is greater than its east if it contains or touches the antimeridian. Then a longitude is inside if it is at
    least west or at most east, so 180 and -180 are both inside or both outside. A box of all longitudes is -180 to 180.
    """
    has_longitudes = abs(west) <= MAX_LONGITUDE and abs(east) <= MAX_LONGITUDE
    has_latitudes = abs(south) <= 90 and abs(north) <= 90
    if not has_longitudes or not has_latitudes:
        raise ValueError(
            f"Expected longitudes from -{MAX_LONGITUDE} to {MAX_LONGITUDE} and latitudes from -90 to 90:"
            " west,south,east,north."
        )
    if south > north:
        raise ValueError("Expected a south that is not north of north: west,south,east,north.")
    south, north = round_degrees(south), round_degrees(north)
    width = round(east - west, DIFFERENCE_DECIMALS)
    west, east = _round_longitude(west), _round_longitude(east)
    # Equal edges are those of a line, or of a box that leaves out less than 1 cm.
    if width >= 360 or (west == east and width % 360 > 180):
        return -180.0, south, 180.0, north
    if east >= 180:
        east = -180.0
    return west, south, east, north


def check_near(latitude: float, longitude: float, kilometres: float) -> tuple[float, float, float]:
    """Return the circle around a point, with a longitude above -180 and up to 180. ValueError if it is not one."""
    if not (abs(latitude) <= 90 and abs(longitude) <= MAX_LONGITUDE):
        raise ValueError(
            f"Expected a latitude from -90 to 90 and a longitude from -{MAX_LONGITUDE} to {MAX_LONGITUDE}, in this"
            " order."
        )
    if not 0 < kilometres <= 20016:
        raise ValueError("Expected a distance above 0 and of at most 20016 km.")
    kilometres = max(round(kilometres, KILOMETRE_DECIMALS), 10**-KILOMETRE_DECIMALS)
    return round_degrees(latitude), _round_longitude(longitude), kilometres


def round_degrees(value: float) -> float:
    """Round degrees to 7 decimals, as they are stored. A negative zero becomes zero."""
    return round(value, DEGREE_DECIMALS) + 0.0


def wrap(longitude: float) -> float:
    """Return the equal longitude above -180 and up to 180. A longitude within this range is not changed."""
    if -180 < longitude <= 180:
        return longitude
    return 180.0 - (180.0 - longitude) % 360.0


def _round_longitude(value: float) -> float:
    return round_degrees(wrap(round_degrees(value)))
