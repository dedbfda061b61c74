"""A program as a user writes it, with the types that an editor sees: mypy --strict checks this file, and it runs."""

import asyncio
import json
from datetime import UTC, datetime

from briefing_sdk import AsyncBriefing, Briefing
from briefing_sdk.v1 import Event, EventKind, FigureSet
from briefing_sdk.v1.graphql import EventFilter, EventKindTest, NullableDateTimeTest
from briefing_sdk.v1.graphql import EventKind as Kind

SINCE = datetime(2022, 2, 1, tzinfo=UTC)
KINDS: list[EventKind] = ["shelling", "attack", "air_strike"]


def title(event: Event) -> str:
    """Return the title of an event, with its day if that is known."""
    return f"{event.starts_at:%d.%m.%Y} {event.title}" if event.starts_at else event.title


def main() -> dict[str, object]:
    """Send a request in each way."""
    report: dict[str, object] = {}
    with Briefing() as briefing:
        events = list(briefing.v1.events.each(kind=KINDS, starts_at_gte=SINCE, include=["figures"]))
        report["titles"] = [title(event) for event in events]
        report["figures"] = sum(len(event.figures.data) for event in events if isinstance(event.figures, FigureSet))
        linked_events = briefing.v1.events.list(figures__measure=["killed"], count="exact", limit=1)
        report["linked"] = linked_events.page.total if isinstance(linked_events.page.total, int) else None
        kind = EventKindTest(in_=[Kind.SHELLING, Kind.ATTACK, Kind.AIR_STRIKE])
        answer = briefing.v1.graphql.events(
            filter=EventFilter(kind=kind, starts_at=NullableDateTimeTest(gte=SINCE)), first=200
        )
        report["same_ids"] = sorted(node.id for node in answer.events.nodes) == sorted(event.id for event in events)
    return report


async def later() -> int:
    """Return the number of records after the first page, read with the client for asyncio."""
    async with AsyncBriefing() as briefing:
        page = await briefing.v1.events.list(kind=["shelling"])
        return len([event async for event in briefing.v1.events.each(kind=["shelling"])]) - len(page.data)


print(json.dumps(main() | {"later": asyncio.run(later())}))
