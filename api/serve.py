"""Run `briefing serve`: the service in one process, or a parent with several processes behind one socket."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import ExitStack
from functools import partial

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from api import __version__
from api.access.limits import SharedTable, describe_limits
from api.app import Application, create_app
from api.errors import BriefingError
from api.observability.health import Prepare
from api.observability.metrics import followed
from api.observability.metrics_aggregate import MetricTotals, dump_metrics
from api.observability.metrics_server import MetricsPage
from api.server import http_server
from api.server.supervisor import Supervisor, WorkerTeam
from api.server.worker import WorkerChannel
from api.settings import Settings
from api.store.address import Supervise, describe_store
from api.store.statements import migrations

log = structlog.get_logger("briefing")
NO_PORT = "BRIEFING_METRICS_HOST and BRIEFING_METRICS_PORT say where; 0 is any port."


def serve(settings: Settings, url: str, prepare: Prepare, supervise: Supervise | None = None) -> int:
    """Serve until stopped, and return the exit code. `supervise` keeps an embedded store running. If it returns an
    error, the service ends and raises it."""
    own = migrations()
    log.info(
        "starting",
        version=__version__,
        store=describe_store(settings),
        migrations=f"{len(own)}, up to {own[-1].name}",
        workers=settings.processes,
        limits=describe_limits(settings),
    )
    with ExitStack() as sockets:
        metrics = None
        if settings.metrics_port is not None:
            metrics = sockets.enter_context(http_server.bind(settings.metrics_host, settings.metrics_port, NO_PORT))
        if settings.processes == 1:
            return _serve_alone(settings, url, prepare, supervise, metrics)
        listener = sockets.enter_context(http_server.listen(settings))
        return _serve_with_workers(settings, url, prepare, supervise, metrics, listener)


def _serve_alone(
    settings: Settings, url: str, prepare: Prepare, supervise: Supervise | None, metrics: socket.socket | None
) -> int:
    application = create_app(settings, url, prepare)

    def write_page() -> bytes:
        return MetricTotals().page([_dump_metrics_of(application)])

    page = None if metrics is None else MetricsPage(metrics, write_page)

    def note_ready(address: str) -> None:
        # The objects that exist now stay. A full collection that includes them took 60 to 130 ms, in which no request
        # was answered.
        gc.freeze()
        http_server.announce(address)
        if page is not None:
            page.open()

    return http_server.serve(
        application.asgi,
        settings,
        on_ready=note_ready,
        on_drain=application.drain,
        events=application.metrics,
        supervise=partial(_wait_for_failure, application, supervise),
    )


async def _wait_for_failure(application: Application, supervise: Supervise | None) -> BriefingError:
    """Return the error that ends the service: that of its store, or that of the preparation of its store."""
    waiting = [asyncio.ensure_future(application.failure.wait())]
    if supervise is not None:
        waiting.append(asyncio.ensure_future(supervise()))
    try:
        ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        return ended.pop().result()
    finally:
        for task in waiting:
            task.cancel()


def _serve_with_workers(
    settings: Settings,
    url: str,
    prepare: Prepare,
    supervise: Supervise | None,
    metrics: socket.socket | None,
    listener: socket.socket,
) -> int:
    # Made here once and thrown away. The schemas that it builds are cached, and each worker inherits them.
    create_app(settings.model_copy(update={"limits": False}), url)
    table = SharedTable.create(workers=settings.processes).fileno() if settings.limits else None

    def work(channel: WorkerChannel) -> int:
        if metrics is not None:
            metrics.close()
        application = create_app(settings, url, channel.prepare, table, peers=channel)

        def note_ready(_: str) -> None:
            channel.begin(partial(_dump_metrics_of, application))

        return http_server.serve(
            application.asgi,
            settings,
            on_ready=note_ready,
            on_drain=application.drain,
            events=application.metrics,
            listener=listener,
            shares=channel.shares,
        )

    totals = MetricTotals()
    supervisor = Supervisor(work, settings.processes, settings.worker_timeout, prepare, on_end=totals.bury)
    own_registry = _create_own_registry(supervisor.team)

    def write_page() -> bytes:
        return totals.page([dump_metrics(own_registry), *supervisor.team.last_signs()])

    def begin_beside() -> None:
        if metrics is not None:
            MetricsPage(metrics, write_page).open()

    return supervisor.run(listener, begin_beside, supervise)


def _dump_metrics_of(application: Application) -> bytes:
    if application.metrics is None:
        return b""
    return dump_metrics(application.metrics.registry)


def _create_own_registry(team: WorkerTeam) -> CollectorRegistry:
    """Return the metrics of the parent itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)

    def count_workers() -> int:
        return sum(bool(worker.last_sign) for worker in team.living())

    registry.register(followed("gauge", "workers", "Workers that are there.", count_workers))
    registry.register(
        followed("counter", "workers_replaced", "Workers that ended unasked.", lambda: team.ended, "reason")
    )
    return registry
