"""Run uvicorn in this process: uvloop, httptools with our bounds, a clean start and a clean end.

On SIGTERM or Ctrl-C `on_drain` is called, and `/readyz` answers 503 from then on. Requests are still accepted for a
moment, until load balancers have seen that. Then no connection is accepted, requests in flight are finished, and the
process exits 0 within 30 seconds. A second Ctrl-C does not wait. A process that cannot end writes where it is stuck and
exits 1.
"""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BriefingError, SettingsError
from api.exit_codes import ExitCode, exit_code
from api.observability.connection_events import ConnectionEvents
from api.server.acceptor import Acceptor, ConnectionCounts
from api.server.file_descriptors import within_descriptors
from api.server.protocol import HttpConnection, protocol
from api.settings import Settings

# How long requests are accepted after `/readyz` turned to 503.
DRAIN_SECONDS = 1.0
# How long requests in flight may take after that.
FINISH_SECONDS = 20
# The time after which a process that still has not ended exits by force.
EXIT_SECONDS = 28.0
BACKLOG = 2048


def serve(
    app: ASGIApp,
    settings: Settings,
    *,
    on_ready: Callable[[str], None] | None = None,
    on_drain: Callable[[], None] | None = None,
    listener: socket.socket | None = None,
    shares: ConnectionCounts | None = None,
    events: ConnectionEvents | None = None,
    supervise: Callable[[], Awaitable[BriefingError]] | None = None,
) -> int:
    """Serve until a signal to stop; return the exit code.

    `events` receives the events of connections. `supervise` runs beside the server. When it returns, the service ends
    and raises the error that it returned. `listener` is a bound socket that a parent process hands down, with `shares`
    if it has several workers. `on_ready` is called with the address, on the loop. Without it the address is printed."""
    guarded_app = StartupErrors(app)
    try:
        listener = listener or listen(settings)
        uvicorn_config = config(guarded_app, within_descriptors(settings), events)
        server = HttpServer(uvicorn_config, on_ready or announce, on_drain, shares, supervise)
        server.run(sockets=[listener])
    except SettingsError as error:
        return complain(error)
    except SystemExit:
        # Uvicorn exits like this if the application did not start. If that was a bug, it has logged the traceback.
        if guarded_app.refusal is not None:
            return complain(guarded_app.refusal)
        return ExitCode.SOFTWARE
    finally:
        faulthandler.cancel_dump_traceback_later()
        if listener is not None:
            listener.close()
    if server.failure is not None:
        raise server.failure
    if server.force_exit:
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens at the address in the settings. Port 0 takes any free port."""
    return bind(settings.host, settings.port, "BRIEFING_HOST and BRIEFING_PORT say where; 0 is any port.")


def bind(host: str, port: int, hint: str) -> socket.socket:
    """Return a socket that listens at this address. SettingsError, with the hint, if that is not possible."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise SettingsError(f"Cannot listen on {host}:{port}: {reason}.", hint) from None


def config(app: ASGIApp, settings: Settings, events: ConnectionEvents | None = None) -> uvicorn.Config:
    """Return the configuration of uvicorn. Nothing is guessed from the environment or from what is installed."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=protocol(settings, events),
        ws="none",
        lifespan="on",
        interface="asgi3",
        workers=1,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )


def complain(error: BriefingError) -> int:
    """Print on stderr what is wrong and what to do about it; return the exit code."""
    print(error.message, file=sys.stderr)
    for hint in error.hints():
        print(hint, file=sys.stderr)
    return exit_code(error)


def announce(address: str) -> None:
    """Print the address of the service in a line that other programs wait for and read."""
    print(f"Serving on {address}", flush=True)


def url(listener: socket.socket) -> str:
    """Return the address at which clients reach this socket."""
    host, port = listener.getsockname()[:2]
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port}"


class StartupErrors:
    """The application, and the error that kept it from starting. So a wrong password is reported as a sentence, not as
    a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.refusal: BriefingError | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # This is no coroutine of its own, because each request would pay for that.
        if scope["type"] == "lifespan":
            return self._run_lifespan(scope, receive, send)
        return self.app(scope, receive, send)

    async def _run_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        failures: list[Message] = []

        async def send_later_if_failed(message: Message) -> None:
            # The failure comes as a message before it comes as an exception, and uvicorn would print the message.
            if message["type"] in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
                failures.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, send_later_if_failed)
        except BriefingError as error:
            self.refusal = error
            failures = [{"type": "lifespan.startup.failed"}]
            raise
        except asyncio.CancelledError:
            # An operator who does not wait for the end (a second Ctrl-C) gets no traceback.
            failures = [{"type": "lifespan.shutdown.failed"}]
            raise
        finally:
            for message in failures:
                await send(message)


class HttpServer(uvicorn.Server):
    """Uvicorn's server, which announces its address, drains before it closes, and exits with 0 after a signal."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[str], None],
        on_drain: Callable[[], None] | None = None,
        shares: ConnectionCounts | None = None,
        supervise: Callable[[], Awaitable[BriefingError]] | None = None,
    ) -> None:
        super().__init__(config)
        self.supervise = supervise
        self.supervising: asyncio.Task[None] | None = None
        self.failure: BriefingError | None = None
        self.shares = shares
        self.on_ready = on_ready
        self.on_drain = on_drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.supervise is not None:
            self.supervising = asyncio.create_task(self._keep_store_running(self.supervise))
        await super().startup([])
        if not self.started:
            return
        for listener in sockets or []:
            acceptor = Acceptor(listener, self._create_connection, self._is_ahead)
            self.servers.append(acceptor)  # type: ignore[arg-type]
            self.on_ready(url(listener))

    async def _keep_store_running(self, supervise: Callable[[], Awaitable[BriefingError]]) -> None:
        try:
            self.failure = await supervise()
        except Exception as error:
            # Without supervision Postgres would not be restarted when it ends.
            self.failure = BriefingError(f"The supervision of Postgres failed: {error!r}.")
        self.handle_exit(signal.SIGTERM, None)

    def _is_ahead(self) -> bool:
        return self.shares is not None and self.shares.ahead(len(self.server_state.connections))

    def _create_connection(self) -> asyncio.Protocol:
        # As uvicorn makes protocols for its own servers.
        connection: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state
        )
        return connection

    async def on_tick(self, counter: int) -> bool:
        leaving = await super().on_tick(counter)
        self._is_ahead()  # Notes the number of connections again, because connections end, too.
        if leaving:
            await self._drain()
        return leaving

    async def _drain(self) -> None:
        if self.on_drain is not None:
            self.on_drain()
        until = time.monotonic() + DRAIN_SECONDS
        # The handler of a signal sets the flag; it cannot set an asyncio.Event.
        while time.monotonic() < until and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.supervising is not None:
            self.supervising.cancel()
        await super().shutdown(sockets)
        if self.force_exit:
            # Requests that still run are cancelled, so that they do not end with a traceback.
            for connection in list(self.server_state.connections):
                if isinstance(connection, HttpConnection):
                    connection.let_go()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Uvicorn's own handler raises the signal again at the end, so the process would end by it instead of with 0.
        if self.should_exit:
            self.force_exit = self.force_exit or sig == signal.SIGINT
            return
        self.should_exit = True
        # A thread in C, because the loop may be stuck.
        faulthandler.dump_traceback_later(EXIT_SECONDS, exit=True)
