"""The faults of a file, with line, record and field: the first fifty, and the number of further ones."""

from __future__ import annotations

from dataclasses import dataclass

from api.errors import LoadError
from api.ingest.formatting import format_value
from api.ingest.messages import Path, joined
from api.ingest.strict_json import Position

MAX_LISTED = 50


@dataclass(frozen=True)
class FileFault:
    """A fault: its position, its record (`resource "key"`) and field, and what was expected."""

    position: Position
    record: str
    path: Path
    detail: str

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.position.line, self.position.column) if number]
        element = f"record {self.position.record}" if self.position.record else ""
        subject = _join_filled(", ", element, self.record, joined(self.path))
        return _join_filled(": ", ":".join(numbers), subject, self.detail)


def _join_filled(separator: str, *parts: str) -> str:
    """Join the parts that are not empty."""
    return separator.join(part for part in parts if part)


class FileFaults:
    """The faults of one file, as they are found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._first: list[FileFault] = []

    def add(self, fault: FileFault) -> None:
        """Count a fault, and keep it if it is among the first fifty."""
        self.count += 1
        if len(self._first) < MAX_LISTED:
            self._first.append(fault)

    def refuse(self) -> None:
        """Raise a LoadError that lists the faults, if there are any."""
        if not self.count:
            return
        lines = [f"{self.file}:{fault}" for fault in self._first]
        further = self.count - len(lines)
        if further:
            lines.append(f"{self.file}: and {further} more")
        noun = "fault" if self.count == 1 else "faults"
        raise LoadError(
            f"{self.file} was refused whole: {self.count} {noun}.",
            tuple(lines),
            "Nothing of it was loaded. Mend the file and load it again.",
        )


def name_record(resource: object, name: object) -> str:
    """Return the name of a record in messages: event "mariupol-shelling"."""
    if not name:
        return ""
    noun = resource if isinstance(resource, str) else "record"
    return f"{noun} {format_value(name)}"


def describe_repeat(resource: str, where: str) -> str:
    """Return the text of the fault of a record that a file contains twice."""
    return f"this {resource} stands in the file already, {where}"
