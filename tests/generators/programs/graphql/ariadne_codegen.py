"""Call the service with the client that ariadne-codegen made: `… ADDRESS LIMITED KEY`."""

import asyncio
import datetime
import json
import sys
from collections.abc import Awaitable

from client import (
    Client,
    EventFilter,
    EventKind,
    EventKindTest,
    Events,
    GraphQLClientGraphQLMultiError,
    GraphQLClientHttpError,
    NullableDateTimeTest,
)

ADDRESS, LIMITED, KEY = sys.argv[1:]
SINCE = datetime.datetime(2022, 2, 1, tzinfo=datetime.UTC)
FILTER = EventFilter(
    kind=EventKindTest(in_=[EventKind.SHELLING, EventKind.AIR_STRIKE]), startsAt=NullableDateTimeTest(gte=SINCE)
)


def ids(page: Events) -> list[str]:
    return [event.id for event in page.events.nodes]


async def refusal(call: Awaitable[object]) -> dict[str, object]:
    """Return the extensions of the first error. A refusal of the whole request has the status of HTTP."""
    try:
        await call
    except GraphQLClientGraphQLMultiError as error:
        return error.errors[0].extensions or {}
    except GraphQLClientHttpError as error:
        assert error.status_code == 429
        extensions: dict[str, object] = error.response.json()["errors"][0]["extensions"]  # type: ignore[attr-defined]
        return extensions
    raise AssertionError("it was answered")


async def main() -> None:
    client = Client(f"{ADDRESS}/v2/graphql")
    limited = Client(f"{LIMITED}/v2/graphql")
    keyed = Client(f"{LIMITED}/v2/graphql", headers={"Authorization": f"Bearer {KEY}"})
    first = await client.events(filter_=FILTER, first=2)
    second = await client.events(filter_=FILTER, first=2, after=first.events.page_info.end_cursor)
    starts = [event.time.starts_at for event in first.events.nodes]
    assert all(start is not None and start >= SINCE for start in starts)
    missing = await refusal(client.record("evt_" + "0" * 26))
    invalid = await refusal(client.events(first=500))
    for _ in range(6):
        try:
            await limited.events(first=20)
        except GraphQLClientHttpError:
            break
    refused = await refusal(limited.events(first=20))
    print(
        json.dumps(
            {
                "pages": [ids(first), ids(second)],
                "missing": missing["code"],
                "invalid": invalid["code"],
                "refused": [refused["code"], refused["retry_after"], refused["limit"]],
                "keyed": len(ids(await keyed.events(first=20))),
            }
        )
    )


asyncio.run(main())
