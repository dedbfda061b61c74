"""Write a table as Parquet: the columns of its CSV, with types. This needs pyarrow, which is the extra `parquet`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from api.query import Cell

INSTALLED = find_spec("pyarrow") is not None
MISSING = "No Parquet files: pyarrow is not installed. To have them, install briefing-api[parquet]."
# Rows that are turned into columns at a time. So many are kept in memory.
GROUP = 20_000
# The types of pyarrow, by the type in the catalog. A number of the store has at most 15 digits and 6 decimals.
TYPES: dict[str, tuple[Any, ...]] = {
    "text": ("string",),
    "vocabulary": ("string",),
    "value": ("string",),
    "integer": ("int64",),
    "float": ("float64",),
    "number": ("decimal128", 21, 6),
    "boolean": ("bool_",),
    "timestamp": ("timestamp", "us", "UTC"),
    "date": ("date32",),
}


async def write(path: Path, cells: Sequence[Cell], rows: AsyncIterator[Sequence[Any]]) -> None:
    """Write the rows, some at a time. A table without rows has its columns, too."""
    arrow, tables = import_module("pyarrow"), import_module("pyarrow.parquet")
    schema = arrow.schema([(cell.name, _type(arrow, cell)) for cell in cells])
    with tables.ParquetWriter(path, schema, compression="zstd") as writer:
        group: list[Sequence[Any]] = []
        async for row in rows:
            group.append(row)
            if len(group) == GROUP:
                writer.write_batch(_batch(arrow, schema, cells, group))
                group.clear()
        if group:
            writer.write_batch(_batch(arrow, schema, cells, group))


def _type(arrow: Any, cell: Cell) -> Any:
    name, *arguments = TYPES[cell.type.name]
    made = getattr(arrow, name)(*arguments)
    return arrow.list_(made) if cell.type.many else made


def _batch(arrow: Any, schema: Any, cells: Sequence[Cell], group: list[Sequence[Any]]) -> Any:
    columns = [
        [value or [] for value in column] if cell.type.many else column
        for cell, column in zip(cells, zip(*group, strict=True), strict=True)
    ]
    arrays = [arrow.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    return arrow.record_batch(arrays, schema=schema)
