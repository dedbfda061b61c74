"""The metrics of one process, as types of Prometheus. Other parts of the service add their own with `follow`.

A request costs only the updates of its counters, because the children of each combination of labels are looked up once
and kept. Labels contain what the service declares (routes, APIs, statuses), never what a caller chose, so their number
is bounded.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from api import __version__
from api.http.request import HttpRequest
from api.observability.connection_events import ConnectionEvents

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})

Kind = Literal["gauge", "counter"]
Value = float | Mapping[str, float] | Mapping[tuple[str, ...], float]
Read = Callable[[], Value]

FAMILIES: dict[Kind, type[GaugeMetricFamily] | type[CounterMetricFamily]] = {
    "gauge": GaugeMetricFamily,
    "counter": CounterMetricFamily,
}


@dataclass(slots=True)
class _Children:
    """The counters of one combination of labels."""

    requests: Counter
    seconds: Histogram
    bytes_sent: Counter
    price: Counter
    store: Histogram
    cached: dict[str, Counter]


class Metrics(ConnectionEvents):
    """The counters of this process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._children: dict[tuple[str, str, str, int], _Children] = {}
        self._requests = self._counter("requests", "Requests answered.", "door", "route", "method", "status")
        self._seconds = self._histogram("request_seconds", "From a request's arrival to its end.", "door", "route")
        self._sent = self._counter("response_bytes", "Bytes of bodies sent.", "door")
        self._price = self._counter("price_points", "Points that requests cost.", "door")
        self._cached = self._counter("answers", "Answers: kept (hit), read (miss), unchanged.", "door", "cache")
        self._store = self._histogram("store_seconds", "Time in the store, of requests that were not kept.", "door")
        self._refused = self._counter("refusals", "What was refused before it was a request, by its code.", "code")
        self._gave_way = self._counter(
            "connections_closed", "Connections closed for new ones, by their state.", "state"
        )
        self._cut = self._counter(
            "answers_cut", "Answers broken off because of their clients, by the reason.", "reason"
        )
        build = Gauge("briefing_build_info", "Always 1.", ["version", "python"], registry=self.registry)
        build.labels(__version__, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

    def follow(self, kind: Kind, name: str, meaning: str, read: Read, *labels: str) -> None:
        """Add a metric that is read when the page is requested. `read` returns a number, a number for each value of the
        label, or one for each combination of values of several labels."""
        self.registry.register(followed(kind, name, meaning, read, *labels))

    def refused(self, code: str) -> None:
        """Count a refusal below the application."""
        self._refused.labels(code).inc()

    def gave_way(self, state: str) -> None:
        """Count a connection in this state that was closed for a new one."""
        self._gave_way.labels(state).inc()

    def cut(self, reason: str) -> None:
        """Count an answer that was broken off because of its client."""
        self._cut.labels(reason).inc()

    def observe(self, request: HttpRequest) -> None:
        """Count a request."""
        method, context = request.method, request.context
        key = (context.api, context.route, method, context.status)
        children = self._children.get(key)
        if children is None:
            children = self._create_children(key)
        children.requests.inc()
        children.seconds.observe(context.ended - context.begun)
        children.bytes_sent.inc(context.bytes_sent)
        if context.price:
            children.price.inc(context.price)
        if context.cache:
            children.cached[context.cache].inc()
            if context.cache == "miss" and context.store_seconds is not None:
                children.store.observe(context.store_seconds)

    def _create_children(self, key: tuple[str, str, str, int]) -> _Children:
        api, route, method, status = key
        route = route or "none"
        if method not in METHODS:
            method = "other"
        children = _Children(
            requests=self._requests.labels(api, route, method, status),
            seconds=self._seconds.labels(api, route),
            bytes_sent=self._sent.labels(api),
            price=self._price.labels(api),
            store=self._store.labels(api),
            cached={cache: self._cached.labels(api, cache) for cache in ("hit", "miss", "unchanged")},
        )
        self._children[key] = children
        return children

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"briefing_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"briefing_{name}", meaning, labels, registry=self.registry, buckets=SECONDS)


def followed(kind: Kind, name: str, meaning: str, read: Read, *labels: str) -> Collector:
    """Return a metric that is read when the page is requested."""
    return _FollowedMetric(kind, f"briefing_{name}", meaning, read, labels)


@dataclass(frozen=True)
class _FollowedMetric(Collector):
    kind: Kind
    name: str
    meaning: str
    read: Read
    labels: Sequence[str]

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        family = FAMILIES[self.kind](self.name, self.meaning, labels=self.labels)
        value = self.read()
        if not isinstance(value, Mapping):
            family.add_metric((), value)
            return [family]
        for key, number in value.items():
            label_values = [key] if isinstance(key, str) else key
            family.add_metric(label_values, number)
        return [family]

    def describe(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        # Without this method the registry would read the value to learn the name, before there is a value.
        return [FAMILIES[self.kind](self.name, self.meaning)]
