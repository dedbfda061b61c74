"""Write a table as Parquet: the columns of its CSV, with types. This needs pyarrow, which is the extra `parquet`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.query import Cell
from api.rest.parquet import INSTALLED as INSTALLED
from api.rest.parquet import build_schema

if TYPE_CHECKING:
    import pyarrow

MISSING = "No Parquet files: pyarrow is not installed. To have them, install briefing-api[parquet]."
# Rows that are turned into columns at a time. So many are kept in memory.
GROUP = 20_000

Row = Sequence[Any]


async def write(path: Path, cells: Sequence[Cell], rows: AsyncIterator[Row]) -> None:
    """Write the rows, some at a time. A table without rows has its columns, too."""
    from pyarrow.parquet import ParquetWriter

    schema = build_schema(cells)
    with ParquetWriter(path, schema, compression="zstd") as writer:
        group: list[Row] = []
        async for row in rows:
            group.append(row)
            if len(group) == GROUP:
                writer.write_batch(_build_batch(schema, cells, group))
                group.clear()
        if group:
            writer.write_batch(_build_batch(schema, cells, group))


def _build_batch(schema: pyarrow.Schema, cells: Sequence[Cell], group: list[Row]) -> pyarrow.RecordBatch:
    import pyarrow

    arrays: list[pyarrow.Array] = []
    columns = zip(*group, strict=True)
    for cell, field, column in zip(cells, schema, columns, strict=True):
        values: Sequence[Any] = column
        if cell.type.many:
            values = [value or [] for value in column]
        arrays.append(pyarrow.array(values, type=field.type))
    return pyarrow.record_batch(arrays, schema=schema)
