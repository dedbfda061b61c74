"""A row of other data, and an entry for a row that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

MOST_IN_ROW = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row by column, and the line at which it begins."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A text that cannot be read as a row: its line, its column (0 if it is not known), and the reason."""

    line: int
    column: int
    detail: str
    text: str


Item = Row | BadRow


class RowFile(Protocol):
    """An open file of rows. `columns` is empty if each row has names of its own. With `by_record`, messages count rows,
    because the file has no lines, or not one for each row. With `nested`, values may be objects and lists."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def by_record(self) -> bool: ...

    @property
    def nested(self) -> bool: ...

    def rows(self) -> Iterator[Item]:
        """Yield the rows in order. MalformedFile if the file as a whole cannot be read."""
