"""Assemble the application: its parts, its routes, and the order in which a request passes through them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from api.access.access_control import AccessControl
from api.access.caller_cache import CallerCache
from api.access.limits import open_limits
from api.catalog import VERSIONS, Version
from api.errors import BriefingError
from api.graphql import console
from api.graphql import contract as sdl
from api.graphql import routes as graphql
from api.graphql.scheduler import DocumentScheduler
from api.http import problem_docs
from api.http.route_table import RouteTable
from api.middleware import deprecation
from api.middleware.authentication import Authentication
from api.middleware.request_middleware import Observer, RequestMiddleware
from api.observability.access_log import access_log
from api.observability.health import PATIENCE, Health, Peers, PreparationFailure, Prepare, persist
from api.observability.metrics import Kind, Metrics
from api.observability.tracing import Tracer
from api.pages import embed, guide_routes, index, reference, robots, sdk, security_txt, sitemap
from api.pages.explore import routes as explorer
from api.pages.feeds import routes as feeds
from api.pages.files import ASSETS
from api.pages.problem_page import problem_pages
from api.pages.templating import Templates
from api.rest import contract, export, metadata
from api.rest import routes as rest
from api.rest.access import me
from api.rest.access import routes as access
from api.service import Service
from api.service.exports import Exports
from api.settings import Settings
from api.store.changes import Changes
from api.store.pool import Pool
from api.store.replicas import Replica, Replicas
from api.store.routed_reader import FALLBACK_REASONS, RoutedReader


@dataclass(frozen=True)
class Application:
    """The service as an ASGI application, with its health and its metrics; None without a port for metrics. `failure`
    is the error that ends the service if its store cannot be prepared."""

    asgi: ASGIApp
    health: Health
    metrics: Metrics | None
    failure: PreparationFailure

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
    replicas = Replicas(settings, url) if settings.replica_urls else None
    caller_cache = CallerCache(url, settings, replicas)
    limits = open_limits(settings, table) if settings.limits else None
    access_control = AccessControl(caller_cache, limits, settings)
    service = Service(settings, url, access_control, replicas)
    authentication = Authentication(service, settings)
    exports = Exports(service, url)
    health = Health(service.reads, peers)
    failure = PreparationFailure()
    metrics = None if settings.metrics_port is None else Metrics()
    tracer = Tracer(settings) if settings.traces_endpoint else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if tracer is not None:
            tracer.begin()
        preparing = await _begin_preparing(prepare, service, health, failure)
        yield
        preparing.cancel()
        # An error of the preparation was noted before.
        with suppress(asyncio.CancelledError, BriefingError):
            await preparing
        await service.changes.stop()
        await caller_cache.stop()
        if access_control.limits is not None:
            await access_control.limits.close()
        await service.reader.close()
        await exports.close()
        if replicas is not None:
            await replicas.close()
        if tracer is not None:
            await asyncio.to_thread(tracer.end)

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    templates = Templates(_served_versions()[-1], settings.key_contact)
    routers = _create_routers(settings, service, authentication, exports, health, templates)
    for router in routers:
        app.include_router(router)
    observers: list[Observer] = [deprecation.observer(caller_cache.outdated)]
    if metrics is not None:
        observers.append(metrics.observe)
    if tracer is not None:
        observers.append(tracer.observe)
    write_line = access_log(settings)
    if write_line is not None:
        observers.append(write_line)
    pages = problem_pages(templates)
    middleware = RequestMiddleware(app, RouteTable(routers), settings, authentication, observers, pages)
    if metrics is not None:
        _follow(metrics, middleware, service, exports)
    return Application(middleware, health, metrics, failure)


def _served_versions() -> list[Version]:
    return [version for version in VERSIONS.values() if version.lifecycle.status != "retired"]


def _create_routers(
    settings: Settings,
    service: Service,
    authentication: Authentication,
    exports: Exports,
    health: Health,
    templates: Templates,
) -> list[APIRouter]:
    """Return the routers of all paths. A version that is retired has routes that say so."""
    access_control = service.access_control
    versions = list(VERSIONS.values())
    served_versions = _served_versions()
    routers = [
        health.routes(),
        index.routes(service, authentication, versions, templates),
        explorer.routes(service, authentication, served_versions[-1], templates),
        embed.routes(service, authentication, served_versions[-1], templates),
        guide_routes.routes(templates),
        robots.routes(served_versions, settings.public_url),
        sitemap.routes(service, authentication, served_versions[-1]),
        security_txt.routes(settings.security_contact, settings.public_url),
        reference.routes(served_versions),
        sdk.routes(settings.sdk_dir, settings.public_url or f"http://127.0.0.1:{settings.port or 8000}"),
        console.ASSETS.routes(),
        ASSETS.routes(),
        problem_docs.routes(),
        access.routes(access_control.caller_cache.store, authentication, settings),
    ]
    scheduler = DocumentScheduler(access_control.limits is not None, settings.processes)
    export_endpoint = export.ExportEndpoint(exports, authentication)
    for version in versions:
        if version.lifecycle.status == "retired":
            routers += [graphql.retired(version), deprecation.gone(version)]
            continue
        routers += [
            rest.routes(service, authentication, export_endpoint, version),
            feeds.routes(service, authentication, version, templates),
            contract.routes(version, settings.public_url),
            sdl.routes(version),
            graphql.routes(service, authentication, version, scheduler),
            me.routes(version, authentication),
            metadata.routes(service, authentication, version),
        ]
    return routers


def _follow(metrics: Metrics, middleware: RequestMiddleware, service: Service, exports: Exports) -> None:
    """Add the metrics that are read when the page is requested."""
    pools = {"read": service.reader.pool, "export": exports.streams.pool}
    if isinstance(service.reads, RoutedReader):
        for replica in service.reads.replicas.all:
            pools[f"read {replica.name}"] = replica.reader.pool
            pools[f"export {replica.name}"] = replica.streams.pool
        _follow_replicas(metrics, service.reads, service.changes)
    _follow_pools(metrics, pools)
    metrics.follow("gauge", "requests_in_flight", "Requests that are being answered.", lambda: middleware.in_flight)
    export_pools = [pool for name, pool in pools.items() if name.startswith("export")]

    def count_exports() -> int:
        return sum(pool.used for pool in export_pools)

    metrics.follow("gauge", "exports_running", "Exports that are being sent.", count_exports)
    places = exports.places
    metrics.follow("gauge", "exports_waiting", "Exports that wait for a place.", lambda: places.waiting)
    metrics.follow("counter", "exports_waited", "Exports that had to wait for a place.", lambda: places.waited)
    metrics.follow("counter", "exports_refused", "Exports that got no place in time.", lambda: places.refused)
    unread = middleware.unread
    metrics.follow("gauge", "unread_bytes", "Bytes of answers that clients have not read yet.", lambda: unread.total)
    metrics.follow("counter", "answers_refused", "Answers refused for a caller's unread ones.", lambda: unread.refused)
    changes = service.changes
    metrics.follow("gauge", "change_log_sure", "1 while cached answers are known to be current.", lambda: changes.sure)
    limits = service.access_control.limits
    if limits is not None:
        # Limits without Redis have no such attribute.
        is_away = partial(getattr, limits, "away", False)
        metrics.follow("gauge", "limits_away", "1 while Redis is away and each machine enforces its share.", is_away)
    metrics.follow("gauge", "change_log_age_seconds", "Since the change log was seen last.", lambda: changes.age)


def _follow_replicas(metrics: Metrics, reader: RoutedReader, changes: Changes) -> None:
    """Add the metrics of the servers that are read from."""
    replicas = reader.replicas.all

    def follow(kind: Kind, name: str, meaning: str, read: Callable[[Replica], float]) -> None:
        def read_each() -> dict[str, float]:
            return {replica.name: read(replica) for replica in replicas}

        metrics.follow(kind, name, meaning, read_each, "server")

    def count_reads() -> dict[str, float]:
        counts: dict[str, float] = {"primary": reader.replicas.primary_reads}
        for replica in replicas:
            counts[replica.name] = replica.reads
        return counts

    def count_fallbacks() -> dict[tuple[str, ...], float]:
        counts: dict[tuple[str, ...], float] = {}
        for replica in replicas:
            for reason in FALLBACK_REASONS:
                counts[replica.name, reason] = replica.fallbacks[reason]
        return counts

    metrics.follow("counter", "reads", "Statements and exports by the server that answered.", count_reads, "server")
    metrics.follow(
        "counter",
        "reads_unconfirmed",
        "Answers of replicas without the primary.",
        lambda: reader.replicas.unconfirmed_reads,
    )
    metrics.follow(
        "counter", "replica_fallbacks", "What the primary had to answer.", count_fallbacks, "server", "reason"
    )
    follow("gauge", "replica_used", "1 while the replica is used.", lambda replica: replica.is_used)
    follow(
        "gauge",
        "replica_lag_editions",
        "Changes that the replica lacked at its last check.",
        lambda replica: replica.count_missing(changes.last_edition),
    )


def _follow_pools(metrics: Metrics, pools: Mapping[str, Pool]) -> None:
    """Add the metrics of the pools of connections."""

    def follow(kind: Kind, name: str, meaning: str, read: Callable[[Pool], float]) -> None:
        def read_each() -> dict[str, float]:
            return {pool_name: read(pool) for pool_name, pool in pools.items()}

        metrics.follow(kind, name, meaning, read_each, "pool")

    follow("gauge", "pool_used", "Connections to Postgres in use.", lambda pool: pool.used)
    follow("gauge", "pool_idle", "Connections to Postgres that are free.", lambda pool: pool.idle)
    follow("counter", "pool_timed_out", "Statements that ran out of time.", lambda pool: pool.timed_out)
    follow("counter", "pool_cancelled", "Statements that were cancelled.", lambda pool: pool.cancelled)

    def follow_by_rank(kind: Kind, name: str, meaning: str, read: Callable[[Pool], dict[str, int]]) -> None:
        def read_each() -> dict[tuple[str, ...], float]:
            values: dict[tuple[str, ...], float] = {}
            for pool_name, pool in pools.items():
                for rank, number in read(pool).items():
                    values[pool_name, rank] = number
            return values

        metrics.follow(kind, name, meaning, read_each, "pool", "caller")

    follow_by_rank("gauge", "pool_waiting", "Requests that wait for a connection.", lambda pool: pool.waiting)
    follow_by_rank("counter", "pool_refused", "Requests that got no connection in time.", lambda pool: pool.refused)


async def _begin_preparing(
    prepare: Prepare | None, service: Service, health: Health, failure: PreparationFailure
) -> asyncio.Task[None]:
    """Start to prepare the store, and return when that is done or was tried once, or after PATIENCE. An error that
    comes later is noted in `failure`."""
    tried = asyncio.Event()

    def note_end(task: asyncio.Task[None]) -> None:
        tried.set()
        if not task.cancelled() and isinstance(error := task.exception(), BriefingError):
            failure.note(error)

    preparing = asyncio.create_task(_prepare(prepare, service, health, tried))
    preparing.add_done_callback(note_end)
    with suppress(TimeoutError):
        await asyncio.wait_for(tried.wait(), PATIENCE)
    if preparing.done():
        preparing.result()  # A refusal by Postgres ends the start. If Postgres is not available, the start goes on.
    return preparing


async def _prepare(prepare: Prepare | None, service: Service, health: Health, tried: asyncio.Event) -> None:
    if prepare is not None:
        await persist(prepare, tried)
    service.changes.start()  # Not earlier, because there may be no change log to follow.
    if service.replicas is not None:
        service.replicas.start()
    service.access_control.caller_cache.start()
    await service.access_control.caller_cache.known()
    health.note_prepared()
