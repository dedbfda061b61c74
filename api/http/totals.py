"""One page of metrics for a service, whatever the number of its processes.

Each worker sends all that it counted along with its sign of life, and the parent adds it up: what workers that are gone
had counted stays in the counters, which so never go back, and their gauges go with them. prometheus-client's own way
for several processes writes to files that are mapped to memory, leaves one behind for each worker that ends, and knows
neither process metrics nor gauges that are read when asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

# Gauges of which the sum would mean nothing; those that are not named are added up.
TOGETHER = {
    "process_start_time_seconds": min,
    "process_max_fds": min,
    "briefing_build_info": max,
    "briefing_change_log_sure": min,
    "briefing_change_log_age_seconds": max,
}
LASTING = frozenset({"counter", "histogram"})

Series = tuple[str, tuple[tuple[str, str], ...]]


def told(registry: CollectorRegistry) -> bytes:
    """All that a process counted, in a line."""
    return orjson.dumps(
        [
            [one.name, one.type, one.documentation, [[s.name, s.labels, s.value] for s in one.samples]]
            for one in registry.collect()
        ]
    )


class Totals:
    """Sums over processes, those that are gone included."""

    def __init__(self) -> None:
        self._gone = _Sum()

    def bury(self, said: bytes) -> None:
        """Keep what a process had counted when it was last heard of."""
        self._gone.add(said, lasting=True)

    def page(self, living: Iterable[bytes]) -> bytes:
        """The page in Prometheus' text format."""
        total = _Sum()
        total.join(self._gone)
        for said in living:
            total.add(said)
        return generate_latest(cast(CollectorRegistry, total))


class _Sum:
    def __init__(self) -> None:
        self._families: dict[str, tuple[str, str]] = {}
        self._series: dict[str, dict[Series, float]] = {}

    def add(self, said: bytes, *, lasting: bool = False) -> None:
        for name, kind, meaning, samples in orjson.loads(said) if said.strip() else []:
            if kind in LASTING or not lasting:
                self._families[name] = (kind, meaning)
                self._sum(name, samples)

    def join(self, other: _Sum) -> None:
        self._families.update(other._families)
        self._series.update({name: dict(series) for name, series in other._series.items()})

    def _sum(self, name: str, samples: list[Any]) -> None:
        series = self._series.setdefault(name, {})
        together = TOGETHER.get(name)
        for sample, labels, value in samples:
            key = (sample, tuple(labels.items()))
            before = series.get(key)
            series[key] = value if before is None else together(before, value) if together else before + value

    def collect(self) -> Iterable[Metric]:
        """As a registry does."""
        for name, (kind, meaning) in self._families.items():
            family = Metric(name, meaning, kind)
            for (sample, labels), value in self._series[name].items():
                family.add_sample(sample, dict(labels), value)
            yield family
