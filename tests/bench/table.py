"""The table: each promised ratio, the measured one, and how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.catalog import VERSIONS
from api.compiler import Statement, compile_query
from api.rest.request import list_query
from tests.bench.client import get
from tests.bench.duel import (
    Effort,
    Measurement,
    agree,
    alone,
    both_workers,
    fetch,
    interleave,
    measure,
    pgbench,
    with_tags,
)
from tests.bench.questions import (
    HOME,
    LIST,
    NESTED_EVENTS,
    PAGE,
    Question,
    counted,
    heavy,
    questions,
    scaling_requests,
    searches,
)
from tests.bench.servers import Postgres, Process, service
from tests.bench.stalls import Stalls, stalls

CACHED_LIST = "cached answer against the constant FastAPI: REST list"
BESIDE_PGBENCH = "uncached REST list, two workers, against pgbench"
AT_SIXTY = "nested GraphQL, uncached: p99 against PostGraphile's, both at 60 % of its saturation"
# Known causes for promises that are not kept.
CAUSES = {
    CACHED_LIST: "its body has 66 KB, which the kernel copies to the client twice, where the constant has 21 bytes.",
    BESIDE_PGBENCH: "the workers and the load take processors from Postgres, pgbench takes next to nothing.",
}
# Lists for the comparison with pgbench: more than connections, so that no two workers answer the same one at once.
DIFFERENT = 40


@dataclass(frozen=True)
class Row:
    """A promised bound (the least, or with `most` the largest value), and the measured value."""

    what: str
    promised: float
    measured: float
    unit: str = "×"
    most: bool = False

    @property
    def met(self) -> bool:
        """True if the promise is kept."""
        return self.measured <= self.promised if self.most else self.measured >= self.promised

    def __str__(self) -> str:
        bound = f"{'at most' if self.most else 'at least'} {self.promised:g} {self.unit}"
        return f"| {self.what} | {bound} | {self.measured:.2f} {self.unit} | {'yes' if self.met else '**no**'} |"


@dataclass
class Bench:
    """A run over two stores."""

    large: Postgres
    small: Postgres
    events: int
    few: int
    servers: dict[str, Process]
    effort: Effort
    programs: Path
    measurements: dict[tuple[str, str], Measurement] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    compared_records: int = 0
    stalls: list[Stalls] = field(default_factory=list)

    def run(self) -> list[Row]:
        """Measure everything, and return the rows in the order of the table."""
        self.questions = questions(self.events)
        self.compared_records = sum(agree(question, self.servers) for question in self.questions)
        cases = {
            (question.name, name): requests
            for question in self.questions
            for name, requests in question.requests.items()
        }
        cases["a constant", "constant"] = [get("/constant")]
        for kind in (LIST, NESTED_EVENTS):
            cases[f"{self.questions[kind].name}, kept", "kept"] = self.questions[kind].requests["service"]
        cases["304", "kept"] = with_tags(self.servers["kept"], self.questions[LIST].requests["service"])
        self.measurements = interleave(cases, self.servers, self.large, self.effort)
        return [
            *self._ratios(),
            self._against_pgbench(),
            *self._times(),
            *self._searched(),
            *self._counted(),
            self._home(),
            self._at_sixty(),
        ]

    def rate(self, question: str, name: str) -> float:
        """Return the requests a second."""
        return self.measurements[question, name].rate

    def _ratios(self) -> list[Row]:
        list_name, nested = self.questions[LIST].name, self.questions[NESTED_EVENTS].name
        own, other = self.rate(nested, "service"), self.rate(nested, "postgraphile")
        constant, cached_rate = self.rate("a constant", "constant"), self.rate(f"{nested}, kept", "kept")
        lists = self.rate(list_name, "service") / self.rate(list_name, "fastapi")
        return [
            Row("nested GraphQL, uncached, against PostGraphile 5", 2, own / other),
            Row("the same from the cache against PostGraphile 5", 10, cached_rate / other),
            Row(
                "nested GraphQL, uncached, against Strawberry with data loaders",
                12,
                own / self.rate(nested, "strawberry"),
            ),
            Row("REST list, uncached, against FastAPI + SQLAlchemy + pydantic", 2.5, lists),
            Row("cached answer against the constant FastAPI: GraphQL", 0.8, cached_rate / constant),
            Row(CACHED_LIST, 0.8, self.rate(f"{list_name}, kept", "kept") / constant),
            Row("304 against the constant FastAPI", 0.9, self.rate("304", "kept") / constant),
        ]

    def _against_pgbench(self) -> Row:
        """Compare two workers with pgbench by turns, over the same statements of some lists, with the same values."""
        requests = self.questions[LIST].requests["service"][:DIFFERENT]
        statements = [self._statement(question) for question in requests]
        program = self.programs / "pgbench"
        ratios = []
        other = service(self.large, 0)
        try:
            for _ in range(self.effort.rounds):
                ceiling = pgbench(program, self.large, statements, self.effort.seconds)
                ratios.append(both_workers([self.servers["service"], other], requests, self.effort.seconds) / ceiling)
        finally:
            other.stop()
        return Row(BESIDE_PGBENCH, 0.45, sorted(ratios)[len(ratios) // 2])

    def _statement(self, request: bytes) -> Statement:
        version = VERSIONS["v1"]
        query = request.split(b" ", 2)[1].partition(b"?")[2]
        return compile_query(list_query(version, version.resources["event"], query))

    def _times(self) -> list[Row]:
        first, far = get(f"/v1/events?limit={PAGE}"), self._far()
        with_heavy, without = heavy(self.events)
        few = service(self.small, 0)
        try:
            large = {
                name: self._p50(self.servers["service"], requests)
                for name, requests in scaling_requests(self.events).items()
            }
            small = {name: self._p50(few, requests) for name, requests in scaling_requests(self.few).items()}
        finally:
            few.stop()
        server = self.servers["service"]
        times = "20 events with links, one with 20,000 figures, against without"
        return [
            Row(
                f"time of page {self._last_page():,} against page 1",
                1.3,
                self._p50(server, far) / self._p50(server, first),
                most=True,
            ),
            *(
                Row(
                    f"time at {self.events:,} events against {self.few:,}: {name}",
                    1.5,
                    large[name] / small[name],
                    most=True,
                )
                for name in large
            ),
            Row(times, 1.3, self._p50(server, with_heavy) / self._p50(server, without), most=True),
        ]

    def _p50(self, server: Process, request: bytes) -> float:
        return min(alone(server, request, self.effort.seconds)[0] for _ in range(2))

    def _last_page(self) -> int:
        return min(10_000, self.events // PAGE - 1)

    def _far(self) -> bytes:
        """Return a request for the last page that is measured, by the store's own cursor of the row before it."""
        step, path = 200, "/v1/events?limit=200"
        remaining = (self._last_page() - 1) * PAGE
        while remaining > 0:
            step = min(200, remaining)
            path = path.replace("limit=200", f"limit={step}")
            _, page = fetch(self.servers["service"], get(path))
            path = f"/v1/events?limit=200&cursor={page['page']['next_cursor']}"
            remaining -= step
        return get(path.replace("limit=200", f"limit={PAGE}"))

    def _searched(self) -> list[Row]:
        requests_of = searches(self.events)
        server = self.servers["service"]
        return [
            Row(f"full text, p95: {name}", 50, alone(server, requests, self.effort.seconds)[1], "ms", most=True)
            for name, requests in requests_of.items()
        ]

    def _counted(self) -> list[Row]:
        server = self.servers["service"]
        return [
            Row(f"counts of all events, p95: {name}", most, alone(server, url, self.effort.seconds)[1], "ms", most=True)
            for name, (url, most) in counted().items()
        ]

    def _home(self) -> Row:
        """Measure the home page. Its counts, days and newest records are read anew for each request."""
        p95 = alone(self.servers["service"], HOME, self.effort.seconds)[1]
        return Row("home page, uncached, p95", 150, p95, "ms", most=True)

    def _at_sixty(self) -> Row:
        """Compare both contenders with requests at the same fixed times, by turns in each round. The machine adds the
        same to the p99 of both."""
        nested = self.questions[NESTED_EVENTS]
        rate = 0.6 * self.rate(nested.name, "postgraphile")
        ratios = []
        for _ in range(self.effort.rounds):
            self.stalls.append(stalls())
            own, other = (
                measure(self.servers[name], self.large, nested.requests[name], self.effort.seconds, rate=rate)
                for name in ("service", "postgraphile")
            )
            ratios.append(own.p99 / other.p99)
            print(f"p99 at {rate:.0f}/s: {own.p99:.1f} ms, PostGraphile {other.p99:.1f} ms", flush=True)
        return Row(AT_SIXTY, 0.5, statistics.median(ratios), most=True)


def short(rows: Sequence[Row]) -> str:
    """Return the section on promises that are not kept; empty if all are kept."""
    lines = [f"- {row.what}: {CAUSES.get(row.what, 'the cause is not known.')}" for row in rows if not row.met]
    return "\n".join(["## What falls short, and why", "", *lines, "", ""]) if lines else ""


def measurements(bench: Bench) -> list[str]:
    """Return the lines of every contender at every question."""
    return [
        f"| {question} | {name} | {run.rate:.0f} | {run.p50:.1f} | {run.p99:.1f} | {run.cpu:.0f} | {run.postgres:.0f} |"
        f" {bench.servers[name].megabytes:.0f} | {run.load:.0%} |"
        for (question, name), run in bench.measurements.items()
    ]
