"""Write rows as Parquet: the columns of CSV, with types. This needs pyarrow, which is the extra `parquet`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

import orjson

from api.query import Cell

if TYPE_CHECKING:
    import pyarrow

INSTALLED = find_spec("pyarrow") is not None
MEDIA_TYPE = "application/vnd.apache.parquet"
# Row groups end at whichever comes first. A group is kept in memory until it is written, in the form of pyarrow.
MAX_ROWS = 10_000
MAX_BYTES = 16 * 1024 * 1024
# Lines that are read as objects of Python at a time. These take about ten times the memory of their text.
MAX_LINES = 500

Row = Sequence[Any]


class ParquetEncoder:
    """Turns lines, each a JSON array of cells, into the bytes of a Parquet file. `add` returns the bytes of the row
    groups that are complete, and `finish` the rest of the file.

    Both may take a tenth of a second, so they are called outside the event loop, one after the other."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        from pyarrow.parquet import ParquetWriter

        self._cells = cells
        self._schema = build_schema(cells)
        self._file = BytesIO()
        self._writer = ParquetWriter(_Unclosed(self._file), self._schema, compression="zstd")
        self._lines: list[bytes] = []
        self._batches: list[pyarrow.RecordBatch] = []
        self._rows = 0
        self._bytes = 0

    def add(self, lines: bytes) -> bytes:
        """Take some lines, and return the bytes that are ready."""
        for line in lines.splitlines():
            self._lines.append(line)
            self._rows += 1
            self._bytes += len(line)
            if self._rows == MAX_ROWS or self._bytes >= MAX_BYTES:
                self._write_group()
            elif len(self._lines) == MAX_LINES:
                self._convert_lines()
        return self._take()

    def finish(self) -> bytes:
        """Return the last row group and the end of the file."""
        self._write_group()
        self._writer.close()
        return self._take()

    def _convert_lines(self) -> None:
        if self._lines:
            self._batches.append(_convert(self._schema, [orjson.loads(line) for line in self._lines]))
        self._lines = []

    def _write_group(self) -> None:
        import pyarrow

        self._convert_lines()
        if self._batches:
            table = pyarrow.Table.from_batches(self._batches, self._schema)
            self._writer.write_table(table, row_group_size=self._rows)
        self._batches = []
        self._rows = self._bytes = 0

    def _take(self) -> bytes:
        """Return what was written since the last call. The writer never goes back in its file."""
        written = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return written


class _Unclosed:
    """A file for pyarrow, which counts the position in the whole file although what was sent is dropped."""

    closed = False

    def __init__(self, file: BytesIO) -> None:
        self._file = file
        self._position = 0

    def write(self, data: Any) -> int:
        """Append some bytes."""
        written = self._file.write(data)
        self._position += written
        return written

    def tell(self) -> int:
        """Return the number of bytes that were written in all."""
        return self._position

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: the bytes are still to be read."""

    def writable(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return False."""
        return False

    def seekable(self) -> bool:
        """Return False."""
        return False


def build_schema(cells: Sequence[Cell]) -> pyarrow.Schema:
    """Return the columns with their types."""
    import pyarrow

    # The types of pyarrow, by the type in the catalog. A number of the store has at most 15 digits and 6 decimals.
    types = {
        "text": pyarrow.string(),
        "vocabulary": pyarrow.string(),
        "value": pyarrow.string(),
        "integer": pyarrow.int64(),
        "float": pyarrow.float64(),
        "number": pyarrow.decimal128(21, 6),
        "boolean": pyarrow.bool_(),
        "timestamp": pyarrow.timestamp("us", "UTC"),
        "date": pyarrow.date32(),
    }
    fields: list[tuple[str, pyarrow.DataType]] = []
    for cell in cells:
        type_ = types[cell.type.name]
        if cell.type.many:
            type_ = pyarrow.list_(type_)
        fields.append((cell.name, type_))
    return pyarrow.schema(fields)


def _convert(schema: pyarrow.Schema, rows: Sequence[Row]) -> pyarrow.RecordBatch:
    """Return rows of JSON values as a batch. Texts of decimals, times and dates are read by pyarrow."""
    import pyarrow

    arrays: list[pyarrow.Array] = []
    for field, column in zip(schema, zip(*rows, strict=True), strict=True):
        kind = field.type
        if pyarrow.types.is_list(kind):
            array = pyarrow.array([value or [] for value in column], type=kind)
        elif pyarrow.types.is_decimal(kind) or pyarrow.types.is_temporal(kind):
            array = pyarrow.array(column, type=pyarrow.string()).cast(kind)
        else:
            array = pyarrow.array(column, type=kind)
        arrays.append(array)
    return pyarrow.record_batch(arrays, schema=schema)
