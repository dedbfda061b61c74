"""The one place that knows every part: what is served, and in what order a request passes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answer import Service
from api.catalog import VERSIONS
from api.graphql import console
from api.graphql import routes as graphql
from api.http import meanings
from api.http.front import Front
from api.http.health import PATIENCE, Health, Prepare, persist
from api.rest import contract, export, index
from api.rest import routes as rest
from api.settings import Settings

EXPOSED = ["ETag", "Link", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Server-Timing"]
EXPOSED += ["Content-Disposition"]
ACCEPTED = ["Accept", "Authorization", "Content-Type", "If-None-Match", "X-API-Key", "X-Request-Id"]


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
    app.include_router(health.routes())
    app.include_router(index.routes(VERSIONS.values()))
    for version in VERSIONS.values():
        app.include_router(rest.routes(service, exports, version))
        app.include_router(export.routes(exports, version))
        app.include_router(contract.routes(version))
        app.include_router(graphql.routes(service, version))
    app.include_router(console.routes())
    app.include_router(meanings.routes())
    framed = CORSMiddleware(
        Front(app, settings),
        allow_origins=settings.cors_origins.split(","),
        allow_methods=["GET", "HEAD", "POST", "OPTIONS"],
        allow_headers=ACCEPTED,
        expose_headers=EXPOSED,
        max_age=86400,
    )
    return Application(framed, health)


async def _prepared(prepare: Prepare | None, service: Service, health: Health, tried: asyncio.Event) -> None:
    if prepare is not None:
        await persist(prepare, tried)
    service.changes.start()  # Before, there may be no log to follow.
    health.prepared = True
