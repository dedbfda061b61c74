"""Boxes and distances on the globe. Angles are in degrees and lengths in kilometres. The sphere has the mean radius of
the IUGG."""

from __future__ import annotations

import math

from api.query.globe import Box, wrap

EARTH_KM = 6371.0088


def box_around(latitude: float, longitude: float, kilometres: float) -> Box:
    """Return the box (west, south, east, north) that contains every point within the distance.

    West is greater than east if the box crosses or touches the antimeridian. The box of a circle around a pole has all
    longitudes. The half-width is asin(sin d / cos latitude), d being the angular distance (Matuschek, "Finding
    Points Within a Distance of a Latitude/Longitude Using Bounding Coordinates").
    """
    angle = kilometres / EARTH_KM
    south = latitude - math.degrees(angle)
    north = latitude + math.degrees(angle)
    if south <= -90 or north >= 90 or angle >= math.pi / 2:
        return (-180.0, max(-90.0, south), 180.0, min(90.0, north))
    width = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude)))))
    west, east = wrap(longitude - width), wrap(longitude + width)
    if east == 180:
        east = -180.0
    return (west, south, east, north)
