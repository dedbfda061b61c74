"""Boxes and circles on the globe: the bounds of maps are wrapped, and equal boxes are equal values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.query.globe import MAX_LONGITUDE, Box, check_box, check_near, wrap

DEGREES = some.integers(-1800, 1800).map(lambda tenths: tenths / 10)
TURNS = some.integers(-98, 98).map(lambda turns: turns * 360)


@given(DEGREES, some.integers(0, 3599).map(lambda tenths: tenths / 10), TURNS, some.integers(-1800, 1800))
def test_a_box_contains_the_longitudes_that_it_spans(west: float, width: float, turn: int, tenths: int) -> None:
    box = check_box(west + turn, 0, round(west + turn + width, 1), 1)
    # In whole tenths, as a child would count them along the equator.
    expected = (tenths - round(west * 10)) % 3600 <= round(width * 10)
    assert contains(box, tenths / 10) is expected


@given(DEGREES, DEGREES, TURNS, TURNS)
def test_a_turn_around_the_globe_changes_nothing(west: float, east: float, turn: int, other: int) -> None:
    box = check_box(west, -10, east, 10)
    assert repr(check_box(west + turn, -10, east + turn, 10)) == repr(box)
    if west > east:
        assert repr(check_box(west, -10, east + 360, 10)) == repr(box)
    assert repr(check_near(5, west + turn, 1)) == repr(check_near(5, west + other, 1))


@pytest.mark.parametrize("width", [360, 360.5, 719, 7200])
@given(west=some.floats(-180, 180))
def test_a_box_as_wide_as_the_globe_is_the_globe(width: float, west: float) -> None:
    assert check_box(west, -1, west + width, 1)[::2] == (-180, 180) or west + width - west < 360


@given(some.floats(-MAX_LONGITUDE, MAX_LONGITUDE))
def test_a_wrapped_longitude_is_the_same_place(longitude: float) -> None:
    wrapped = wrap(longitude)
    assert -180 < wrapped <= 180
    turns = (longitude - wrapped) / 360
    assert turns == pytest.approx(round(turns), abs=1e-9)


@pytest.mark.parametrize("edges", [(36001, 0, 36002, 1), (0, 0, float("nan"), 1), (0, -91, 1, 1), (0, 2, 1, 1)])
def test_an_invalid_box_is_refused(edges: Box) -> None:
    with pytest.raises(ValueError, match="west,south,east,north"):
        check_box(*edges)


def contains(box: Box, longitude: float) -> bool:
    """Return whether a longitude is in a box, by the rule that the value of a box promises."""
    west, _, east, _ = box
    return longitude >= west or longitude <= east if west > east else west <= longitude <= east
