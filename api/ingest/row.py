"""A row of somebody's file, or what cannot be read as one, and how both are told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from stat import S_ISREG
from typing import Any, BinaryIO, Protocol

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
    """An open file of rows: how many of its `size` bytes are `done`. `columns` is empty where rows bring their own."""

    size: int | None
    done: int
    columns: tuple[str, ...]

    def rows(self) -> Iterator[Item]:
        """Its rows in order. Malformed where the file as a whole is not what it should be."""


def sized(file: BinaryIO) -> int | None:
    """How many bytes a file has; None where that is not known, as of a pipe."""
    found = os.fstat(file.fileno())
    return found.st_size if S_ISREG(found.st_mode) else None
