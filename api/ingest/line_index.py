"""Number the records of a mapped file, so that the store can refer to them.

A number consists of the row that made the record and the position of the record in that row. A key or a line would not
do: a row may make a record twice, and all rows of a JSON file may stand on one line.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile

OF_ROW = 24  # bits of the number that count the records of one row, which has at most 1 MiB
IN_MEMORY = 1 << 22
WIDTH = 8


def make_number(row: int, record: int) -> int:
    """Return the number of a record of a row; rows count from 1."""
    return row << OF_ROW | record


def row_of(number: int) -> int:
    """Return the row that made the record of this number."""
    return number >> OF_ROW


class LineIndex:
    """The line at which each row begins. It is kept on disk, because in memory it would grow with the file."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `close`

    def append(self, line: int) -> None:
        """Add the line of the next row."""
        self._file.write(line.to_bytes(WIDTH, "big"))

    def line(self, row: int) -> int:
        """Return the line of a row. Rows count from 1."""
        end = self._file.tell()
        self._file.seek((row - 1) * WIDTH)
        line = int.from_bytes(self._file.read(WIDTH), "big")
        self._file.seek(end)
        return line

    def close(self) -> None:
        """Delete the index."""
        self._file.close()
