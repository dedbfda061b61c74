"""A small application behind the real server, with short time limits. The tests run it in a process of its own."""

from __future__ import annotations

import asyncio
import sys

from starlette.types import Message, Receive, Scope, Send

from api.errors import BriefingError, SettingsError
from api.http.body import BODILESS, BodyRefused, drop_body, read_body
from api.http.problems import MEDIA_TYPE, document
from api.http.request import HttpRequest
from api.http.unread_answers import UnreadAnswers
from api.server import protocol, tcp_connection
from api.server.http_server import serve
from api.settings import read_settings

# The tests need not wait for what takes seconds.
tcp_connection.LINGER_SECONDS = 0.3

settings = read_settings().model_copy(update={"stall_timeout": 0.3})
if "--impatient" in sys.argv:
    protocol.KEEP_ALIVE_SECONDS = 0.1
    settings = settings.model_copy(update={"least_pace": 0})
counts = {"cancelled": 0, "draining": 0, "taken": 0}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by the path. Each path does one thing that a handler may do."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    scope["request"] = request = HttpRequest(scope, receive, UnreadAnswers(settings.unread_memory))
    try:
        if request.has_body and scope["method"] in BODILESS:
            await drop_body(request, settings)
        await PATHS.get(scope["path"], hello)(scope, receive, send)
    except BodyRefused as error:
        status, _, problem = document(error, "request-1")
        await reply(send, problem, status, MEDIA_TYPE)


async def reply(send: Send, content: bytes, status: int = 200, media_type: bytes = b"text/plain") -> None:
    fields = [(b"content-type", media_type), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": content})


async def lifespan(receive: Receive, send: Send) -> None:
    await receive()
    if "--refuse" in sys.argv:
        await send({"type": "lifespan.startup.failed", "message": "Traceback of a failed start"})
        raise SettingsError("The password is wrong.", "Mend it.")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    fields = " ".join(sorted(name.decode() for name, _ in scope["headers"]))
    await reply(send, f"{scope['method']} {scope['path']} {fields}".encode())


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.2)
    await hello(scope, receive, send)


async def hang(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await asyncio.sleep(25)
    except asyncio.CancelledError:
        counts["cancelled"] += 1
        raise


async def state(scope: Scope, receive: Receive, send: Send) -> None:
    await reply(send, " ".join(map(str, counts.values())).encode())


async def body(scope: Scope, receive: Receive, send: Send) -> None:
    content = await read_body(scope["request"], settings)
    await reply(send, b"%d bytes" % len(content))


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in (b"one ", b"two ", b""):
        await send({"type": "http.response.body", "body": part, "more_body": bool(part)})


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    message: Message = {"type": "http.response.body", "body": b"x" * 65536, "more_body": True}
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send(message)
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        counts["cancelled"] += 1
        raise


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    await read_body(scope["request"], settings)
    await reply(send, b"x" * (12 << 20))
    await scope["connection"].taken()
    counts["taken"] += 1


async def later(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer after the client has taken the large answer."""
    while not counts["taken"]:
        await asyncio.sleep(0.01)
    await slow(scope, receive, send)


PATHS = {
    "/large": large,
    "/later": later,
    "/slow": slow,
    "/hang": hang,
    "/state": state,
    "/body": body,
    "/stream": stream,
    "/flood": flood,
}


def drain() -> None:
    counts["draining"] = 1


async def failing() -> BriefingError:
    raise RuntimeError("no more processes")


if __name__ == "__main__":
    sys.exit(serve(app, settings, on_drain=drain, supervise=failing if "--unsupervised" in sys.argv else None))
