"""A client that went away takes its request with it: the handler is cancelled, and with it its query in Postgres.

Uvicorn only queues `http.disconnect`, which nobody reads while a query runs. Listening for it beside the handler costs
a second task for every request (9 µs, as much as all of uvicorn); here the protocol cancels the handler's task when the
connection is lost, which costs a request that ends normally one coroutine frame (0.1 µs).

The end of a client's sending side (FIN) counts as gone. A client that only half-closes looks exactly like one that
closed: TCP tells the two apart only once something is written to it. Uvicorn, Go's net/http and nginx decide so too.
Clients keep the connection open until they have read the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


async def unless_gone(cycle: RequestResponseCycle, answer: Awaitable[None]) -> None:
    """Await the answer. Where it was cancelled because its client went away, that is the end of it, not an error."""
    try:
        await answer
    except asyncio.CancelledError:
        # Uvicorn would log the cancellation with a traceback and send a 500 to nobody.
        if not cycle.disconnected:
            raise


def abandon(cycle: RequestResponseCycle, task: asyncio.Task[None]) -> None:
    """Nobody waits for this answer any more: what it still sends is dropped, and its task ends at its next await."""
    cycle.disconnected = True
    cycle.message_event.set()
    task.cancel()
