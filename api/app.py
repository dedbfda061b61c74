"""Assemble the application: its parts, its routes, and the order in which a request passes through them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.access.access_control import AccessControl
from api.access.caller_cache import CallerCache
from api.access.limits import open_limits
from api.catalog import VERSIONS
from api.graphql import console
from api.graphql import contract as sdl
from api.graphql import routes as graphql
from api.graphql.scheduler import DocumentScheduler
from api.http import problem_docs
from api.http.route_table import RouteTable
from api.middleware import deprecation
from api.middleware.authentication import Authentication
from api.middleware.request_middleware import RequestMiddleware
from api.observability.access_log import access_log
from api.observability.health import PATIENCE, Health, Peers, Prepare, persist
from api.observability.metrics import Kind, Metrics
from api.observability.tracing import Tracer
from api.pages import index, reference
from api.pages.files import ASSETS
from api.rest import contract, export
from api.rest import routes as rest
from api.rest.access import me
from api.rest.access import routes as access
from api.service import Service
from api.service.exports import Exports
from api.settings import Settings
from api.store.pool import Pool


@dataclass(frozen=True)
class Application:
    """The service as an ASGI application, with its health and its metrics; None without a port for metrics."""

    asgi: ASGIApp
    health: Health
    metrics: Metrics | None

    def drain(self) -> None:
        """Make `/readyz` answer 503 from now on, because the service is going down."""
        self.health.draining = True


def create_app(
    settings: Settings,
    url: str,
    prepare: Prepare | None = None,
    table: int | None = None,
    peers: Peers | None = None,
) -> Application:
    """Return the service as an ASGI application over the Postgres at `url`.

    `prepare` brings the store up to date. While Postgres is not available, the service is alive but not ready.
    If several processes serve, `table` is the descriptor of the file of limits that they share, and `peers` reports
    when all of them are ready.
    """
    caller_cache = CallerCache(url, settings)
    access_control = AccessControl(caller_cache, open_limits(settings, table) if settings.limits else None, settings)
    authentication = Authentication(access_control, settings)
    service = Service(settings, url, access_control)
    exports = Exports(service, url)
    health = Health(service.reader, peers)
    metrics = None if settings.metrics_port is None else Metrics()
    traces = Tracer(settings) if settings.traces_endpoint else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tried = asyncio.Event()
        if traces is not None:
            traces.begin()
        preparing = asyncio.create_task(_prepared(prepare, service, health, tried))
        preparing.add_done_callback(lambda _: tried.set())
        with suppress(TimeoutError):
            await asyncio.wait_for(tried.wait(), PATIENCE)
        if preparing.done():
            preparing.result()  # A refusal by Postgres ends the start. If Postgres is not available, the start goes on.
        yield
        preparing.cancel()
        with suppress(asyncio.CancelledError):
            await preparing
        await service.changes.stop()
        await caller_cache.stop()
        if access_control.limits is not None:
            await access_control.limits.close()
        await service.reader.close()
        await exports.close()
        if traces is not None:
            await asyncio.to_thread(traces.end)

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    versions = list(VERSIONS.values())
    served = [one for one in versions if one.lifecycle.status != "retired"]
    routers = [health.routes(), index.routes(service, authentication, versions), reference.routes(served)]
    routers += [console.ASSETS.routes(), ASSETS.routes(), problem_docs.routes()]
    routers.append(access.routes(caller_cache.store, authentication, settings))
    scheduler = DocumentScheduler(access_control.limits is not None, settings.processes)
    export_endpoint = export.ExportEndpoint(exports, authentication)
    for version in VERSIONS.values():
        if version.lifecycle.status == "retired":
            routers += [graphql.retired(version), deprecation.gone(version)]
            continue
        routers.append(rest.routes(service, authentication, export_endpoint, version))
        routers += [
            contract.routes(version),
            sdl.routes(version),
            graphql.routes(service, authentication, version, scheduler),
        ]
        routers.append(me.routes(version, authentication))
    for router in routers:
        app.include_router(router)
    observers = [
        deprecation.observer(caller_cache.outdated),
        *(one.observe for one in (metrics, traces) if one),
        *([line] if (line := access_log(settings)) else []),
    ]
    middleware = RequestMiddleware(app, RouteTable(routers), settings, authentication, observers)
    if metrics is not None:
        _follow(metrics, middleware, service, exports)
    return Application(middleware, health, metrics)


def _follow(metrics: Metrics, middleware: RequestMiddleware, service: Service, exports: Exports) -> None:
    """Add the metrics that are read when the page is requested."""
    pools = {"read": service.reader.pool, "export": exports.streams.pool}

    def each(kind: Kind, name: str, meaning: str, read: Callable[[Pool], float]) -> None:
        metrics.follow(kind, name, meaning, lambda: {pool: read(one) for pool, one in pools.items()}, "pool")

    each("gauge", "pool_used", "Connections to Postgres in use.", lambda pool: pool.used)
    each("gauge", "pool_idle", "Connections to Postgres that are free.", lambda pool: pool.idle)
    each("counter", "pool_timed_out", "Statements that ran out of time.", lambda pool: pool.timed_out)
    each("counter", "pool_cancelled", "Statements that were cancelled.", lambda pool: pool.cancelled)

    def callers(kind: Kind, name: str, meaning: str, read: Callable[[Pool], dict[str, int]]) -> None:
        def values() -> dict[tuple[str, ...], float]:
            return {(pool, rank): number for pool, one in pools.items() for rank, number in read(one).items()}

        metrics.follow(kind, name, meaning, values, "pool", "caller")

    callers("gauge", "pool_waiting", "Requests that wait for a connection.", lambda pool: pool.waiting)
    callers("counter", "pool_refused", "Requests that got no connection in time.", lambda pool: pool.refused)
    metrics.follow("gauge", "requests_in_flight", "Requests that are being answered.", lambda: middleware.in_flight)
    metrics.follow("gauge", "exports_running", "Exports that are being sent.", lambda: exports.streams.pool.used)
    places = exports.places
    metrics.follow("gauge", "exports_waiting", "Exports that wait for a place.", lambda: places.waiting)
    metrics.follow("counter", "exports_waited", "Exports that had to wait for a place.", lambda: places.waited)
    metrics.follow("counter", "exports_refused", "Exports that got no place in time.", lambda: places.refused)
    unread = middleware.unread
    metrics.follow("gauge", "unread_bytes", "Bytes of answers that clients have not read yet.", lambda: unread.total)
    metrics.follow("counter", "answers_refused", "Answers refused for a caller's unread ones.", lambda: unread.refused)
    changes = service.changes
    metrics.follow("gauge", "change_log_sure", "1 while kept answers are known to be true.", lambda: changes.sure)
    if (limits := service.access_control.limits) is not None:
        told = partial(getattr, limits, "away", False)
        metrics.follow("gauge", "limits_away", "1 while Redis is away and each machine enforces its share.", told)
    metrics.follow("gauge", "change_log_age_seconds", "Since the change log was seen last.", lambda: changes.age)


async def _prepared(prepare: Prepare | None, service: Service, health: Health, tried: asyncio.Event) -> None:
    if prepare is not None:
        await persist(prepare, tried)
    service.changes.start()  # Not earlier, because there may be no change log to follow.
    service.access_control.caller_cache.start()
    await service.access_control.caller_cache.known()
    health.note_prepared()
