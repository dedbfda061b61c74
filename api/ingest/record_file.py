"""An open file of records: its size and progress, its records, and their positions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.ingest.faults import FileFaults
from api.ingest.input_file import InputFile
from api.ingest.messages import Path
from api.ingest.strict_json import Position
from api.store.staged import Staged


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A record of a file: its number in the file, which `position` takes, and its line in the load format. `staged` is
    set if the record is checked already."""

    number: int
    line: dict[str, Any]
    staged: Staged | None = None


class RecordFile(ABC):
    """An open file of records."""

    def __init__(self, source: InputFile) -> None:
        self._source = source

    @property
    def size(self) -> int | None:
        """The size of the file in bytes; None for a pipe."""
        return self._source.size

    @property
    def done(self) -> int:
        """The number of bytes that were read."""
        return self._source.done

    @abstractmethod
    def entries(self, faults: FileFaults) -> Iterator[FileRecord]:
        """Yield the records. Anything that cannot be read as a record becomes a fault and is left out."""

    @abstractmethod
    def position(self, number: int, path: Path) -> Position:
        """Return the position of a part of a record."""

    @abstractmethod
    def where(self, number: int, other: int) -> str:
        """Return the place of a record in words, for a message about the `other` record."""

    def notes(self) -> list[str]:
        """Return the lines of the report about the file, once it is read."""
        return []
