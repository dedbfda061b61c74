"""Files that are damaged, mislabelled or meant to hurt: a fault with its reason, and no traceback."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from api.errors import LoadError
from api.ingest.csv_rows import CsvRows
from api.ingest.faults import FileFaults
from api.ingest.input_file import detect_kind
from api.ingest.load import load
from api.ingest.mapped_file import mapped
from api.ingest.mapping import parsed
from api.ingest.rows import MOST_IN_ROW
from api.ingest.strict_json import MalformedFile, parse
from tests.ingest.containers.files import MAPPING, TABLE, workbook, zip_bytes


def read(path: Path, content: bytes, encoding: str = "") -> tuple[list[Any], str]:
    """Return the names of the places of a file, and its faults."""
    path.write_bytes(content)
    mapping = MAPPING.replace('"geojson"]', '"geojson", "xlsx", "parquet"]')
    if encoding:
        mapping = f'encoding = "{encoding}"\n{mapping}'
    faults = FileFaults(str(path))
    with mapped(str(path), parsed("m.toml", mapping.encode()), None) as file:
        names = [entry.line["name"] for entry in file.entries(faults)]
    try:
        faults.refuse()
    except LoadError as error:
        return names, " ".join(error.faults)
    return names, ""


SHEET = "xl/worksheets/sheet1.xml"


def with_cell(cell: str, path: str = SHEET, encoding: str = "utf-8") -> bytes:
    """Return a workbook of two places, in which this is the name of the first one. Its sheet has this path and
    encoding."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(*TABLE))) as book, zipfile.ZipFile(stream, "w") as patched:
        for info in book.infolist():
            content = book.read(info)
            if info.filename == SHEET:
                content, count = re.subn(rb'<c r="B2".*?</c>', cell.encode(), content, count=1)
                assert count
                info.filename, content = path, content.decode().encode(encoding)
            patched.writestr(info, content.replace(SHEET.encode(), path.encode()))
    return stream.getvalue()


def test_a_formula_may_give_an_empty_text(tmp_path: Path) -> None:
    empty = '<c r="B2" t="str"><f>IF(A1="","",A1)</f><v></v></c>'
    names, faults = read(tmp_path / "a.xlsx", with_cell(empty))
    assert names == ["Bridgeton"] and "a formula without" not in faults and "name: expected" in faults
    names, faults = read(tmp_path / "a.xlsx", with_cell('<c r="B2" t="str"><f>A1</f><v>Ford</v></c>'))
    assert (names, faults) == (["Ford", "Bridgeton"], "")


@pytest.mark.parametrize(
    "formula", ["<f>A1</f>", '<f t="shared" si="0"/>', '<f t="shared" si="0"></f><v/>', "\n  <f>A1</f>\n"]
)
def test_a_formula_without_its_value_is_refused(tmp_path: Path, formula: str) -> None:
    assert "a formula without its value" in read(tmp_path / "a.xlsx", with_cell(f'<c r="B2">{formula}</c>'))[1]


@pytest.mark.parametrize("path", ["xl/sheets/a.xml", "b.bin"])
def test_a_sheet_may_be_anywhere_in_a_workbook(tmp_path: Path, path: str) -> None:
    formula = '<c r="B2"><f>A1</f></c>'
    assert "a formula without its value" in read(tmp_path / "a.xlsx", with_cell(formula, path))[1]
    large = f'<c r="B2" t="str"><v>{"a" * (9 << 20)}</v></c>'
    assert "expected rows of at most" in read(tmp_path / "a.xlsx", with_cell(large, path))[1]
    named = '<c r="B2" t="str"><v>Ford</v></c>'
    assert read(tmp_path / "a.xlsx", with_cell(named, path)) == (["Ford", "Bridgeton"], "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_sheet_is_in_utf_8(tmp_path: Path, encoding: str) -> None:
    formula = '<c r="B2"><f>A1</f></c>'
    assert "in UTF-8" in read(tmp_path / "a.xlsx", with_cell(formula, encoding=encoding))[1]


def test_a_table_may_begin_with_a_word_that_is_a_signature(tmp_path: Path) -> None:
    assert (detect_kind(b"ORCID,name\n1,A"), detect_kind(b"PAR1,b\n")) == ("", "")
    assert (detect_kind(b"ORC\x00\x01"), detect_kind(b"PAR1\x15\x04")) == ("ORC", "Parquet")


def test_a_member_that_says_what_a_file_is_may_be_huge(tmp_path: Path) -> None:
    content = zip_bytes(mimetype=bytes(50 << 20), a__csv="id,name,lat,lon\n1,A,1,2\n")
    tracemalloc.start()
    try:
        with pytest.raises(MalformedFile):
            read(tmp_path / "a.zip", content)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_a_byte_order_mark_says_more_than_the_mapping(tmp_path: Path) -> None:
    content = "\ufeffid,name,lat,lon\n1,Žižkov,50,14\n".encode()
    assert read(tmp_path / "a.csv", content, "windows-1252") == (["Žižkov"], "")


def test_a_cell_may_be_as_long_as_a_row(tmp_path: Path) -> None:
    content = f"id,name,lat,lon,shape\n1,A,1,2,{'x' * 200_000}\n"
    assert read(tmp_path / "a.csv", content.encode()) == (["A"], "")


async def test_a_packed_file_of_records_that_breaks_off_is_refused(
    tmp_path: Path, new_store: Callable[[], Awaitable[str]]
) -> None:
    lines = "".join(json.dumps({"n": number, "text": "x" * number}) + "\n" for number in range(500))
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-40])
    with pytest.raises(LoadError) as exc_info:
        await load([str(path)], await new_store())
    assert "gzip" in " ".join(exc_info.value.faults)


def test_a_row_that_is_nested_deeply_is_a_fault_of_its_own(tmp_path: Path) -> None:
    deep = "[" * 600 + "]" * 600
    good = json.dumps({"id": "2", "name": "B", "lat": 1, "lon": 2})
    content = f'{{"id": "1", "name": "A", "lat": 1, "lon": 2, "deep": {deep}}}\n{good}\n'
    names, faults = read(tmp_path / "a.ndjson", content.encode())
    assert names == ["B"] and "not nested this deeply" in faults


def test_a_name_that_stands_twice_among_many_is_found_at_once() -> None:
    members = ",".join(f'"n{number}": 1' for number in range(20_000))
    with pytest.raises(MalformedFile, match='"n7" stands twice'):
        parse(f'{{{members}, "n7": 2}}')


def test_a_day_of_parquet_beyond_the_year_9999_is_a_fault(tmp_path: Path) -> None:
    days = pyarrow.array([(date(9999, 12, 31) - date(1970, 1, 1) + timedelta(days=9)).days], pyarrow.int32())
    table = pyarrow.table({"id": ["1"], "name": ["A"], "lat": [1], "lon": [2], "day": days.cast(pyarrow.date32())})
    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream)
    assert "Parquet that can be read" in read(tmp_path / "a.parquet", stream.getvalue())[1]


def test_a_number_of_32_bits_has_the_digits_that_it_was_written_with(tmp_path: Path) -> None:
    columns = {"id": ["1", "2"], "name": ["A", "B"], "lat": [1, 1]}
    table = pyarrow.table(columns | {"lon": pyarrow.array([0.1, None], pyarrow.float32())})
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(table, path)
    with mapped(str(path), parsed("m.toml", MAPPING.replace('"csv"', '"parquet"').encode()), None) as file:
        longitudes = [entry.line.get("longitude") for entry in file.entries(FileFaults(""))]
    assert str(longitudes[0]) == "0.1"


@pytest.mark.parametrize(
    "line", ['a",",x\n', '""""\n', 'a"\n"', '1,"a""\n'], ids=["open", "even", "crossed", "escaped"]
)
def test_the_work_for_quotes_grows_with_the_file(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line is given to the reader a few times at most, however quotes are opened and closed."""
    written = 0
    texts = CsvRows._texts

    def counted(rows: CsvRows, lines: list[bytes]) -> Iterator[str]:
        nonlocal written
        for text in texts(rows, lines):
            written += len(text)
            yield text

    monkeypatch.setattr(CsvRows, "_texts", counted)
    content = "id,name,lat,lon\n" + '1,"x\n' + line * 200_000
    read(tmp_path / "a.csv", content.encode())
    assert len(content) // 2 < written < 2 * len(content) + 4 * MOST_IN_ROW


def test_a_row_after_rows_that_cannot_be_read_may_have_several_lines(tmp_path: Path) -> None:
    content = "id,name,lat,lon\n" + 'a",",x\n' * 40_000 + '2,B,1,2\n3,"C\nD",1,2\n'
    names, _ = read(tmp_path / "a.csv", content.encode())
    assert names[-2:] == ["B", "C\nD"]


def test_a_quote_that_is_never_closed_takes_no_time_for_each_line_after_it(tmp_path: Path) -> None:
    content = 'id,name,lat,lon\n5" x,"open\n' + "2,B,1,2\n" * 20_000
    names, faults = read(tmp_path / "a.csv", content.encode())
    assert len(names) == 20_000 and "the quote that opens here is never closed" in faults
