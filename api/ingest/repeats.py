"""Find records that a file gives twice, while it is read. The store would find them too late to set a row aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class SeenRecords:
    """The records of all rows so far, by a hash of resource and key: about 130 bytes for each."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}

    def find_repeats(self, lines: list[dict[str, Any]], row: int) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield each record of a row that was made before, with the row that made it. Add a row that has no such
        record."""
        fresh: dict[int, int] = {}
        repeated = False
        for line in lines:
            digest = hash((line["resource"], line["key"]))
            first_row = self._rows.get(digest) or fresh.get(digest)
            if first_row:
                repeated = True
                yield line, first_row
            fresh[digest] = row
        if not repeated:
            self._rows |= fresh
