"""Cancel a request whose client has disconnected, and with it its query in Postgres.

Uvicorn only queues `http.disconnect`, which nothing reads while a query runs. Listening for it beside the handler costs
a second task for every request (9 µs, as much as all of uvicorn). Here the protocol cancels the handler's task when the
connection is lost, which costs a request that ends normally nothing.

The end of a client's sending side (FIN) counts as a disconnect. A client that only half-closes looks like one that
closed: TCP shows the difference only once something is written to it. Uvicorn, Go's net/http and nginx decide so too.
Clients keep the connection open until they have read the answer.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


def abandon(cycle: RequestResponseCycle, task: asyncio.Task[None]) -> None:
    """Drop what the answer still sends, and end its task at its next await."""
    cycle.disconnected = True
    cycle.message_event.set()
    task.cancel()
