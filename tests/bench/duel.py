"""Run the contenders side by side: compare their answers first, then measure each question in interleaved rounds."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from api.compiler import Statement
from tests.bench.client import Client, cpu_seconds
from tests.bench.questions import Question, rows, with_tag
from tests.bench.servers import HERE, Postgres, Process

CONNECTIONS = 16
CORES = sorted(os.sched_getaffinity(0))
OFFSETS = count(0, 37)  # each measurement begins elsewhere in a question's requests


@dataclass(frozen=True)
class Measurement:
    """One round of one contender, or the median of several. Times in milliseconds, processor time in microseconds."""

    rate: float
    p50: float
    p95: float
    p99: float
    cpu: float
    postgres: float
    load: float


@dataclass(frozen=True)
class Effort:
    """The number of rounds, and the seconds of a measurement."""

    rounds: int
    seconds: float


def begin_load(port: int, requests: Sequence[bytes], seconds: float, **more: Any) -> subprocess.Popen[str]:
    """Start a process that sends requests, on a core of its own unless `free`."""
    free = more.pop("free", False)
    order = {"port": port, "seconds": seconds, "connections": CONNECTIONS, "offset": next(OFFSETS), **more}
    order["requests"] = [b64encode(request).decode() for request in requests]
    command = [sys.executable, str(HERE / "load.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if not free:
        os.sched_setaffinity(process.pid, CORES[-1:])
    assert process.stdin
    process.stdin.write(json.dumps(order))
    process.stdin.close()
    return process


def end_load(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the process, and return its result."""
    assert process.stdout
    result: dict[str, Any] = json.loads(process.stdout.read() or "{}")
    if process.wait() or not result.get("answers"):
        raise RuntimeError("the load generator failed")
    return result


def measure(server: Process, postgres: Postgres, requests: Sequence[bytes], seconds: float, **more: Any) -> Measurement:
    """Measure one round. The server has the first core and the load the last. Postgres takes what it gets of both."""
    os.sched_setaffinity(server.pid, CORES[:1])
    end_load(begin_load(server.port, requests, min(1.0, seconds / 3), **more))
    own, store = cpu_seconds(server.pid), postgres.cpu_seconds()
    result = end_load(begin_load(server.port, requests, seconds, **more))
    answers = result["answers"]
    return Measurement(
        answers / result["seconds"],
        result["p50"] * 1e3,
        result["p95"] * 1e3,
        result["p99"] * 1e3,
        (cpu_seconds(server.pid) - own) / answers * 1e6,
        max(0.0, postgres.cpu_seconds() - store) / answers * 1e6,  # ended processes count in hundredths of a second
        result["cpu"],
    )


def median(rounds: Sequence[Measurement]) -> Measurement:
    """Return the median of each figure."""
    return Measurement(
        *(
            statistics.median(getattr(measurement, name) for measurement in rounds)
            for name in Measurement.__annotations__
        )
    )


def agree(question: Question, servers: dict[str, Process], how_many: int = 20) -> int:
    """Return the number of rows that were compared. RuntimeError if two contenders answer differently."""
    clients = {name: Client(servers[name].port) for name in question.requests}
    records = 0
    for number in range(how_many):
        answers = {name: rows(clients[name].ask(requests[number])) for name, requests in question.requests.items()}
        first = answers["service"]
        records += len(first) if isinstance(first, list) else 1
        for name, answer in answers.items():
            if answer != first:
                raise RuntimeError(f"{question.name}: {name} answers differently:\n{answer!r:.2000}\n{first!r:.2000}")
    return records


def interleave(
    requests_of: Mapping[tuple[str, str], Sequence[bytes]],
    servers: dict[str, Process],
    postgres: Postgres,
    effort: Effort,
) -> dict[tuple[str, str], Measurement]:
    """Measure every contender at every question once a round, and return the medians of the rounds."""
    measurements: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for number in range(effort.rounds):
        for (question, name), requests in requests_of.items():
            measurement = measure(servers[name], postgres, requests, effort.seconds)
            measurements[question, name].append(measurement)
            print(f"round {number + 1}: {question}: {name}: {measurement.rate:.0f}/s", flush=True)
    return {key: median(rounds) for key, rounds in measurements.items()}


def fetch(server: Process, request: bytes) -> tuple[Any, Any]:
    """Return the headers and the JSON of the answer to a GET."""
    path = request.split(b" ", 2)[1].decode()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
        return answer.headers, json.loads(answer.read())


def with_tags(server: Process, requests: Sequence[bytes]) -> list[bytes]:
    """Return some of the requests, each with the entity tag of its answer, so that the answer is a 304."""
    return [with_tag(request, fetch(server, request)[0]["etag"]) for request in requests[:50]]


def alone(server: Process, request: bytes, times: float) -> list[float]:
    """Return the median and the 95th percentile in milliseconds, of one request after the other on one connection."""
    options = {"connections": 1}
    result = end_load(begin_load(server.port, [request], times, **options))
    return [result["p50"] * 1e3, result["p95"] * 1e3]


def both_workers(servers: Sequence[Process], requests: Sequence[bytes], seconds: float) -> float:
    """Return the requests a second of several workers together, without pinning them to cores."""
    for server in servers:
        os.sched_setaffinity(server.pid, CORES)
    each = CONNECTIONS // len(servers)
    loads = [begin_load(worker.port, requests, seconds, connections=each, free=True) for worker in servers]
    return float(sum(load["answers"] / load["seconds"] for load in map(end_load, loads)))


def pgbench(program: Path, postgres: Postgres, statements: Sequence[Statement], seconds: float) -> float:
    """Return the transactions a second that pgbench gets for the service's statements: prepared, by turns, on as many
    connections as the load has. The first second is for preparing and planning them."""
    mode = "custom" if statements[0].custom else "generic"
    options = f"-c plan_cache_mode=force_{mode}_plan -c role=briefing_reader -c search_path=pg_catalog -c timezone=UTC"
    command = [str(program), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-P", "1"]
    command += ["-T", str(max(1, round(seconds)) + 1)]
    with TemporaryDirectory() as folder:
        for number, statement in enumerate(statements):
            script, values = _script(statement, f"v{number}_")
            file = Path(folder) / f"{number}.sql"
            file.write_text(script, encoding="utf-8")
            command += ["-f", str(file), *(part for variable in values.items() for part in ("-D", "=".join(variable)))]
        command += ["-h", postgres.host, "-U", "briefing", "briefing"]
        environment = {**os.environ, **postgres.environment, "PGOPTIONS": f"{options} -c jit=off"}
        process = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    rates = re.findall(r"progress: [\d.]+ s, ([\d.]+) tps", process.stderr)
    assert len(rates) > 1, process.stderr
    return statistics.mean(map(float, rates[1:]))


def _script(statement: Statement, prefix: str) -> tuple[str, dict[str, str]]:
    values = {f"{prefix}{number}": _written(value) for number, value in enumerate(statement.arguments, 1)}
    sql = re.sub(r"\$(\d+)", rf":{prefix}\1", statement.sql)
    return " ".join(sql.split()) + "\n", values


def _written(value: Any) -> str:
    return "{" + ",".join(map(str, value)) + "}" if isinstance(value, list) else str(value)
