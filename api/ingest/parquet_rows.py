"""Read a Parquet file as rows, by pyarrow in small batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from io import BufferedReader
from typing import TYPE_CHECKING, Any

from api.ingest.formatting import format_value, printable
from api.ingest.header import column_names
from api.ingest.rows import MOST_IN_ROW, Item, Row
from api.ingest.strict_json import MalformedFile

if TYPE_CHECKING:
    from pyarrow import Array, BinaryScalar, DataType, StringScalar
    from pyarrow.parquet import FileMetaData

INSTALLED = find_spec("pyarrow") is not None
MISSING = 'Parquet is read by the extra "parquet": pip install briefing-api[parquet]'
BATCH = 256
MAX_CHUNK_BYTES = 1 << 30  # bytes of a column in one row group, unpacked


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
        from pyarrow import ArrowException

        try:
            yield from self._read_rows()
        except (ArrowException, OSError, ValueError, OverflowError) as error:
            raise MalformedFile(f"expected Parquet that can be read: {printable(str(error))[:200]}") from None

    def _read_rows(self) -> Iterator[Item]:
        from pyarrow.parquet import ParquetFile

        with ParquetFile(self._file) as file:
            schema = file.schema_arrow
            _check_sizes(file.metadata)
            text_columns = [field.name for field in schema if _is_text(field.type)]
        self._file.seek(0)
        self.columns = self._naming(column_names(schema.names))
        # Equal texts are kept once: a text of a megabyte that a column has a thousand times would take a gigabyte.
        with ParquetFile(self._file, read_dictionary=text_columns, pre_buffer=False) as file:
            number = 0
            for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
                columns = [_column_values(column) for column in batch.columns]
                for values in zip(*columns, strict=True):
                    number += 1
                    yield Row(number, dict(zip(self.columns, values, strict=True)))


def _check_sizes(metadata: FileMetaData) -> None:
    """Refuse a file that would fill the memory, by the sizes in its metadata."""
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            if chunk.total_uncompressed_size > MAX_CHUNK_BYTES:
                detail = f"expected at most {MAX_CHUNK_BYTES >> 20} MiB of a column in a row group"
                raise MalformedFile(
                    f"{detail}; {format_value(chunk.path_in_schema)} has more: write smaller row groups"
                )


def _is_text(kind: DataType) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind))


def _column_values(column: Array) -> list[Any]:
    """Return the values of a column of a batch."""
    from pyarrow import string, timestamp, types

    if types.is_dictionary(column.type):
        terms: dict[int | None, Any] = {None: None}  # by their index; an absent value has none
        for index, term in enumerate(column.dictionary):
            _check_length(term)
            terms[index] = _plain(term.as_py())
        return [terms[index] for index in column.indices.to_pylist()]
    if types.is_float32(column.type):
        # As a number of 64 bits, 0.1 would have other digits.
        return [_plain(text if text is None else float(text)) for text in column.cast(string()).to_pylist()]
    if types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(timestamp("us", column.type.tz), safe=False)
    return [_plain(value) for value in column.to_pylist()]


def _check_length(text: StringScalar | BinaryScalar) -> None:
    if text.is_valid and text.as_buffer().size > MOST_IN_ROW:
        raise MalformedFile(f"expected values of at most {MOST_IN_ROW:,} bytes")


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
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return value
