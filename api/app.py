"""The one place that knows every part: what is served, and in what order a request passes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answer import Service
from api.catalog import VERSIONS
from api.errors import BriefingError, Unavailable
from api.graphql import console
from api.graphql import routes as graphql
from api.http import meanings
from api.http.cors import Cors
from api.http.front import Front
from api.http.health import Health
from api.http.paths import Paths
from api.rest import contract, export, index
from api.rest import routes as rest
from api.settings import Settings

AGAIN = 0.5
# How long a start waits for the first try: what Postgres refuses it refuses at once, and a migration may take long.
PATIENCE = 2.0

log = structlog.get_logger("briefing")
Prepare = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Application:
    """The service as an ASGI application; `drain` makes `/readyz` tell that it is going down."""

    asgi: ASGIApp
    health: Health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""
        await self.asgi(scope, receive, send)

    def drain(self) -> None:
        """From now on it is not ready."""
        self.health.draining = True


def create_app(settings: Settings, url: str, prepare: Prepare | None = None) -> Application:
    """The service as an ASGI application over the Postgres at `url`. `prepare` brings the store up to date; while it
    cannot, for Postgres is away, the service lives and is not ready."""
    service = Service(settings, url)
    exports = export.Exports(settings, url)
    health = Health(service.reader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tried = asyncio.Event()
        preparing = asyncio.create_task(_prepared(prepare, service, health, tried))
        preparing.add_done_callback(lambda _: tried.set())
        with suppress(TimeoutError):
            await asyncio.wait_for(tried.wait(), PATIENCE)
        if preparing.done():
            preparing.result()  # A store that refuses us ends the start; one that is away does not.
        yield
        preparing.cancel()
        with suppress(asyncio.CancelledError):
            await preparing
        await service.changes.stop()
        await service.reader.close()
        await exports.streams.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    routers = [health.routes(), index.routes(VERSIONS.values()), console.routes(), meanings.routes()]
    for version in VERSIONS.values():
        routers += [rest.routes(service, exports, version), export.routes(exports, version)]
        routers += [contract.routes(version), graphql.routes(service, version)]
    for router in routers:
        app.include_router(router)
    framed = Cors(Front(app, Paths(app, routers), settings), settings.cors_origins)
    return Application(framed, health)


async def _prepared(prepare: Prepare | None, service: Service, health: Health, tried: asyncio.Event) -> None:
    while prepare is not None:
        try:
            await prepare()
            break
        except BriefingError as error:
            if not (isinstance(error, Unavailable) or tried.is_set()):
                raise
            log.warning("store not ready", reason=error.message)
        tried.set()
        await asyncio.sleep(AGAIN)
    service.changes.start()  # Before, there may be no log to follow.
    health.prepared = True
