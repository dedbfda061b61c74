"""A cursor holds a position in one list, is read back as it was, and is refused where it was tampered with."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.catalog import V1
from api.errors import InvalidCursor
from api.query import EVERYTHING, Exists, Filter, Not, Search, Sort, and_, or_, read_sort
from api.query import Test as Compared
from api.query.cursor import fingerprint, read_cursor

ID = "evt_0123456789abcdefghjkmnpqrs"
EVENT = V1["event"]


def sort(resource: str, text: str) -> Sort:
    sort_order = read_sort(V1[resource], text)
    assert sort_order is not None
    return sort_order


SORTS = {
    "timestamp": sort("event", "-starts_at"),
    "date": sort("figure", "as_of"),
    "number": sort("figure", "-value"),
    "name": sort("source", "name"),
    "id": sort("event", "id"),
    "relevance": sort("event", "relevance"),
    "required": sort("briefing", "published_at"),
}


def cursor(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("kind", "key", "expected"),
    [
        ("timestamp", "2022-03-06 12:00:00+00", datetime(2022, 3, 6, 12, tzinfo=UTC)),
        ("timestamp", "2022-03-06 12:00:00.1+00", datetime(2022, 3, 6, 12, 0, 0, 100000, tzinfo=UTC)),
        ("timestamp", "2022-03-06 12:00:00.12345+00", datetime(2022, 3, 6, 12, 0, 0, 123450, tzinfo=UTC)),
        ("timestamp", "2022-03-06 14:00:00+02", datetime(2022, 3, 6, 12, tzinfo=UTC)),
        ("timestamp", None, None),
        ("date", "2022-03-06", date(2022, 3, 6)),
        ("date", None, None),
        ("number", "1.50", Decimal("1.5")),
        ("number", "-999999999999999.999999", Decimal("-999999999999999.999999")),
        ("name", "\\x1ce0", b"\x1c\xe0"),
        ("name", "\\x" + "00" * 300, bytes(300)),
        ("name", None, None),
        ("id", ID, ID),
        ("relevance", "0.06079271", 0.06079271),
        ("relevance", "1e-20", 1e-20),
    ],
)
def test_a_cursor_is_read_back_as_it_was_written(kind: str, key: Any, expected: Any) -> None:
    assert read_cursor(cursor("list", key, ID), "list", SORTS[kind], "cursor").position == (expected, ID)


WRONG_TIMESTAMPS: tuple[Any, ...] = ("2022", "2022-03-06", "2022-03-06 12:00:00", "x", "", 5, [], {}, True)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *(("timestamp", key) for key in WRONG_TIMESTAMPS),
        *(
            ("timestamp", key)
            for key in ("0001-01-01 00:00:00+14", "9999-12-31 23:59:59-14", "10000-01-01 00:00:00+00")
        ),
        *(("date", key) for key in ("2022-13-01", "infinity", "0000-01-01", "12022-01-01", 20220306)),
        *(
            ("number", key)
            for key in ("NaN", "sNaN", "Infinity", "-inf", "1e99999", "1_0", "1E+999999999", "٣", "", 364)
        ),
        *(("id", key) for key in ("a\x00b", 1, ["x"])),
        *(("name", key) for key in ("Kyiv", "", "1ce0", "\\x1", "\\xCE", "\\x" + "00" * 301, 1)),
        *(("relevance", key) for key in ("nan", "inf", "-Infinity", "1e39", "x", 0.5, None)),
        *(("required", key) for key in (None, "x")),
    ],
)
def test_a_key_of_another_kind_is_refused(kind: str, key: Any) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(cursor("list", key, ID), "list", SORTS[kind], "cursor")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "W10",
        "bnVsbA",
        "e30",
        "MQ",
        "é",
        "\ud800",
        "[]",
        "A" * 60000,
        "W1tb" * 10000,
        cursor("list", "x"),
        cursor("list", "x", ID, ID),
        cursor("list", "x", 5),
        cursor("list", "x", None),
        cursor("list", "x", "evt_"),
        cursor("list", "x", f"{ID}\x00"),
        cursor("list", "x", ID.upper()),
        cursor(["list"], "x", ID),
        cursor(None, "x", ID),
        cursor("other", "x", ID),
        cursor("list", "x", ID) + "=",
        cursor("list", "x", ID) + "!",
        cursor("list", "x", ID)[:-3],
        "\n" + cursor("list", "x", ID),
    ],
)
def test_a_cursor_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor) as exc_info:
        read_cursor(text, "list.of.x.y", SORTS["name"], "events.after")
    assert [fault.where for fault in exc_info.value.faults] == ["events.after"]


@given(some.text() | some.binary().map(lambda data: urlsafe_b64encode(data).decode().rstrip("=")))
def test_nothing_that_is_sent_as_a_cursor_is_a_fault_of_ours(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(text, "v1.event.-starts_at.0", SORTS["timestamp"], "cursor")


@given(some.recursive(some.none() | some.booleans() | some.floats() | some.text(), some.lists), some.data())
def test_nothing_that_a_cursor_holds_is_a_fault_of_ours(value: Any, data: some.DataObject) -> None:
    for kind in SORTS.values():
        parts = ["list.of.x.y", data.draw(some.text() | some.just(value)), ID]
        try:
            key, identifier = read_cursor(cursor(*parts), "list.of.x.y", kind, "cursor").position
        except InvalidCursor:
            continue
        assert identifier == ID
        assert key is None or type(key) in (str, datetime, date, Decimal, float)


def test_a_cursor_belongs_to_a_version_a_resource_a_sort_and_a_filter() -> None:
    by_time = SORTS["timestamp"]
    narrow = Compared("kind", "in", ("other",), "vocabulary")
    marks = {
        fingerprint("v1", "event", by_time, EVERYTHING),
        fingerprint("v2", "event", by_time, EVERYTHING),
        fingerprint("v1", "quote", by_time, EVERYTHING),
        fingerprint("v1", "event", sort("event", "starts_at"), EVERYTHING),
        fingerprint("v1", "event", sort("event", "-ends_at"), EVERYTHING),
        fingerprint("v1", "event", by_time, narrow),
        fingerprint("v1", "event", by_time, Compared("kind", "in", ("policy",), "vocabulary")),
    }
    assert len(marks) == 7


def test_the_time_zone_of_a_position_does_not_matter() -> None:
    here = timezone(timedelta(hours=2))
    read = read_cursor(cursor("m", "2022-03-06 14:00:00+02", ID), "m", SORTS["timestamp"], "cursor")
    key, _ = read.position
    assert key == datetime(2022, 3, 6, 14, tzinfo=here)
    assert key.tzinfo is UTC


KIND = Compared("kind", "in", ("shelling",), "vocabulary")
SINCE = Compared("starts_at", "at_least", datetime(2022, 3, 6, 12, tzinfo=UTC), "timestamp")
FIGURES = Exists(
    "figures",
    and_(Compared("value", "after", Decimal("1.50"), "number"), Compared("disputed", "is", True, "boolean")),
)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (EVERYTHING, "44690f7c135b7552"),
        (KIND, "e20f344ceb953d49"),
        (SINCE, "15e91b61ce85a35b"),
        (FIGURES, "a0dac6b56ba372c2"),
        (Search("green corridor", "en"), "84a11d91f91a16fc"),
        (Not(KIND), "ece3401b00ed4b01"),
        (or_(KIND, SINCE), "a87085b6ebd1c3f9"),
        (or_(KIND), "77af370de254af88"),
        (or_(), "db74c96da947ac13"),
        (and_(KIND, SINCE, FIGURES, Search("x", "en"), Not(or_(FIGURES))), "c0d5b96a59a632d1"),
    ],
)
def test_cursors_of_earlier_releases_stay_valid(filter: Filter, expected: str) -> None:
    """These hashes are those of the first release. A class may be renamed, a cursor that a client keeps may not end."""
    assert fingerprint("v1", "event", SORTS["timestamp"], filter) == f"v1.event.-starts_at.{expected}"
