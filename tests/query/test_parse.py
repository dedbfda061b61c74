"""Values as callers write them: what is read as what, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.catalog import V1
from api.errors import UnknownName
from api.query import parse
from api.query.globe import check_near
from api.query.parse import (
    read_boolean,
    read_box,
    read_date,
    read_id,
    read_identifier,
    read_language,
    read_near,
    read_number,
    read_term,
    read_text,
    read_timestamp,
    read_words,
)
from api.suggest import Suggestions

NOON = datetime(2022, 3, 6, 12, tzinfo=UTC)
TAIL = "0123456789abcdefghjkmnpqrs"


def event_id(text: str) -> str:
    return read_id(text, V1["event"])


def term(text: str) -> str:
    return read_term(text, ("shelling", "air_strike"))


@pytest.mark.parametrize(
    ("reader", "text", "expected"),
    [
        (read_number, "364", Decimal(364)),
        (read_number, "1.50", Decimal("1.5")),
        (read_number, "-0.000001", Decimal("-0.000001")),
        (read_number, "-0", Decimal(0)),
        (read_number, "007", Decimal(7)),
        (read_number, "999999999999999.999999", Decimal("999999999999999.999999")),
        (read_timestamp, "2022-03-06T12:00:00Z", NOON),
        (read_timestamp, "2022-03-06t12:00:00z", NOON),
        (read_timestamp, "2022-03-06 12:00Z", NOON),
        (read_timestamp, "2022-03-06T14:30:00+02:30", NOON),
        (read_timestamp, "2022-03-06 12:00:00 UTC", NOON),
        (read_timestamp, "2022-03-06 12:00:00UTC", NOON),
        (read_timestamp, "2022-03-06T14:30:00+0230", NOON),
        (read_timestamp, "2022-03-06 14:30:00 +02:30", NOON),
        (read_timestamp, "2022-03-06T12:00:00.000000Z", NOON),
        (read_timestamp, "2022-03-06T12:00:00.000000001Z", NOON + timedelta(microseconds=1)),
        (read_timestamp, "2022-03-06T11:59:59.9999991+00:00", NOON),
        (read_timestamp, "9999-12-31T23:59:59.9999999Z", datetime.max.replace(tzinfo=UTC)),
        (read_timestamp, "2022-03-06", datetime(2022, 3, 6, tzinfo=UTC)),
        (read_timestamp, "1000-01-01", datetime(1000, 1, 1, tzinfo=UTC)),
        (read_timestamp, "9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (read_date, "2024-02-29", date(2024, 2, 29)),
        *((read_boolean, text, True) for text in ("true", "True", "TRUE", "1")),
        *((read_boolean, text, False) for text in ("false", "False", "FALSE", "0")),
        (read_box, "22,44,41,53", (22.0, 44.0, 41.0, 53.0)),
        (read_box, "170,-30,-170,10", (170.0, -30.0, -170.0, 10.0)),
        (read_box, "-180,-90,180,90", (-180.0, -90.0, 180.0, 90.0)),
        (read_box, "1.123456789012345,2,3,4", (1.1234568, 2.0, 3.0, 4.0)),
        (read_box, "-0.0,-0.00000001,1e-99,0", (0.0, 0.0, 0.0, 0.0)),
        (read_box, "10.00000002,0,10.00000001,1", (-180.0, 0.0, 180.0, 1.0)),
        (read_box, "170,-20,190,-10", (170.0, -20.0, -170.0, -10.0)),
        (read_box, "-190.5,0,-170,1", (169.5, 0.0, -170.0, 1.0)),
        (read_box, "177,-20,180,-10", (177.0, -20.0, -180.0, -10.0)),
        (read_box, "-180,-20,-177,-10", (180.0, -20.0, -177.0, -10.0)),
        (read_box, "-180,0,180,1", (-180.0, 0.0, 180.0, 1.0)),
        (read_box, "-200,0,200,1", (-180.0, 0.0, 180.0, 1.0)),
        (read_box, "0,0,360,1", (-180.0, 0.0, 180.0, 1.0)),
        (read_box, "180,0,180,1", (180.0, 0.0, -180.0, 1.0)),
        (read_box, "180,0,-180,1", (180.0, 0.0, -180.0, 1.0)),
        (read_box, "-180,0,179.99999999,1", (-180.0, 0.0, 180.0, 1.0)),
        (read_box, "30,0,30,1", (30.0, 0.0, 30.0, 1.0)),
        (read_near, "-17,190.25,1", (-17.0, -169.75, 1.0)),
        (read_near, "-17,-180,1", (-17.0, 180.0, 1.0)),
        (read_near, "50.45,30.52,100", (50.45, 30.52, 100.0)),
        (read_near, "-90,180,20016", (-90.0, 180.0, 20016.0)),
        (read_near, "1e-99,-0.0,1", (0.0, 0.0, 1.0)),
        (read_near, "50.12345678,30,0.00000000000000000001", (50.1234568, 30.0, 0.000001)),
        (event_id, f"evt_{TAIL}", f"evt_{TAIL}"),
        (read_identifier, "wikidata:Q131258", ("wikidata", "Q131258")),
        (read_identifier, "handle:a:b", ("handle", "a:b")),
        (read_language, "pt-BR", "pt-BR"),
        (term, "air_strike", "air_strike"),
        (read_text, "Київ 😀", "Київ 😀"),
        (read_words, '"humanitarian corridor" -city', '"humanitarian corridor" -city'),
    ],
)
def test_a_value_is_read(reader: Callable[[str], Any], text: str, expected: Any) -> None:
    value = reader(text)
    assert value == expected
    assert repr(value) == repr(expected)


@pytest.mark.parametrize(
    ("reader", "texts"),
    [
        (
            read_number,
            ("1_0", "NaN", "Infinity", "1e3", "+1", " 1", "1 ", "1.", ".5", "٣", "1.0000001", "0x10", "", "--1"),
        ),
        (read_number, ("1000000000000000", "1\n")),
        (read_timestamp, ("0025-03-06", "0999-12-31T23:59:59Z", "10000-01-01", "-2022-03-06", "2022-02-30")),
        (read_timestamp, ("2022-03-06T12:00:00", "2022-03-06T24:00:01Z", "2022-03-06T12:00:60Z", "2022-03-06T12Z")),
        (read_timestamp, ("2022-03-06T12:00:00+02", "2022-03-06T12:00:00 02:00", "2022-03-06T12:00:00+25:00")),
        (read_timestamp, ("2022-03-06T12:00:00 CET", "2022-03-06T12:00:00  UTC", "2022-03-06T12:00.5Z")),
        (read_timestamp, ("9999-12-31T23:59:59-01:00", "1000-01-01T00:00:00+01:00", "20220306", "now", "2022-W10")),
        (read_timestamp, ("٢٠٢٢-03-06", "2022-03-06\n", "")),
        (read_date, ("2022-3-6", "2022-03-06T00:00:00Z", "2023-02-29", "0000-00-00", "0999-12-31", "")),
        (read_boolean, ("tRUE", "2", "01", "yes", "", "false ")),
        (
            read_box,
            ("22,44,41", "22,44,41,53,1", "a,b,c,d", "22,53,41,44", "22,44,41,91", "-36001,0,0,0", "22;44;41;53"),
        ),
        (read_box, ("1_0,2,3,4", "NaN,2,3,4", "inf,2,3,4", "1e1,2,3,4", " 1,2,3,4", ",,,", "")),
        (read_near, ("91,0,1", "0,36001,1", "0,0,0", "0,0,-1", "0,0,20017", "0,0", "nan,0,1", "0,0,1_0")),
        (event_id, ("", "evt_", TAIL, f"fig_{TAIL}", f"evt_{TAIL.upper()}", f"evt_{TAIL[1:]}u", f"evt_{TAIL}\n")),
        (read_identifier, ("wikidata", ":Q1", "wikidata:", "", "a\x00:b")),
        (read_language, ("", "EN", "english", "e", "en_US", "en-", "en\n")),
        (term, ("", "Shelling", "SHELLING", "shelling ", "x" * 1000)),
        (read_text, ("", "a\x00b", "\ud800", "x" * 501)),
        (read_words, ("", "-" * 40, "- " * 40)),
    ],
)
def test_a_value_of_another_type_is_refused_with_a_message(
    reader: Callable[[str], Any], texts: tuple[str, ...]
) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=r"\.") as exc_info:
            print(repr(text), reader(text))
        assert type(exc_info.value) in (ValueError, UnknownName), text


@pytest.mark.parametrize(("text", "nearest"), [("shellin", "shelling"), ("zzz", "")])
def test_a_term_that_is_nearly_one_can_be_suggested(text: str, nearest: str) -> None:
    with pytest.raises(UnknownName, match="not one of") as exc_info:
        term(text)
    assert Suggestions().nearest(exc_info.value.unknown) == nearest


def test_a_distance_must_be_a_number() -> None:
    for point in ((float("nan"), 0.0, 1.0), (0.0, float("inf"), 1.0), (0.0, 0.0, float("nan"))):
        with pytest.raises(ValueError, match="Expected"):
            check_near(*point)


@given(some.text(max_size=40) | some.from_regex(parse.TIMESTAMP, fullmatch=True) | some.from_regex(parse.NUMBER))
def test_a_reader_returns_a_value_or_states_what_it_expected(text: str) -> None:
    readers = [*parse.READERS.values(), read_box, read_near, read_identifier, read_language, event_id, term, read_words]
    for reader in readers:
        try:
            reader(text)
        except ValueError as error:
            assert type(error) in (ValueError, UnknownName) and str(error)
