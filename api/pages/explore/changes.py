"""Describe the changes of a revision: each field by its name, with its value before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.catalog import Field, Group, Resource
from api.pages.explore.words import cut, humanize, sentence, write_licence, write_moment, write_number

# Longest value that is shown, in letters, and how many of them come before the first one that differs.
MAX_LETTERS = 160
LETTERS_BEFORE = 40
# Names of fields, by their paths. Others are called as the field is.
LABELS = {
    "amount.value": "Number",
    "amount.low": "Lower bound",
    "amount.high": "Upper bound",
    "amount.quantifier": "How exact",
    "amount.unit": "Unit",
    "amount.text": "As printed",
    "as_of": "As of",
    "bounds_basis": "Where the bounds are from",
    "caveat": "Bear in mind",
    "citations": "Who says so",
    "time.starts_at": "Start",
    "time.ends_at": "End",
    "time.precision": "How exactly the time is known",
    "time.text": "Time, as printed",
    "original.text": "As first said",
    "quote_type": "Wording",
    "cue": "Verb",
    "place_id": "Place",
    "event_id": "Event",
    "speaker_id": "Speaker",
    "addressee_id": "Said to",
    "briefing_id": "Briefing",
    "publisher_id": "Publisher",
    "affiliation_id": "Belongs to",
    "related": "Other events",
    "geo_precision": "How exactly the place is known",
}
# Parts of a field that repeat another one: the same unit as a code, the same number in all its digits.
REPEATED = ("amount.unit_code", "amount.decimals")


@dataclass(frozen=True)
class FieldChange:
    """A change of a field. `before` and `after` are in words, and both are empty if they say nothing to a reader."""

    label: str
    before: str
    after: str


def list_changes(
    resource: Resource, paths: Sequence[str], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> tuple[FieldChange, ...]:
    """Return the changes of fields between two revisions. Without the one before, they have no values."""
    changes = []
    for path in paths:
        if path.startswith(REPEATED):
            continue
        label = LABELS.get(path) or sentence(humanize(path.rpartition(".")[2]))
        field = _fields_by_path(resource).get(path)
        old = new = ""
        if before is not None and after is not None and field is not None:
            old = _write_value(field, _value_at(before, path))
            new = _write_value(field, _value_at(after, path))
            old, new = _cut_both(old, new)
        change = FieldChange(label, old, new) if old != new else FieldChange(label, "", "")
        if change not in changes:
            changes.append(change)
    return tuple(changes)


@cache
def _fields_by_path(resource: Resource) -> dict[str, Field]:
    """Return the fields of a record by their paths in answers. Links, children and objects are none."""
    fields = {}
    for part in resource.layout:
        if isinstance(part, Field) and part.type.name != "value":
            fields[part.name] = part
        elif isinstance(part, Group):
            for key, member in resource.within(part).items():
                fields[f"{part.name}.{key}"] = member
    return fields


def _value_at(record: dict[str, Any], path: str) -> Any:
    group, _, name = path.rpartition(".")
    if not group:
        return record[name]
    values = record[group]
    # Numbers that are not exact as floats are beside the others, as texts.
    return (values.get("decimals") or {}).get(name) or values[name]


def _write_value(field: Field, value: Any) -> str:
    """Return the value of a field in words; a dash if there is none."""
    if value is None or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    match field.type.name:
        case "vocabulary":
            return humanize(value)
        case "timestamp":
            return write_moment(value)
        case "date":
            return write_moment(value, "day")
        case "number" | "integer" | "float":
            return write_number(value)
    return write_licence(value) if field.name == "licence" else str(value)


def _cut_both(old: str, new: str) -> tuple[str, str]:
    """Return two texts, if they are long without the beginning that they share, and as much of them as is shown."""
    start = 0
    if max(len(old), len(new)) > MAX_LETTERS:
        wanted = max(_shared_length(old, new) - LETTERS_BEFORE, 0)
        # A word is not cut, unless it is long.
        start = old.rfind(" ", max(wanted - LETTERS_BEFORE, 0), wanted) + 1 or wanted
    before = "… " if start else ""
    return before + cut(old[start:], MAX_LETTERS), before + cut(new[start:], MAX_LETTERS)


def _shared_length(old: str, new: str) -> int:
    """Return the number of letters that two texts share at their beginning."""
    for place, (old_letter, new_letter) in enumerate(zip(old, new, strict=False)):
        if old_letter != new_letter:
            return place
    return min(len(old), len(new))
