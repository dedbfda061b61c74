"""Reads a whole list through its pages: `walk.py URL`. Prints how many records came, and how many there were twice."""

import asyncio
import json
import sys

from briefing_sdk import AsyncBriefing, Briefing

URL = sys.argv[1]


async def awaited() -> int:
    async with AsyncBriefing(URL) as briefing:
        return len({event.id async for event in briefing.v1.events.each(limit=200)})


with Briefing(URL) as briefing:
    ids = [event.id for event in briefing.v1.events.each(limit=200)]
print(json.dumps({"records": len(ids), "distinct": len(set(ids)), "awaited": asyncio.run(awaited())}))
