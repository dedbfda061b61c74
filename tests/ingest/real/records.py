"""The records of a store with what belongs to them, in the form in which tests compare them with rows of a file."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]
Record = dict[str, Any]
SHOWN = 20

EVENTS = """
    select event.id, event.kind, event.title, event.summary, starts_at, ends_at, time_precision, event.status, tags,
        event.language, event.identifiers, briefing.title as briefing, place.name as place, place.country, admin1,
        latitude, longitude, geo_precision
    from v1.event left join v1.place on place.id = place_id left join v1.briefing on briefing.id = briefing_id
"""
PARTICIPANTS = """
    select record_id, participant.name, participant.role, source.name as source, source.kind, source.identifiers
    from v1.participant left join v1.source on source.id = source_id order by record_id, position
"""
CITATIONS = """
    select record_id, stance, source.name as source, source.description, source.kind,
        array(select name from unnest(via_ids) with ordinality as via(id, nth) join v1.source using (id) order by nth)
            as via,
        document.title as document, document.kind as document_kind, document.url, document.published_at,
        publisher.name as publisher
    from v1.citation join v1.source on source.id = source_id left join v1.document on document.id = document_id
        left join v1.source as publisher on publisher.id = publisher_id
    order by record_id, position
"""
FIGURES = """
    select figure.id, event_id, measure, population, value, value_low, value_high, quantifier, value_text, bounds_basis,
        unit, as_of, period_start, period_end, basis, figure.status, series, caveat, briefing.title as briefing,
        place.name as place, latitude, longitude
    from v1.figure left join v1.place on place.id = place_id left join v1.briefing on briefing.id = briefing_id
"""


async def stored_events(rows: Rows) -> dict[str, Record]:
    """Return the events with their places, participants and citations, by the first of their identifiers."""
    participants = await _children(rows, PARTICIPANTS)
    citations = await _children(rows, CITATIONS)
    records = {}
    for row in await rows(EVENTS):
        record = _plain(row)
        id_ = record.pop("id")
        record |= {"participants": participants.get(id_, []), "citations": citations.get(id_, [])}
        records[record["identifiers"][0]["value"]] = record
    return records


async def stored_figures(rows: Rows, *key: str) -> dict[tuple[Hashable, ...], Record]:
    """Return the figures with their places and citations, by some of their fields. `event` is the first identifier of
    the event."""
    citations = await _children(rows, CITATIONS)
    events = {row["id"]: _plain(row)["identifiers"][0]["value"] for row in await rows("select * from v1.event")}
    records: dict[tuple[Hashable, ...], Record] = {}
    for row in await rows(FIGURES):
        record = _plain(row)
        record |= {"event": events.get(record.pop("event_id")), "citations": citations.get(record.pop("id"), [])}
        identity = tuple(record[name] for name in key)
        assert identity not in records, f"two figures of {identity}"
        records[identity] = record
    return records


def assert_same(actual: dict[Any, Record], expected: dict[Any, Record]) -> None:
    """Assert that the store has the records that a file gives, no other ones, and each field as the file has it."""
    assert sorted(map(str, actual.keys() - expected.keys())) == [], "records that no row gives"
    assert sorted(map(str, expected.keys() - actual.keys())) == [], "rows that gave no record"
    differing = [
        f"{key}, {name}: {actual[key].get(name)!r} is stored, and the row gives {value!r}"
        for key, fields in expected.items()
        for name, value in fields.items()
        if actual[key].get(name) != value
    ]
    assert differing[:SHOWN] == [], f"{len(differing)} differences"


def midnight(day: str, later: int = 0) -> datetime:
    """Return the time at which a day begins, `later` days after the given one."""
    return datetime.combine(date.fromisoformat(day) + timedelta(later), datetime.min.time(), UTC)


async def _children(rows: Rows, statement: str) -> dict[str, list[Record]]:
    children: dict[str, list[Record]] = {}
    for row in await rows(statement):
        record = _plain(row)
        children.setdefault(record.pop("record_id"), []).append(record)
    return children


def _plain(row: asyncpg.Record) -> Record:
    record = dict(row)
    if isinstance(record.get("identifiers"), str):
        record["identifiers"] = json.loads(record["identifiers"])
    return record
