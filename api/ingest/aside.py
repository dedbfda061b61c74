"""Rows that are set aside: a line of NDJSON each, with the line of the file, the reason and the row, to be mended."""

from __future__ import annotations

import json
from typing import Any, TextIO


class Aside:
    """Where bad rows go."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def put(self, line: int, reason: str, row: Any) -> None:
        """Set a row aside."""
        found = {"line": line, "reason": reason, "row": row}
        self._stream.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
