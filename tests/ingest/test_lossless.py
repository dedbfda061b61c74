"""No content of a file is lost silently: it becomes a record, is refused, or is named in the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.errors import LoadError
from api.ingest.line_index import LineIndex, make_number, row_of
from api.ingest.load import LoadOptions, load
from api.ingest.mapping import parsed

Read = Callable[..., Any]
Put = Callable[[str, Any], str]

ARTICLES = """
dataset = "articles"
container = "csv"
[[record]]
resource = "document"
each = { paper = "{papers|split:;}", headline = "{headlines|split:;}" }
key = "{id}.{position}"
kind = "article"
title = "{headline}"
"""
PARTIES = """
dataset = "parties"
container = "json"
[[record]]
resource = "source"
each = { party = "{parties}" }
key = "{party.id}"
name = "{party.name}"
kind = "other"
"""
NUMBERED = """
dataset = "numbered"
container = ["json", "csv", "ndjson"]
[[record]]
resource = "source"
key = "{id}"
name = "{name}"
kind = "other"
"""


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("1,A;B,One;Two;Three", "column headlines: expected 2 elements, as many as papers has, got 3"),
        ("1,A;B;C,One;Two", "column headlines: expected 3 elements, as many as papers has, got 2"),
        ("1,,One", "column headlines: expected 0 elements, as many as papers has, got 1"),
    ],
)
def test_lists_of_unequal_length_are_refused(read_rows: Read, row: str, detail: str) -> None:
    _, faults, *_ = read_rows(f"id,papers,headlines\n{row}\n", using=ARTICLES)
    assert faults == [f"2: {detail}"]


def test_a_list_that_may_be_uneven_is_left_out_and_the_report_counts_it(read_rows: Read) -> None:
    using = ARTICLES.replace("key =", 'uneven = ["headline"]\nkey =')
    lines, faults, notes, _ = read_rows("id,papers,headlines\n1,A;B,One;Two\n2,A;B,One\n3,A,\n", using=using)
    assert not faults
    assert [line.get("title") for line in lines] == ["One", "Two", None, None, None]
    assert "1 rows leave out headlines, which has not as many elements as papers." in notes
    with pytest.raises(LoadError) as exc_info:
        parsed("m.toml", using.replace('["headline"]', '["headlines"]').encode())
    assert "uneven: expected names that each gives: paper, headline" in exc_info.value.faults[0]


@pytest.mark.parametrize(
    "each", ["{Yeer}-{Month}", "{Yeer}", "{Month}{Yeer|or:x}", "{Yeer|split:;}", "{Month|or:x}{Yeer[0]}"]
)
def test_an_unknown_column_is_refused_wherever_a_template_names_it(read_rows: Read, each: str) -> None:
    using = NUMBERED.replace("key =", f'each = {{ day = "{each}" }}\nkey =')
    _, faults, *_ = read_rows("id,name,Year,Month\n1,A,2020,1\n", using=using)
    assert len(faults) == 1
    assert 'expected a column "Yeer' in faults[0]


@pytest.mark.parametrize("where", ["when", "unless", "description", "url.first"])
def test_an_unknown_column_in_a_condition_or_choice_is_refused(read_rows: Read, where: str) -> None:
    setting = '["{nmae}", "{name}"]' if where.endswith("first") else '"{nmae}"'
    _, faults, *_ = read_rows("id,name\n1,A\n", using=NUMBERED + f"{where} = {setting}\n")
    assert faults == ['1: expected a column "nmae", which the mapping names; did you mean name?']


@pytest.mark.parametrize(
    ("column", "detail"),
    [
        ("{who.nmae}", 'expected a column "who.nmae", which the mapping names; did you mean who.name?'),
        ("{list.name}", '"list.name": "list" is a list; its elements are {list[0].name} and so on, or each = '),
        ("{id.name}", '"id.name": "id" is text or a number, and has no "name"'),
        ("{id[0]}", '"id[0]": "id" is no list'),
        ("{who[0]}", '"who[0]": "who" is no list'),
        ("{list[0].nmae}", 'expected a column "list[0].nmae", which the mapping names; did you mean list[].name?'),
    ],
)
def test_a_part_that_no_object_has_is_refused(read_rows: Read, column: str, detail: str) -> None:
    row = {"id": "1", "name": "A", "who": {"name": "B"}, "list": [{"name": "C"}], "none": [], "null": None}
    using = NUMBERED + f'description = "{column}"\n'
    _, faults, *_ = read_rows(json.dumps([row]), "a.json", using)
    assert len(faults) == 1
    assert faults[0].startswith("1: " + detail)


@pytest.mark.parametrize("column", ["{none[0].name}", "{null.name}", "{null[3]}"])
def test_a_part_of_an_always_empty_column_is_empty(read_rows: Read, column: str) -> None:
    row: dict[str, Any] = {"id": "1", "name": "A", "none": [], "null": None}
    lines, faults, *_ = read_rows(json.dumps([row]), "a.json", NUMBERED + f'description = "{column}"\n')
    assert not faults
    assert "description" not in lines[0]


def test_an_optional_part_may_be_missing(read_rows: Read) -> None:
    row = {"id": "1", "name": "A", "who": {"name": "B"}}
    using = 'optional = ["who.office"]' + NUMBERED + 'description = "{who.office}"\n'
    assert not read_rows(json.dumps([row]), "a.json", using)[1]


def test_columns_without_a_name_are_in_the_report(read_rows: Read) -> None:
    lines, faults, notes, _ = read_rows("id,name,,\n1,A,x,y\n", using=NUMBERED)
    assert (len(lines), faults) == (1, [])
    assert "Columns not mapped: (column 3), (column 4)." in notes
    using = NUMBERED.replace('"{name}"', '"{(column 3)}"')
    lines, *_ = read_rows("id,name,\n1,A,x\n", using=using)
    assert lines[0]["name"] == "x"


def test_rows_that_give_no_record_are_counted(read_rows: Read) -> None:
    using = NUMBERED.replace("key =", 'when = "{name|only:A}"\nkey =')
    _, faults, notes, _ = read_rows("id,name\n1,A\n2,B\n3,C\n", using=using)
    assert not faults
    assert "2 rows gave no record." in notes
    once = NUMBERED.replace("key =", "once = true\nkey =")
    _, _, notes, _ = read_rows("id,name\n1,A\n1,A\n", using=once)
    assert not [note for note in notes if "gave no record" in note]


def test_the_parts_of_a_single_object_that_each_takes_are_not_reported_as_unmapped(read_rows: Read) -> None:
    _, faults, notes, _ = read_rows('[{"parties": {"id": 1, "name": "A"}}]', "a.json", using=PARTIES)
    assert not faults
    assert not [note for note in notes if "not mapped" in note]


def test_the_report_lists_the_optional_columns_that_a_file_does_not_have(read_rows: Read) -> None:
    using = 'optional = ["role", "country"]' + NUMBERED + 'role = "{role}"\ncountry = "{country}"\n'
    for content, name in (
        ("id,name,country\n1,A,UA\n", "a.csv"),
        ('[{"id": 1, "name": "A", "country": "UA"}]', "a.json"),
    ):
        _, faults, notes, _ = read_rows(content, name, using)
        assert not faults
        assert "Columns that the file does not have: role." in notes
    _, _, notes, _ = read_rows("id,name,country,role\n1,A,UA,mayor\n", using=using)
    assert not [note for note in notes if "does not have" in note]


@pytest.mark.parametrize("column", ["{codes[1]}", "{codes.1}", "{parties[0].codes[1]}", "{parties.0.codes.1}"])
def test_an_index_on_a_list_works(read_rows: Read, column: str) -> None:
    rows = [{"id": "1", "name": "A", "codes": ["x", "y"], "parties": [{"codes": ["x", "y"]}]}]
    rows.append({"id": "2", "name": "B", "codes": ["x"], "parties": []})
    lines, faults, notes, _ = read_rows(json.dumps(rows), "a.json", NUMBERED + f'description = "{column}"\n')
    assert not faults
    assert [line.get("description") for line in lines] == ["y", None]
    assert notes[1:] == [f"Columns not mapped: {'parties[].' if column.startswith('{codes') else ''}codes[]."]


def test_a_column_whose_name_has_brackets_is_found_by_it(read_rows: Read) -> None:
    lines, faults, *_ = read_rows("id,name,a[0],b.c\n1,A,x,y\n", using=NUMBERED + 'description = "{a[0]}{b.c}"\n')
    assert not faults
    assert lines[0]["description"] == "xy"


def test_each_within_each_goes_through_the_lists_of_elements(read_rows: Read) -> None:
    using = PARTIES + '[[record.identifiers]]\neach = { code = "{party.codes}" }\nscheme = "code"\nvalue = "{code}"\n'
    rows = [
        {"parties": [{"id": "a", "name": "A", "codes": ["x", "y"]}, {"id": "b", "name": "B", "codes": []}]},
        {"parties": [{"id": "c", "name": "C", "codes": ["z"]}]},
    ]
    lines, faults, notes, _ = read_rows(json.dumps(rows), "a.json", using)
    assert not faults
    assert [[identifier["value"] for identifier in line.get("identifiers", ())] for line in lines] == [
        ["x", "y"],
        [],
        ["z"],
    ]
    assert notes == ["2 rows read with the mapping m."]
    _, faults, *_ = read_rows(json.dumps(rows), "a.json", using.replace("{party.codes}", "{party.code}"))
    assert faults == ['1: expected a column "parties[].code", which the mapping names; did you mean parties[].codes?']


def test_the_parts_of_a_text_have_no_names(read_rows: Read) -> None:
    with pytest.raises(LoadError) as exc_info:
        parsed("m.toml", ARTICLES.replace("{headline}", "{headline.text}").encode())
    assert "the parts of a text have no names of their own" in exc_info.value.faults[0]


@pytest.mark.parametrize(
    ("name", "content", "faults"),
    [
        (
            "a.json",
            '[{"id": "1", "name": "A"}, {"id": "1", "name": "B"}, {"id": "1", "name": "C"}]',
            [
                '1: record 2, source "1", key: this source stands in the file already, as record 1',
                '1: record 3, source "1", key: this source stands in the file already, as record 1',
            ],
        ),
        (
            "a.csv",
            'id,name\n1,"A\nB"\n2,B\n1,C\n',
            ['5: source "1", key: this source stands in the file already, at line 2'],
        ),
        (
            "a.ndjson",
            '\n{"id": 1, "name": "A"}\n{"id": "1", "name": "B"}\n',
            ['3: source "1", key: this source stands in the file already, at line 2'],
        ),
    ],
)
@pytest.mark.parametrize("skip", [False, True])
async def test_a_duplicate_key_is_reported_with_its_record(
    store: str, put: Put, tmp_path: Path, name: str, content: str, faults: list[str], skip: bool
) -> None:
    path, mapping = put(name, content.encode()), put("m.toml", NUMBERED.encode())
    if not skip:
        with pytest.raises(LoadError) as exc_info:
            await load([path], store, options=LoadOptions(mapping))
        assert [fault.removeprefix(f"{path}:") for fault in exc_info.value.faults] == faults
        return
    bad = tmp_path / "bad"
    summary = await load([path], store, options=LoadOptions(mapping, skip_bad=str(bad)))
    assert summary.counts["source"]["created"] == (2 if name == "a.csv" else 1)
    reasons = [json.loads(line)["reason"] for line in bad.read_text().splitlines()]
    assert len(reasons) == len(faults)
    assert all(reason.endswith(fault.rpartition(": ")[2]) for reason, fault in zip(reasons, faults, strict=True))


TWICE = NUMBERED + '[[record]]\nresource = "source"\nkey = "{other}"\nname = "{name}"\nkind = "other"\n'


async def test_a_key_that_one_row_makes_twice_is_reported(store: str, put: Put, tmp_path: Path) -> None:
    path, mapping = put("a.csv", b"id,name,other\n1,A,1\n2,B,3\n"), put("m.toml", TWICE.encode())
    with pytest.raises(LoadError) as exc_info:
        await load([path], store, options=LoadOptions(mapping))
    assert [fault.removeprefix(f"{path}:") for fault in exc_info.value.faults] == [
        '2: source "1", key: this source stands in the file already, made by the same row'
    ]
    bad = tmp_path / "bad"
    summary = await load([path], store, options=LoadOptions(mapping, skip_bad=str(bad)))
    assert summary.counts["source"]["created"] == 2
    assert json.loads(bad.read_text())["row"]["id"] == "1"


async def test_a_record_beside_the_first_one_of_a_row_is_set_aside_too(store: str, put: Put, tmp_path: Path) -> None:
    path, mapping = put("a.csv", b"id,name,other\n1,A,9\n2,B,9\n9,C,8\n3,D,4\n"), put("m.toml", TWICE.encode())
    bad = tmp_path / "bad"
    summary = await load([path], store, options=LoadOptions(mapping, skip_bad=str(bad)))
    assert summary.counts["source"]["created"] == 4
    assert [json.loads(line)["line"] for line in bad.read_text().splitlines()] == [3, 4]


async def test_duplicates_in_a_document_on_one_line_are_named(store: str, put: Put, briefing: dict[str, Any]) -> None:
    briefing["places"].append(briefing["places"][0])
    with pytest.raises(LoadError) as exc_info:
        await load([put("a.json", json.dumps(briefing).encode())], store)
    (fault,) = exc_info.value.faults
    assert fault.endswith('place "town", key: this place stands in the file already, at line 1, as places 0')


@pytest.mark.parametrize("value", ["half \\ud83d", "\\udc00 half"])
async def test_half_a_surrogate_pair_is_reported_or_set_aside(store: str, put: Put, tmp_path: Path, value: str) -> None:
    content = f'{{"id": "1", "name": "{value}", "\\ud800": 1}}\n{{"id": "2", "name": "B"}}\n'
    path, mapping, bad = put("a.ndjson", content.encode()), put("m.toml", NUMBERED.encode()), tmp_path / "bad"
    with pytest.raises(LoadError, match="1 fault"):
        await load([path], store, options=LoadOptions(mapping))
    summary = await load([path], store, options=LoadOptions(mapping, skip_bad=str(bad)))
    assert summary.counts["source"]["created"] == 1
    assert json.loads(bad.read_text())["row"] == json.loads(content.splitlines()[0])
    "".join(summary.notes).encode()


def test_numbers_of_records_lead_back_to_row_and_line() -> None:
    lines = LineIndex()
    for row in range(1, 1000):
        lines.append(row * 3)
    assert [lines.line(row_of(make_number(row, 5))) for row in (1, 500, 999)] == [3, 1500, 2997]
    lines.append(1 << 40)
    assert lines.line(1000) == 1 << 40
    lines.close()
