"""The faults of a file, with line, record and field: the first fifty, and the number of further ones."""

from __future__ import annotations

from dataclasses import dataclass

from api.errors import LoadError
from api.ingest.formatting import shown
from api.ingest.messages import Path, joined
from api.ingest.strict_json import Position

MOST = 50


@dataclass(frozen=True)
class FileFault:
    """A fault: its position, its record (`resource "key"`) and field, and what was expected."""

    position: Position
    record: str
    path: Path
    detail: str

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.position.line, self.position.column) if part)
        element = f"record {self.position.record}" if self.position.record else ""
        what = ", ".join(part for part in (element, self.record, joined(self.path)) if part)
        return ": ".join(part for part in (where, what, self.detail) if part)


class FileFaults:
    """The faults of one file, as they are found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._first: list[FileFault] = []

    def add(self, fault: FileFault) -> None:
        """Count a fault, and keep it if it is among the first fifty."""
        self.count += 1
        if len(self._first) < MOST:
            self._first.append(fault)

    def refuse(self) -> None:
        """Raise a LoadError that lists the faults, if there are any."""
        if not self.count:
            return
        told = [f"{self.file}:{fault}" for fault in self._first]
        if more := self.count - len(told):
            told.append(f"{self.file}: and {more} more")
        raise LoadError(
            f"{self.file} was refused whole: {self.count} fault{'s' * (self.count > 1)}.",
            tuple(told),
            "Nothing of it was loaded. Mend the file and load it again.",
        )


def named(resource: object, name: object) -> str:
    """Return the name of a record in messages: event "mariupol-shelling"."""
    return f"{resource if isinstance(resource, str) else 'record'} {shown(name)}" if name else ""


def repeated(resource: str, where: str) -> str:
    """Return the text of the fault of a record that a file contains twice."""
    return f"this {resource} stands in the file already, {where}"
