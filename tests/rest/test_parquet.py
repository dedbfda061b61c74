"""Lists as Parquet: the records of the list with the columns of CSV, and their types."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx2
import pyarrow
import pytest
from pyarrow import parquet

from api.catalog import V2, Resource
from api.query import cells
from api.rest import parquet as module
from api.rest.formats import FORMATS
from api.rest.parquet import MEDIA_TYPE, ParquetEncoder
from tests.rest.conftest import run
from tests.rest.crowd import crowd

EACH = pytest.mark.parametrize("resource", V2.lists.values(), ids=lambda resource: resource.name)


def table(client: httpx2.Client, path: str) -> Any:
    """Return the table of a file."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE), answer.text[:300]
    assert "content-encoding" not in answer.headers
    return parquet.read_table(io.BytesIO(answer.content))


@EACH
def test_each_list_has_the_rows_and_columns_of_its_csv(client: httpx2.Client, resource: Resource) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(f"/v2/{resource.plural}.csv").text)))
    exported_table = table(client, f"/v2/{resource.plural}.parquet")
    assert exported_table.column_names == [cell.name for cell in cells(V2, resource)]
    assert exported_table.num_rows == len(rows)
    for cell in cells(V2, resource):
        values = exported_table[cell.name].to_pylist()
        for row, value in zip(rows, values, strict=True):
            assert same(row[cell.name], value), (cell.name, row[cell.name], value)


def same(text: str, value: Any) -> bool:
    """Return True if a cell of CSV is this value."""
    if value is None or value == []:
        return text == ""
    if isinstance(value, list):
        return len(value) == 1 or "|" in text
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, datetime):
        return datetime.fromisoformat(text) == value
    if isinstance(value, Decimal):
        return Decimal(text) == value
    if isinstance(value, float | int):
        return float(text) == value
    return text.lstrip("'") == str(value).lstrip("'")


def test_filters_orders_and_limits_are_those_of_the_list(client: httpx2.Client) -> None:
    exported_table = table(client, "/v2/events.parquet?kind=shelling,attack&sort=starts_at&limit=3")
    records = client.get("/v2/events?kind=shelling,attack&sort=starts_at&limit=3").json()["data"]
    assert exported_table["id"].to_pylist() == [record["id"] for record in records]


def test_a_list_without_records_is_a_file_with_columns(client: httpx2.Client) -> None:
    exported_table = table(client, f"/v2/events.parquet?ids=evt_{'0' * 26}")
    assert (exported_table.num_rows, exported_table.num_columns) == (0, len(cells(V2, V2["event"])))


def test_amounts_are_decimals_and_times_are_in_utc(client: httpx2.Client) -> None:
    schema = table(client, "/v2/figures.parquet").schema
    assert schema.field("value").type == pyarrow.decimal128(21, 6)
    assert schema.field("created_at").type == pyarrow.timestamp("us", "UTC")
    assert schema.field("as_of").type == pyarrow.date32()


def test_accept_on_the_list_gives_the_same_file(client: httpx2.Client) -> None:
    answer = client.get("/v2/events?limit=5", headers={"Accept": f"{MEDIA_TYPE}, */*;q=0.1"})
    assert answer.content == client.get("/v2/events.parquet?limit=5").content


def test_version_1_has_no_such_file(client: httpx2.Client) -> None:
    assert client.get("/v1/events.parquet").status_code == 404


def test_without_pyarrow_it_is_a_406_with_the_remedy(client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(FORMATS["parquet"]), "missing", "There is no Parquet here: install pyarrow.")
    answer = client.get("/v2/events.parquet")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert "install pyarrow" in answer.json()["detail"]


async def test_a_long_list_has_groups_of_rows(new_store: Callable[[], Awaitable[str]]) -> None:
    url = await new_store()
    await crowd(url, 10_500)
    with run(url) as client:
        file = parquet.ParquetFile(io.BytesIO(client.get("/v2/events.parquet?sort=id").content))
    groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert groups == [10_000, 500]


def test_a_group_ends_at_a_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    columns = [cell for cell in cells(V2, V2["place"]) if cell.name == "id"]
    encoder = ParquetEncoder(columns)
    lines = b"".join(json.dumps(["plc_" + "x" * 92]).encode() + b"\n" for _ in range(100))
    content = encoder.add(lines[: 52 * 101]) + encoder.add(lines[52 * 101 :]) + encoder.finish()
    file = parquet.ParquetFile(io.BytesIO(content))
    assert file.metadata.num_rows == 100
    assert file.num_row_groups == 10
