"""A row of somebody's file, or what cannot be read as one, and how both are told."""

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
class Bad:
    """What stands at a line (and column, where it is known) and is no row, and why."""

    line: int
    column: int
    detail: str
    text: str


Item = Row | Bad


class Rows(Protocol):
    """An open file of rows. `columns` is empty where rows bring their own. With `by_record` messages count rows,
    because the file has no lines, or not one for each row. With `nested`, values may be objects and lists."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def by_record(self) -> bool: ...

    @property
    def nested(self) -> bool: ...

    def rows(self) -> Iterator[Item]:
        """Its rows in order. Malformed where the file as a whole is not what it should be."""
