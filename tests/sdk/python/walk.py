"""Read a whole list through its pages: `walk.py URL`. Prints the number of records, of distinct ones, and of distinct
ones that the client for asyncio read."""

import asyncio
import json
import sys

from briefing_sdk import AsyncBriefing, Briefing

URL = sys.argv[1]
MAX_RECORDS = 20_000
ENDLESS = f"The list did not end within {MAX_RECORDS:,} records: a cursor may lead back to an earlier page."


def waiting() -> list[str]:
    ids: list[str] = []
    with Briefing(URL) as briefing:
        for event in briefing.v1.events.each(limit=200):
            ids.append(event.id)
            assert len(ids) <= MAX_RECORDS, ENDLESS
    return ids


async def awaiting() -> list[str]:
    ids: list[str] = []
    async with AsyncBriefing(URL) as briefing:
        async for event in briefing.v1.events.each(limit=200):
            ids.append(event.id)
            assert len(ids) <= MAX_RECORDS, ENDLESS
    return ids


ids = waiting()
print(json.dumps({"records": len(ids), "distinct": len(set(ids)), "awaited": len(set(asyncio.run(awaiting())))}))
