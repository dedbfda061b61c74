"""Values of a mapping beyond single columns: amounts, points, choices, `try`, patterns, and keys of rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.errors import LoadError
from api.ingest.faults import FileFaults
from api.ingest.mapped_file import mapped
from api.ingest.mapping import parsed

SOURCE = """
dataset = "reports"
container = ["csv", "json"]
[[record]]
resource = "source"
once = true
key = "desk"
name = "A desk"
kind = "outlet"
"""
FIGURE = """
[[record]]
resource = "figure"
key = "{id}"
measure = "injured"
unit = "persons"
citations = [{ source = "desk" }]
"""
PLACE = """
[[record]]
resource = "place"
key = "{id}"
name = "{id}"
"""
EVENT = """
[[record]]
resource = "event"
key = "{id}"
kind = "other"
title = "Event {id}"
status = "occurred"
"""
Read = Callable[..., tuple[list[dict[str, Any]], list[str], list[str]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(mapping, content)` returns the records except the source, the faults, and the notes."""

    def look(mapping: str, content: str, name: str = "a.csv") -> tuple[list[dict[str, Any]], list[str], list[str]]:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        faults = FileFaults("")
        with mapped(str(path), parsed("m.toml", (SOURCE + mapping).encode()), None) as file:
            lines = [entry.line for entry in file.entries(faults) if entry.line["resource"] != "source"]
            notes = file.notes()[1:]
        try:
            faults.refuse()
        except LoadError as error:
            return lines, [fault.removeprefix(":") for fault in error.faults], notes
        return lines, [], notes

    return look


def mistakes(mapping: str) -> list[str]:
    """Return the faults of a mapping."""
    with pytest.raises(LoadError) as exc_info:
        parsed("m.toml", (SOURCE + mapping).encode())
    return list(exc_info.value.faults)


def test_one_amount_fills_the_fields_of_a_figure(read: Read) -> None:
    lines, faults, _ = read(
        FIGURE + 'amount = "{n|amount}"', 'id,n\n1,at least 9\n2,20-25\n3,dozens\n4,"1,500"\n5,12\n'
    )
    assert not faults
    names = ("value", "value_low", "value_high", "quantifier", "bounds_basis", "value_text")
    assert [tuple(line.get(name) for name in names) for line in lines] == [
        (9, None, None, "at_least", None, "at least 9"),
        (None, 20, 25, "between", "stated", "20-25"),
        (None, 24, 99, "magnitude", "wording", "dozens"),
        (1500, None, None, "exact", None, "1,500"),
        (12, None, None, "exact", None, None),
    ]


def test_an_invalid_amount_is_a_fault_of_its_column(read: Read) -> None:
    _, faults, _ = read(FIGURE + 'amount = "{n|amount}"', "id,n\n1,9\n2,a handful\n")
    assert faults[0].startswith("3: ")
    assert "column n: expected an amount such as 7, at least 7" in faults[0]


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_fault_in_one_of_several_records_of_a_row_names_that_record(read: Read, position: int) -> None:
    mapping = FIGURE.replace("{id}", "{id}, {position}") + 'each = { part = "{n|split:;}" }\namount = "{part|amount}"'
    parts = ["9", "20-25", "7"]
    parts[position - 1] = "a handful"
    _, faults, _ = read(mapping, f"id,n\n1,{';'.join(parts)}\n")
    assert len(faults) == 1 and faults[0].startswith(f'2: figure "1, {position}": column part: expected an amount')
    # What fails before the key is known names no record.
    by_part = FIGURE.replace("{id}", "{part|number}") + 'each = { part = "{n|split:;}" }\nvalue = 1'
    _, faults, _ = read(by_part, f"id,n\n1,{';'.join(parts).replace('20-25', '8')}\n")
    assert len(faults) == 1 and faults[0].startswith("2: column part: expected a number"), faults


def test_an_amount_has_an_alternative_and_elements(read: Read) -> None:
    mapping = FIGURE.replace("{id}", "{id}, {part}") + 'each = { part = "{n|split:;}" }\namount = "{part|amount}"'
    lines, faults, _ = read(mapping, "id,n\n1,9; 20-25\n")
    assert (faults, [line.get("value") for line in lines]) == ([], [9, None])
    mapping = FIGURE + 'amount.first = ["{n|amount}", "{m|amount}"]'
    lines, faults, _ = read(mapping, "id,n,m\n1,,about 9\n")
    assert (faults, lines[0]["quantifier"]) == ([], "approximately")


@pytest.mark.parametrize(
    ("column", "text"),
    [("lat_lon", '"-1.25, 30.5"'), ("wkt", "POINT (30.5 -1.25)"), ("lon_lat", '"30.5, -1.25"')],
)
def test_one_point_fills_latitude_and_longitude(read: Read, column: str, text: str) -> None:
    lines, faults, _ = read(PLACE + f'point = "{{at|{column}}}"', f"id,at\nFord,{text}\nHill,\n")
    assert not faults
    assert [(line.get("latitude"), line.get("longitude")) for line in lines] == [(-1.25, 30.5), (None, None)]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (FIGURE + 'amount = "{n}"', "amount: expected {column|amount}"),
        (FIGURE + 'amount = "about {n|amount}"', "fills several fields, so it stands alone"),
        (FIGURE + 'amount = "{n|amount|round}"', "so no conversion follows it"),
        (FIGURE + 'value = "{n|amount}"', "value: amount fills several fields: write it as amount = …"),
        (FIGURE + 'value = "{n}"\namount = "{n|amount}"', "value: amount gives this field already"),
        (PLACE + 'point = "{at|amount}"', "point: expected {column|lat_lon} or {column|lon_lat} or {column|wkt}"),
        (PLACE + 'amount = "{n|amount}"', "amount: unknown field"),
        (FIGURE + 'value = "{n}"\nas_of = "{on|date:%d %B}"', "m.toml:18: record[2].as_of: the pattern"),
        (PLACE + 'country = "XYZ"', "country: expected a country"),
        ('[patterns]\nbad = "("\n' + PLACE, "patterns.bad: expected a regular expression"),
        (EVENT + 'time_precision = { by = "{p}", 1 = "dya" }', '"dya" is none; did you mean day'),
        (EVENT + 'time_precision = { by = "{p}" }', "time_precision: expected a text"),
    ],
)
def test_an_invalid_mapping_is_refused(mapping: str, expected: str) -> None:
    faults = mistakes(mapping.replace("[patterns]", "[patterns]", 1))
    assert any(expected in fault for fault in faults), faults


BY = (
    EVENT
    + """
[record.time_precision]
by = "{p}"
1 = "day"
"more*" = "year"
[record.starts_at]
by = "{p}"
1 = "{on|day}"
"more*" = "{on|year}"
"""
)


def test_a_value_can_depend_on_another_column(read: Read) -> None:
    lines, faults, _ = read(BY, "id,on,p\n1,2021-05-09,1\n2,2021-05-09,more than a month\n")
    assert not faults
    assert [line["starts_at"] for line in lines] == ["2021-05-09T00:00:00Z", "2021-01-01T00:00:00Z"]


def test_an_amount_can_depend_on_another_column(read: Read) -> None:
    mapping = FIGURE + 'amount = { by = "{side}", us = "{n|amount}", "them*" = "{m|amount}" }'
    lines, faults, _ = read(mapping, "id,side,n,m\n1,us,9,20-25\n2,them too,9,20-25\n")
    assert not faults
    assert [(line["quantifier"], line.get("value"), line.get("value_low")) for line in lines] == [
        ("exact", 9, None),
        ("between", None, 20),
    ]


def test_a_term_without_a_value_is_refused(read: Read) -> None:
    _, faults, _ = read(BY, "id,on,p\n1,2021-05-09,7\n")
    assert 'column p: expected one of "1", "more*", got "7"' in faults[0]


@pytest.mark.parametrize(("value", "kind"), [('["1"]', "a list"), ('{"a": 1}', "an object")])
def test_a_term_must_be_text(read: Read, value: str, kind: str) -> None:
    _, faults, _ = read(BY, f'[{{"id": "1", "on": "2021-05-09", "p": {value}}}]', "a.json")
    assert f"column p: expected text or a number, got {kind}" in faults[0]


def test_try_leaves_out_what_fails_and_the_report_counts_it(read: Read) -> None:
    mapping = EVENT + 'time_precision = "unknown"\ntags = ["{n|try|amount_|or:none}"]'
    mapping = mapping.replace("amount_", "number")
    lines, faults, notes = read(mapping, "id,n\n1,9\n2,many\n3,few\n4,\n")
    assert not faults
    assert [line["tags"] for line in lines] == [["9"], ["none"], ["none"], ["none"]]
    assert notes == ['`try` left out 2 values of n, such as "many".']


def test_try_covers_only_the_conversions_after_it(read: Read) -> None:
    mapping = EVENT + 'time_precision = "unknown"\ntags = ["{n|number|try|only:9}"]'
    assert "column n: expected a number" in read(mapping, "id,n\n1,many\n")[1][0]


def test_try_counts_a_value_once_however_many_fields_look_at_it(read: Read) -> None:
    mapping = FIGURE + 'when = "{n|try|amount}"\namount = "{n|try|amount}"\n' + PLACE + 'admin1 = "{n|try|number}"'
    lines, faults, notes = read(mapping, "id,n\n1,many\n2,9\n")
    assert (faults, [line["resource"] for line in lines]) == ([], ["place", "figure", "place"])
    assert notes == ['`try` left out 1 values of n, such as "many".']


def test_try_leaves_out_elements_of_a_list_one_by_one(read: Read) -> None:
    mapping = EVENT + 'time_precision = "unknown"\ntags = ["{n|split:;|try|number}"]'
    lines, faults, notes = read(mapping, "id,n\n1,9;many;8\n")
    assert (faults, lines[0]["tags"]) == ([], ["9", "8"])
    assert notes == ['`try` left out 1 values of n, such as "many".']


def test_a_date_in_several_columns_is_joined_before_it_is_read(read: Read) -> None:
    mapping = EVENT + 'each = { when = "{y}-{m}-{d}" }\nstarts_at = "{when|day:%Y-%m-%d}"\ntime_precision = "day"'
    lines, faults, _ = read(mapping, "id,y,m,d\n1,2021,5,9\n")
    assert (faults, lines[0]["starts_at"]) == ([], "2021-05-09T00:00:00Z")


def test_an_element_of_a_list_is_taken_by_its_position(read: Read) -> None:
    lines, faults, _ = read(PLACE + 'admin1 = "{at|split:/|element:-1}"', "id,at\n1,North / West / Ford\n")
    assert (faults, lines[0]["admin1"]) == ([], "Ford")


def test_a_regular_expression_takes_a_part_of_a_text(read: Read) -> None:
    mapping = "[patterns]\nprovince = '\\(([^)]+)\\)'\n" + PLACE + 'admin1 = "{at|match:province}"'
    lines, faults, _ = read(mapping, "id,at\n1,Ford (West)\n")
    assert (faults, lines[0]["admin1"]) == ([], "West")


def test_a_row_has_a_key_although_no_column_is_one(read: Read) -> None:
    lines, faults, _ = read(PLACE.replace('key = "{id}"', 'key = "row {#number}"'), "id\na\na\n")
    assert (faults, [line["key"] for line in lines]) == ([], ["row 1", "row 2"])
    by_hash = PLACE.replace('key = "{id}"', 'key = "{#hash}"')
    first, faults, _ = read(by_hash, "id,n\na,1\na,2\n")
    assert not faults
    again, _, _ = read(by_hash, "n,id\n2,a\n1,a\n")
    assert [line["key"] for line in again] == [line["key"] for line in reversed(first)]
    assert len({line["key"] for line in first}) == 2
    lines, _, _ = read(PLACE.replace('key = "{id}"', 'key = "{id|hash}"'), "id\na\n")
    assert lines[0]["key"] == "ca978112ca1bbdcafac231b39a23dc4d"


@pytest.mark.parametrize("text", ["UKR", "UA", "804", "Ukraine"])
def test_a_field_that_is_a_country_takes_codes_and_names(read: Read, text: str) -> None:
    lines, faults, _ = read(PLACE + 'country = "{of}"', f"id,of\nFord,{text}\n")
    assert (faults, lines[0]["country"]) == ([], "UA")
    assert parsed("m.toml", (SOURCE + PLACE + f'country = "{text}"').encode()).records[1].constants["country"] == "UA"


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (
            '[briefing]\ntitle = "T"\nlanguage = "english!"\npublished_at = "2021-01-01T00:00:00Z"',
            "briefing.language: ",
        ),
        ('[briefing]\ntitle = "T"\nlanguage = "en"\npublished_at = "2021"', "briefing.published_at: expected a time"),
        (
            '[briefing]\ntitle = "T"\nlanguage = "en"\npublished_at = "2021-01-02T00:00:00Z"\n'
            'modified_at = "2021-01-01T00:00:00Z"',
            "briefing.modified_at: expected a time at or after published_at",
        ),
        (
            '[briefing]\nkey = "{a|b}"\ntitle = "T"\nlanguage = "en"\npublished_at = "2021-01-01T00:00:00Z"',
            "briefing.key:",
        ),
        (
            '[briefing]\ntitle = 5\nlanguage = "en"\npublished_at = "2021-01-01T00:00:00Z"',
            "briefing.title: expected text",
        ),
        (FIGURE + 'value = "{n}"\nas_of = "2021"', "record[2].as_of: expected a date"),
        (PLACE + 'latitude = 95.5\nlongitude = "{n}"', "record[2].latitude: expected degrees from -90 to 90"),
        (PLACE + 'identifiers = [{ scheme = "A B", value = "{id}" }]', "record[2].identifiers[1].scheme: expected"),
    ],
)
def test_a_wrong_constant_is_one_fault_of_the_mapping(mapping: str, expected: str) -> None:
    head = SOURCE.replace("[[record]]", mapping + "\n[[record]]", 1) if mapping.startswith("[") else SOURCE + mapping
    head += FIGURE + 'value = "{n}"\n' + EVENT + 'time_precision = "unknown"\n'
    with pytest.raises(LoadError) as exc_info:
        parsed("m.toml", head.encode())
    (fault,) = exc_info.value.faults
    assert expected in fault


def test_numbers_and_dates_of_toml_are_values(read: Read) -> None:
    mapping = PLACE + "latitude = -1.25\nlongitude = 30\n" + FIGURE + 'value = "{n}"\nas_of = 2021-05-09'
    lines, faults, _ = read(mapping, "id,n\na,9\n")
    assert (faults, float(lines[0]["latitude"]), lines[1]["as_of"]) == ([], -1.25, "2021-05-09")


def test_one_bad_cell_is_one_fault_however_many_records_look_at_it(read: Read) -> None:
    mapping = PLACE + 'country = "{id}"\n' + EVENT + 'starts_at = "{on|day}"\ntime_precision = "day"\n'
    mapping += FIGURE + 'amount = "{n|amount}"\nas_of = "{on|date}"\nperiod_end = "{on|date}"\n'
    _, faults, _ = read(mapping, "id,on,n\nUKR,9 May,2\nXX,2021-05-09,many\n")
    assert [fault.partition(": expected")[0] for fault in faults] == ["2: column on", "3: column id", "3: column n"]


def test_a_key_and_a_country_may_come_from_one_column(read: Read) -> None:
    lines, faults, _ = read(PLACE + 'country = "{id}"', "id\nUKR\n")
    assert (faults, lines[0]["key"], lines[0]["country"]) == ([], "UKR", "UA")
