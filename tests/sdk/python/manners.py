"""Check how the client treats newer services, unchanged answers and refusals: `manners.py BETWEEN`."""

import json
import sys
from typing import Any

from briefing_sdk import Briefing
from briefing_sdk.query import format_parameters

BETWEEN = sys.argv[1]


def newer() -> dict[str, Any]:
    """Read a term and fields that this client does not know."""
    with Briefing(f"{BETWEEN}/newer") as briefing:
        event = briefing.v1.events.list(limit=1).data[0]
        node = briefing.v1.graphql.events(first=1).events.nodes[0]
        again = type(event).from_dict(event.to_dict())
    return {
        **{"kind": event.kind, "sentiment": event.additional_properties["sentiment"], "again": again == event},
        **{"graphql": [node.kind.value, node.kind.known], "status": [node.status.known]},
    }


def unchanged() -> list[str]:
    """Send the same request twice. The second answer is a 304, and the result is the same."""
    with Briefing(f"{BETWEEN}/kept") as briefing:
        return [briefing.v1.events.list(limit=2).data[0].id for _ in range(2)]


def busy() -> int:
    """Send a request that is refused twice with Retry-After, and then answered."""
    with Briefing(f"{BETWEEN}/busy") as briefing:
        return len(briefing.v1.events.list(limit=2).data)


values = format_parameters(
    {"name": ['Smith, "Joe"', "x"], "figures__measure": "killed", "bbox": [1, 2.5, 3, 4], "none": None}
)
print(json.dumps({"newer": newer(), "unchanged": unchanged(), "busy": busy(), "url_parameters": values}))
