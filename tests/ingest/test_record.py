"""A record in canonical form: the same for equal content, and the same again when it is read back."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.identity import public_id
from api.ingest.load_format import LINES
from api.ingest.record_reader import InvalidRecord, read
from api.ingest.strict_json import MalformedFile, parse

EVENT = {
    "resource": "event",
    "dataset": "d",
    "key": "k",
    "kind": "attack",
    "title": "T",
    "status": "occurred",
    "time_precision": "unknown",
}
FIGURE = {"resource": "figure", "dataset": "d", "key": "k", "measure": "killed", "unit": "persons", "value": 5}


def canonical(line: dict[str, Any] | str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(read(parse(line if isinstance(line, str) else json.dumps(line))).body)
    return record


def test_links_become_public_ids_and_keys_are_gone() -> None:
    citation = {"source": "s", "via": ["a", public_id("x", "source", "b")], "document": "doc"}
    record = canonical(EVENT | {"place": "p", "citations": [citation]})
    assert record["id"] == public_id("d", "event", "k")
    assert record["place"] == public_id("d", "place", "p")
    assert record["citations"] == [
        {
            "source": public_id("d", "source", "s"),
            "via": [public_id("d", "source", "a"), public_id("x", "source", "b")],
            "document": public_id("d", "document", "doc"),
            "stance": "asserts",
        }
    ]
    assert not {"key", "withdrawn"} & record.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-0.0", "0.0"), ("-0", "0.0"), ("1e-320", "0.0"), ("-1e-99", "0.0"), ("1.23456789", "1.2345679"), ("50", "50.0")],
)
def test_degrees_are_rounded_to_seven_decimals_and_zero_has_no_sign(text: str, expected: str) -> None:
    place = '{"resource":"place","dataset":"d","key":"k","name":"N","latitude":%s,"longitude":%s}'
    body = read(parse(place % (text, text))).body.decode()
    assert f'"latitude":{expected},"longitude":{expected}' in body


@pytest.mark.parametrize("text", ["-0.0", "-0", "-0e5", "0"])
def test_an_amount_of_zero_has_no_sign(text: str) -> None:
    assert b'"value":0}' in read(parse(json.dumps(FIGURE).replace("5", text))).body


def test_null_and_empty_fields_are_omitted_and_defaults_are_written() -> None:
    record = canonical(EVENT | {"summary": None, "tags": [], "citations": []})
    assert record == {
        "resource": "event",
        "id": public_id("d", "event", "k"),
        "dataset": "d",
        "kind": "attack",
        "title": "T",
        "status": "occurred",
        "time_precision": "unknown",
        "language": "en",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-03-06T14:30:00Z", "2022-03-06T14:30:00Z"),
        ("2022-03-06T14:30:00+02:00", "2022-03-06T12:30:00Z"),
        ("2022-03-06T00:30:00.250-14:00", "2022-03-06T14:30:00.250000Z"),
        ("1000-01-01T00:00:00Z", "1000-01-01T00:00:00Z"),
        ("9998-12-31T23:59:59.999999Z", "9998-12-31T23:59:59.999999Z"),
    ],
)
def test_a_time_is_kept_in_utc(text: str, expected: str) -> None:
    assert canonical(EVENT | {"starts_at": text, "time_precision": "minute"})["starts_at"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", b'"value":5}'),
        ("5.0", b'"value":5}'),
        ("5e2", b'"value":500}'),
        ("-0.0", b'"value":0}'),
        ("12.50", b'"value":12.5}'),
        ("1e-6", b'"value":0.000001}'),
        ("999999999999999.999999", b'"value":999999999999999.999999}'),
    ],
)
def test_a_number_is_kept_to_the_digit(text: str, expected: bytes) -> None:
    assert read(parse(json.dumps(FIGURE).replace('"value": 5', f'"value": {text}'))).body.endswith(expected)


@pytest.mark.parametrize(
    "text", ["1e15", "1e300", "0.0000001", "1.00000000000000000000000000000000000000001", "1e-400"]
)
def test_a_number_that_would_be_rounded_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecord):
        read(parse(json.dumps(FIGURE).replace('"value": 5', f'"value": {text}')))


def test_the_canonical_form_is_a_line_of_the_format_and_canonical_itself() -> None:
    first = read(parse(json.dumps(EVENT | {"place": "p", "starts_at": "2022-03-06T00:00:00+01:00"})))
    second = read(parse(first.body.decode()))
    assert (second.body, second.id) == (first.body, first.id)


def test_all_that_is_wrong_with_a_record_is_told_at_once() -> None:
    with pytest.raises(InvalidRecord) as exc_info:
        read(parse(json.dumps(EVENT | {"kind": "x", "titel": "T", "title": "", "citations": [{"stance": "denies"}]})))
    problems = dict(exc_info.value.problems)
    assert problems[("titel",)] == "unknown field; did you mean title?"
    assert problems[("title",)] == "expected some text; leave the field out where there is none"
    assert problems[("citations", 0, "source")] == "expected, but it is missing"
    assert problems[("kind",)].startswith("expected one of attack, air_strike")


def test_a_column_in_place_of_a_link_is_reported_with_the_name_of_the_link() -> None:
    with pytest.raises(InvalidRecord) as exc_info:
        read({**EVENT, "place_id": "p", "disputed": True})
    assert dict(exc_info.value.problems) == {
        ("place_id",): "unknown field; the link is called place",
        ("disputed",): "the store derives this field: leave it out",
    }


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({name for form in LINES.values() for name in form.model.model_fields} | {"exact", "scheme", "source"})


@given(
    st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), ANYTHING, max_size=6),
    st.sampled_from([EVENT, FIGURE]),
)
def test_any_text_is_read_or_refused_in_printable_words(changes: dict[str, Any], line: dict[str, Any]) -> None:
    try:
        record = read(parse(json.dumps({**line, **changes})))
    except MalformedFile as error:
        assert error.detail.isprintable()
    except InvalidRecord as error:
        assert error.problems
        assert all(detail.isprintable() for _, detail in error.problems)
    else:
        assert record.body == b"" or orjson.loads(record.body)["id"] == record.id
