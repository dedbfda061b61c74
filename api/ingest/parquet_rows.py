"""Read a Parquet file as rows, by pyarrow in small batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from io import BufferedReader
from typing import Any

from api.ingest.formatting import printable, shown
from api.ingest.header import column_names
from api.ingest.rows import MOST_IN_ROW, Item, Row
from api.ingest.strict_json import MalformedFile

INSTALLED = find_spec("pyarrow") is not None
MISSING = 'Parquet is read by the extra "parquet": pip install briefing-api[parquet]'
BATCH = 256
MOST_IN_CHUNK = 1 << 30  # bytes of a column in one row group, unpacked


class ParquetRows:
    """A Parquet file. Its columns are those of its schema."""

    by_record = True
    nested = True

    def __init__(self, file: BufferedReader, naming: Callable[[Iterable[str]], tuple[str, ...]] = tuple) -> None:
        self._file = file
        self._naming = naming
        self.columns: tuple[str, ...] = ()

    def rows(self) -> Iterator[Item]:
        if not INSTALLED:
            raise MalformedFile(f"this is Parquet; {MISSING}")
        if not self._file.seekable():
            raise MalformedFile("this is Parquet, which cannot be read from a pipe or an archive: name a file")
        arrow = import_module("pyarrow")
        try:
            yield from self._rows(import_module("pyarrow.parquet"), arrow)
        except (arrow.ArrowException, OSError) as error:
            raise MalformedFile(f"expected Parquet that can be read: {printable(str(error))[:200]}") from None

    def _rows(self, parquet: Any, arrow: Any) -> Iterator[Item]:
        with parquet.ParquetFile(self._file) as file:
            schema = file.schema_arrow
            _check(file.metadata)
            texts = [one.name for one in schema if _is_text(arrow, one.type)]
        self._file.seek(0)
        self.columns = self._naming(column_names(schema.names))
        # Equal texts are kept once: a text of a megabyte that a column has a thousand times would take a gigabyte.
        with parquet.ParquetFile(self._file, read_dictionary=texts, pre_buffer=False) as file:
            number = 0
            for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
                for values in zip(*(_values(arrow, one) for one in batch.columns), strict=True):
                    number += 1
                    yield Row(number, dict(zip(self.columns, values, strict=True)))


def _check(metadata: Any) -> None:
    """Refuse a file that would fill the memory, by the sizes in its metadata."""
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            if chunk.total_uncompressed_size > MOST_IN_CHUNK:
                detail = f"expected at most {MOST_IN_CHUNK >> 20} MiB of a column in a row group"
                raise MalformedFile(f"{detail}; {shown(chunk.path_in_schema)} has more: write smaller row groups")


def _is_text(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind))


def _values(arrow: Any, column: Any) -> list[Any]:
    """Return the values of a column of a batch."""
    if arrow.types.is_dictionary(column.type):
        terms = [_plain(one.as_py()) for one in column.dictionary if _fits(one)]
        return [None if one is None else terms[one] for one in column.indices.to_pylist()]
    if arrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(arrow.timestamp("us", column.type.tz), safe=False)
    return [_plain(one) for one in column.to_pylist()]


def _fits(value: Any) -> bool:
    if value.is_valid and value.as_buffer().size > MOST_IN_ROW:
        raise MalformedFile(f"expected values of at most {MOST_IN_ROW:,} bytes")
    return True


def _plain(value: Any) -> Any:
    """Return a value as a value of JSON."""
    if isinstance(value, float):
        # NaN stands for a missing number. Infinity is refused by each field and conversion that takes a number.
        return Decimal(repr(value)) if value == value else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise MalformedFile("expected text, and a value is binary") from None
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
