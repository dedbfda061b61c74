"""Run `briefing serve`: the service in one process, or a parent with several processes behind one socket."""

from __future__ import annotations

import gc
import socket
from contextlib import ExitStack

from prometheus_client import CollectorRegistry, ProcessCollector

from api.access.limits import SharedTable
from api.app import Application, create_app
from api.observability.health import Prepare
from api.observability.metrics import followed
from api.observability.metrics_aggregate import MetricTotals, told
from api.observability.metrics_server import MetricsPage
from api.server import http_server
from api.server.supervisor import Supervisor, WorkerTeam
from api.server.worker import WorkerChannel
from api.settings import Settings
from api.store.address import Supervise

NO_PORT = "BRIEFING_METRICS_HOST and BRIEFING_METRICS_PORT say where; 0 is any port."


def serve(settings: Settings, url: str, prepare: Prepare, supervise: Supervise | None = None) -> int:
    """Serve until stopped, and return the exit code. `supervise` keeps an embedded store running. If it returns an
    error, the service ends and raises it."""
    with ExitStack() as held:
        metrics = None
        if settings.metrics_port is not None:
            metrics = held.enter_context(http_server.bind(settings.metrics_host, settings.metrics_port, NO_PORT))
        if settings.processes == 1:
            return _alone(settings, url, prepare, supervise, metrics)
        return _several(settings, url, prepare, supervise, metrics, held.enter_context(http_server.listen(settings)))


def _alone(
    settings: Settings, url: str, prepare: Prepare, supervise: Supervise | None, metrics: socket.socket | None
) -> int:
    application = create_app(settings, url, prepare)
    page = None if metrics is None else MetricsPage(metrics, lambda: MetricTotals().page([_counted(application)]))

    def ready(place: str) -> None:
        # The objects that exist now stay. A full collection that includes them took 60 to 130 ms, in which no request
        # was answered.
        gc.freeze()
        http_server.announce(place)
        if page is not None:
            page.open()

    return http_server.serve(
        application.asgi,
        settings,
        on_ready=ready,
        on_drain=application.drain,
        events=application.metrics,
        supervise=supervise,
    )


def _several(
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

    def work(link: WorkerChannel) -> int:
        if metrics is not None:
            metrics.close()
        application = create_app(settings, url, link.prepare, table, peers=link)
        return http_server.serve(
            application.asgi,
            settings,
            on_ready=lambda _: link.begin(lambda: _counted(application)),
            on_drain=application.drain,
            events=application.metrics,
            listener=listener,
            shares=link.shares,
        )

    totals = MetricTotals()
    parent = Supervisor(work, settings.processes, settings.worker_timeout, prepare, on_end=totals.bury)
    own = _own(parent.team)

    def beside() -> None:
        if metrics is not None:
            MetricsPage(metrics, lambda: totals.page([told(own), *parent.team.told()])).open()

    return parent.run(listener, beside, supervise)


def _counted(application: Application) -> bytes:
    return told(application.metrics.registry) if application.metrics is not None else b""


def _own(team: WorkerTeam) -> CollectorRegistry:
    """Return the metrics of the parent itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(
        followed("gauge", "workers", "Workers that are there.", lambda: sum(bool(one.told) for one in team.living()))
    )
    registry.register(
        followed("counter", "workers_replaced", "Workers that ended unasked.", lambda: team.ended, "reason")
    )
    return registry
