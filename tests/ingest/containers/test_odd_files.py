"""Files that are damaged, mislabelled or meant to hurt: a fault with its reason, and no traceback."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from api.errors import LoadError
from api.ingest.faults import FileFaults
from api.ingest.input_file import detect_kind
from api.ingest.load import load
from api.ingest.mapped_file import mapped
from api.ingest.mapping import parsed
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
        found = [entry.line["name"] for entry in file.entries(faults)]
    try:
        faults.refuse()
    except LoadError as error:
        return found, " ".join(error.faults)
    return found, ""


def with_cell(cell: str) -> bytes:
    """Return a workbook of two places, in which this is the name of the first one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(*TABLE))) as book, zipfile.ZipFile(stream, "w") as patched:
        for info in book.infolist():
            content = book.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                content, count = re.subn(rb'<c r="B2".*?</c>', cell.encode(), content, count=1)
                assert count
            patched.writestr(info, content)
    return stream.getvalue()


def test_a_formula_may_give_an_empty_text(tmp_path: Path) -> None:
    empty = '<c r="B2" t="str"><f>IF(A1="","",A1)</f><v></v></c>'
    found, faults = read(tmp_path / "a.xlsx", with_cell(empty))
    assert found == ["Bridgeton"] and "a formula without" not in faults and "name: expected" in faults
    found, faults = read(tmp_path / "a.xlsx", with_cell('<c r="B2" t="str"><f>A1</f><v>Ford</v></c>'))
    assert (found, faults) == (["Ford", "Bridgeton"], "")


@pytest.mark.parametrize(
    "formula", ["<f>A1</f>", '<f t="shared" si="0"/>', '<f t="shared" si="0"></f><v/>', "\n  <f>A1</f>\n"]
)
def test_a_formula_without_its_value_is_refused(tmp_path: Path, formula: str) -> None:
    assert "a formula without its value" in read(tmp_path / "a.xlsx", with_cell(f'<c r="B2">{formula}</c>'))[1]


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
    found, faults = read(tmp_path / "a.ndjson", content.encode())
    assert found == ["B"] and "not nested this deeply" in faults


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
        found = [entry.line.get("longitude") for entry in file.entries(FileFaults(""))]
    assert str(found[0]) == "0.1"


def test_a_quote_that_is_never_closed_takes_no_time_for_each_line_after_it(tmp_path: Path) -> None:
    content = 'id,name,lat,lon\n5" x,"open\n' + "2,B,1,2\n" * 20_000
    found, faults = read(tmp_path / "a.csv", content.encode())
    assert len(found) == 20_000 and "the quote that opens here is never closed" in faults
