"""Call the service with the types and operations that sgqlc-codegen made: `… ADDRESS LIMITED KEY`."""

import datetime
import json
import sys
from typing import Any

import schema
from operations import Operations
from sgqlc.endpoint.http import HTTPEndpoint

ADDRESS, LIMITED, KEY = sys.argv[1:]
SINCE = datetime.datetime(2022, 2, 1, tzinfo=datetime.UTC)
FILTER = schema.EventFilter(
    kind=schema.EventKindTest(in_=["SHELLING", "AIR_STRIKE"]), starts_at=schema.NullableDateTimeTest(gte=SINCE)
)
EVENTS = Operations.query.events
RECORD = Operations.query.record


def ids(answer: dict[str, Any]) -> list[str]:
    return [event.id for event in (EVENTS + answer).events.nodes]


def refusal(answer: dict[str, Any]) -> dict[str, Any]:
    extensions: dict[str, Any] = answer["errors"][0]["extensions"]
    return extensions


def main() -> None:
    client = HTTPEndpoint(f"{ADDRESS}/v2/graphql")
    limited = HTTPEndpoint(f"{LIMITED}/v2/graphql")
    keyed = HTTPEndpoint(f"{LIMITED}/v2/graphql", {"Authorization": f"Bearer {KEY}"})
    # Inputs are written as JSON for variables.
    variables = {"filter": FILTER.__to_json_value__(), "first": 2}
    first = client(EVENTS, variables)
    page = (EVENTS + first).events
    second = client(EVENTS, {**variables, "after": page.page_info.end_cursor})
    assert all(event.time.starts_at >= SINCE for event in page.nodes)
    missing = refusal(client(RECORD, {"id": "evt_" + "0" * 26}))
    invalid = refusal(client(EVENTS, {"first": 500}))
    for _ in range(7):
        answer = limited(EVENTS, {"first": 20})
    assert answer["status"] == 429
    refused = refusal(answer)
    print(
        json.dumps(
            {
                "pages": [ids(first), ids(second)],
                "missing": missing["code"],
                "invalid": invalid["code"],
                "refused": [refused["code"], refused["retry_after"], refused["limit"]],
                "keyed": len(ids(keyed(EVENTS, {"first": 20}))),
            }
        )
    )


main()
