"""Explain why a record is not in an answer, from the note that the store makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from api.catalog import Resource
from api.errors import NotFound, Withdrawn


@dataclass(frozen=True)
class Absence:
    """The key of the root that the record would be the answer to, its place if that is a list, the reason if it was
    withdrawn, and, as of an edition, when the store first had it."""

    key: str
    place: int | None
    reason: str | None
    first_known: str | None = None


def read_note(note: str) -> Absence:
    """Read a note of the store."""
    key, place, reason, *first_known = orjson.loads(note)
    moment = first_known[0] if first_known else None
    return Absence(key, place, reason, moment and moment.replace("+00:00", "Z"))


def missing_record(resource: Resource, note: str) -> NotFound | Withdrawn:
    """Return the error for a record that is not there, from the store's note."""
    absence = read_note(note)
    if absence.reason is not None:
        return Withdrawn(f"This {resource.name} was withdrawn: {absence.reason}")
    if absence.first_known is not None:
        return NotFound(f"This {resource.name} was not known then: it was first known at {absence.first_known}.")
    return NotFound(f"No {resource.name} has this id.")
