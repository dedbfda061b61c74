"""A small application behind several workers. The tests run it in a process of its own."""

from __future__ import annotations

import os
import sys
import time

from starlette.types import Receive, Scope, Send

from api.errors import SettingsError, Unavailable
from api.logs import configure
from api.server.http_server import listen, serve
from api.server.supervisor import Supervisor
from api.server.worker import WorkerChannel
from api.settings import read_settings
from tests.http.served import reply

settings = read_settings()
start_time = time.monotonic()


def work(link: WorkerChannel) -> int:
    """Run a worker."""
    if "--crash" in sys.argv:
        os.abort()
    draining = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            if "--refuse" in sys.argv:
                raise SettingsError("The password is wrong.", "Mend it.")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] == "/stick":
            time.sleep(60)
        ready = True
        try:
            await link.prepare()
        except Unavailable:
            ready = False
        if scope["path"] == "/ready":
            link.note_ready()
        text = f"{link.place.number} {link.place.of} {os.getpid()} {ready} {draining} {os.read(shared, 1).decode()}"
        text += f" {link.all_ready()}"
        os.write(refill, b"s")
        await reply(send, text.encode())

    def drain() -> None:
        nonlocal draining
        draining = True

    return serve(
        app, settings, on_ready=lambda _: link.begin(lambda: b""), on_drain=drain, listener=listener, shares=link.shares
    )


async def prepare() -> None:
    """Prepare a store that is away for 3.5 seconds with `--late`, and refuses with `--refused`."""
    if "--late" in sys.argv and time.monotonic() - start_time < 3.5:
        raise Unavailable("Postgres does not answer.")
    if "--refused" in sys.argv:
        raise SettingsError("Postgres refuses us.", "Look at BRIEFING_DATABASE_URL.")


def beside() -> None:
    """Do nothing."""


if __name__ == "__main__":
    configure(settings)
    shared, refill = os.pipe()  # The workers share what is opened before they start.
    os.write(refill, b"s" * 8)
    with listen(settings) as listener:
        sys.exit(Supervisor(work, settings.workers, settings.worker_timeout, prepare).run(listener, beside))
