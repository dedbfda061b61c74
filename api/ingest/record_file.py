"""An open file of records: its size and progress, its records, and where they stand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.ingest.fault import Faults
from api.ingest.source import Source
from api.ingest.syntax import Position
from api.ingest.wording import Path
from api.store.staged import Staged


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as a file gives it: its number there, for `position`, and the line that it is or stands for; `staged`
    if it is checked already."""

    number: int
    line: dict[str, Any]
    staged: Staged | None = None


class RecordFile(ABC):
    """An open file that gives records."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def size(self) -> int | None:
        """The bytes of the file; None for a pipe."""
        return self._source.size

    @property
    def done(self) -> int:
        """The bytes that are read."""
        return self._source.done

    @abstractmethod
    def entries(self, faults: Faults) -> Iterator[Entry]:
        """Yield the records. What cannot be read as one becomes a fault and is left out."""

    @abstractmethod
    def position(self, number: int, path: Path) -> Position:
        """Return where a part of a record stands."""

    @abstractmethod
    def where(self, number: int, other: int) -> str:
        """Return the place of a record in words, for a message about the `other` one."""

    def notes(self) -> list[str]:
        """Return what the report says of the file, once it is read."""
        return []
