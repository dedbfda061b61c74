"""Read a figure as it was known: `history.py URL ID EDITION`. Prints the results of both clients."""

import asyncio
import json
import sys
from typing import Any

from briefing_sdk import AsyncBriefing, Briefing

URL, ID, EDITION = sys.argv[1:]


def waiting() -> dict[str, Any]:
    """Return the results of `Briefing`."""
    with Briefing(URL) as briefing:
        then = briefing.v2.at(EDITION)
        exported = b"".join(then.figures.export("ndjson"))
        page = then.figures.list()
        return {
            "now": briefing.v2.figures.get(ID).amount.value,
            "then": then.figures.get(ID).amount.value,
            "named": briefing.v2.figures.get(ID, known_at=EDITION).amount.value,
            "day": briefing.v2.at("2022-03-07").figures.get(ID).amount.value,
            "each": [figure.amount.value for figure in then.figures.each(limit=1)],
            "exported": json.loads(exported)["amount"]["value"],
            "graphql": then.graphql.figure(id=ID).figure.amount.value,
            "over": then.figures.get(ID, known_at="2022-03-08").amount.value,
            "permalinks": {
                "page": page.permalink,
                "record": then.figures.get(ID, include=["event"]).permalink,
                "each": [figure.permalink for figure in then.figures.each()],
                # The second answer is the first one, which has not changed.
                "present": [briefing.v2.figures.get(ID).permalink for _ in range(2)],
                "none": [briefing.v1.figures.get(ID).permalink, briefing.v2.me().permalink],
            },
            "of_page": page.page.permalink,
            "revisions": [revision.changed for revision in then.figures.each_revision(ID)],
            "editions": [edition.number for edition in briefing.v2.editions.each()],
            "me": then.me().identity,
            "diff": [
                {name: [field.from_, field.to] for name, field in change.fields.items()}
                for change in then.figures.diff(from_=EDITION).data
            ],
            "differing": [change.change for change in briefing.v2.figures.each_diff(from_=EDITION, to="2022-03-08")],
            "table": b"".join(briefing.v2.figures.export_diff("csv", from_=EDITION)).decode().splitlines()[1:],
        }


async def awaiting() -> dict[str, Any]:
    """Return the results of `AsyncBriefing`."""
    async with AsyncBriefing(URL) as briefing:
        then = briefing.v2.at(EDITION)
        return {
            "then": (await then.figures.get(ID)).amount.value,
            "each": [figure.amount.value async for figure in then.figures.each(limit=1)],
            "graphql": (await then.graphql.figure(id=ID)).figure.amount.value,
            "differing": [change.change async for change in then.figures.each_diff(from_=EDITION)],
            "permalinks": {
                "page": (await then.figures.list()).permalink,
                "record": (await then.figures.get(ID, include=["event"])).permalink,
                "each": [figure.permalink async for figure in then.figures.each()],
                "present": [(await briefing.v2.figures.get(ID)).permalink for _ in range(2)],
                "none": [(await briefing.v1.figures.get(ID)).permalink, (await briefing.v2.me()).permalink],
            },
        }


print(json.dumps({"waiting": waiting(), "awaiting": asyncio.run(awaiting())}))
