"""Write rows that are set aside as NDJSON: the line of the file, the reason, and the row, so that it can be
corrected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO


@contextmanager
def aside(path: str) -> Iterator[RejectFile]:
    """Open a file for rows that are set aside. Half of a surrogate pair, which UTF-8 cannot encode, becomes the escape
    that JSON has for it."""
    with Path(path).open("w", encoding="utf-8", errors="backslashreplace") as stream:
        yield RejectFile(stream)


class RejectFile:
    """The file for bad rows."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def put(self, line: int, record: int, reason: str, row: dict[str, Any] | str) -> None:
        """Set a row aside. `record` counts the rows of the file."""
        entry = {"line": line, "record": record, "reason": reason, "row": row}
        self._stream.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
