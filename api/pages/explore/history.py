"""The history of a record: its revisions, each with a link to the page as it was known then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from api.catalog import Resource, Version
from api.pages.explore.changes import FieldChange, list_changes
from api.pages.explore.words import humanize, sentence, write_amount, write_figure, write_moment
from api.query import Changed, HasMore, Item, Nodes, Object, RevisionColumn, RevisionsQuery, StoredRecord, record_points
from api.query.own_fields import own_selection
from api.rest.include import record_selection

MAX_REVISIONS = 20
ACTIONS = {"created": "First known", "updated": "Changed", "withdrawn": "Withdrawn", "restored": "Shown again"}
# How a revision is told in words, by resource. Of other resources, the page of the edition says it.
WORDS: dict[str, Callable[[dict[str, Any]], str]] = {"figure": lambda record: sentence(write_figure(record))}


@dataclass(frozen=True)
class HistoryEntry:
    """A revision: the edition that had it first, when that was, the record in words, what was done, and what it
    changed. `amount` is that of a figure, in words."""

    edition: str
    when: str
    moment: str
    words: str
    action: str
    changes: tuple[FieldChange, ...]
    amount: str
    reason: str
    is_shown: bool


@dataclass(frozen=True)
class History:
    """The revisions of a record, the oldest first. `has_earlier` if there are some before them."""

    entries: tuple[HistoryEntry, ...]
    has_earlier: bool

    @property
    def shown(self) -> int | None:
        """The place of the revision that the page shows; None if it is among the earlier ones."""
        return next((place for place, entry in enumerate(self.entries) if entry.is_shown), None)

    @property
    def restated(self) -> tuple[str, str, str] | None:
        """The last change of the amount of a figure up to the revision that the page shows: before, after, and the day
        since which it is known. None if the amount stayed the same."""
        if self.shown is None:
            return None
        # A withdrawal has no amount.
        shown = [entry for entry in self.entries[: self.shown + 1] if entry.amount]
        for before, after in reversed(list(pairwise(shown))):
            if before.amount != after.amount:
                return sentence(before.amount), after.amount, write_moment(after.moment, "day")
        return None


def revisions_root(version: Version, resource: Resource, identifier: str) -> RevisionsQuery:
    """Return the part of a Query that answers with the newest revisions of a record."""
    names = ("revision", "action", "edition", "known_from", "reason")
    columns = [Item(name, RevisionColumn(name)) for name in names]
    columns.append(Item("changed", Changed(own_selection(version, resource))))
    selection = record_selection(version, resource, {})
    columns.append(Item("record", StoredRecord(selection, record_points(version, selection))))
    body = (Item("data", Nodes(tuple(columns))), Item("page", Object((Item("has_more", HasMore()),))))
    return RevisionsQuery(resource.name, identifier, MAX_REVISIONS, body)


def read_history(resource: Resource, answer: dict[str, Any] | None, revision: int) -> History | None:
    """Return the history of an answer; None if the record has one revision alone. `revision` is the one shown."""
    if answer is None:
        return None
    entries: list[HistoryEntry] = []
    previous: dict[str, Any] | None = None
    for entry in reversed(answer["data"]):
        if entry["edition"] is None:
            continue
        record = entry["record"]
        tell = WORDS.get(resource.name)
        entries.append(
            HistoryEntry(
                edition=f"e{entry['edition']}",
                when=write_moment(entry["known_from"]),
                moment=entry["known_from"],
                words=tell(record) if tell and record else "",
                action=ACTIONS.get(entry["action"], humanize(entry["action"])),
                changes=list_changes(resource, entry["changed"] or (), previous, record),
                amount=write_amount(record["amount"]) if record and "amount" in record else "",
                reason=entry["reason"] or "",
                is_shown=entry["revision"] == revision,
            )
        )
        previous = record
    if len(entries) < 2:
        return None
    return History(tuple(entries), answer["page"]["has_more"])
