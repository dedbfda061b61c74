"""One frozen Settings, read once from `BRIEFING_*` variables and passed in. Nothing else reads the environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import SettingsError, Unknown
from api.suggest import Suggestions


class Settings(BaseSettings):
    """Every setting with its default; the descriptions are the documentation."""

    model_config = SettingsConfigDict(env_prefix="BRIEFING_", frozen=True, extra="ignore")

    database_url: str = Field("", description="Postgres 16 or later, as postgresql://…; empty starts the embedded one.")
    direct_url: str = Field(
        "",
        description="Postgres itself, where BRIEFING_DATABASE_URL is a pooler: to migrate, load, hear of changes.",
    )
    data_dir: Path = Field(Path(".briefing"), description="Where the embedded Postgres keeps its data and its socket.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="The port to listen on.")
    workers: Annotated[int, Field(ge=0, le=256)] = Field(
        1, description="Processes that serve; 0 for one a processor. Above 1 a parent watches over them."
    )
    worker_timeout: Annotated[float, Field(ge=1)] = Field(
        5.0, description="Seconds without a sign of life after which one of several workers is replaced."
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")
    access_log: bool | None = Field(
        None, description="Whether each request gets a line in the log; unset: where the log is JSON."
    )
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        None, description="The port of Prometheus' page, /metrics; unset: none. 0 takes a free one."
    )
    metrics_host: str = Field("127.0.0.1", description="The address of that port. Whoever reaches it may read it.")
    traces_endpoint: str = Field(
        "",
        validation_alias=AliasChoices("traces_endpoint", "BRIEFING_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="An OpenTelemetry collector (OTLP over HTTP), as http://localhost:4318; empty sends no traces. "
        "OTEL_EXPORTER_OTLP_ENDPOINT names it too.",
    )
    pool_size: Annotated[int, Field(ge=1, le=500)] = Field(
        8, description="Connections to Postgres that one process may hold for reading."
    )
    pool_wait: Annotated[float, Field(gt=0)] = Field(
        1.0, description="Seconds that a request waits for a free connection before it is answered 503."
    )
    statement_timeout: Annotated[float, Field(gt=0)] = Field(
        2.5,
        description="The most seconds that Postgres may work on one request. A request with a low price gets less time "
        "(docs/limits.md).",
    )
    statement_timeout_floor: Annotated[float, Field(gt=0)] = Field(
        0.25,
        description="The seconds that Postgres may work on a request however low its price, within "
        "BRIEFING_STATEMENT_TIMEOUT. Raise it where the machine stalls.",
    )
    statement_cache_size: Annotated[int, Field(ge=0)] = Field(
        256,
        description="Prepared statements kept per connection; 0 behind pgbouncer in transaction mode, where "
        "each request is then a transaction of its own.",
    )
    answer_memory: Annotated[int, Field(ge=0)] = Field(
        64 * 1024 * 1024, description="Bytes of finished answers that one process keeps between changes; 0 keeps none."
    )
    export_connections: Annotated[int, Field(ge=1, le=100)] = Field(
        4,
        description="Exports that one process runs at once, each on a Postgres connection of its own. Callers without "
        "a key can have all but one of them.",
    )
    export_wait: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds that an export waits for a free place before it is answered 503."
    )
    export_timeout: Annotated[float, Field(gt=0)] = Field(
        3600.0, description="Seconds that one export may take, its client's reading included."
    )
    stall_timeout: Annotated[float, Field(gt=0)] = Field(
        30.0, description="Seconds over which the pace of a client that reads its answer is measured."
    )
    least_pace: Annotated[int, Field(ge=0)] = Field(
        8192,
        description="Bytes a second that a client without a key must read of its answer, measured over "
        "BRIEFING_STALL_TIMEOUT. A slower client is cut off.",
    )
    least_pace_keyed: Annotated[int, Field(ge=0)] = Field(2048, description="The same for a client with a key.")
    unread_memory: Annotated[int, Field(ge=1024 * 1024)] = Field(
        128 * 1024 * 1024,
        description="Bytes of answers that clients have not read yet, in one process. One caller may hold an eighth.",
    )
    limits: bool = Field(True, description="Whether callers are held to their plans; keys are checked all the same.")
    trusted_proxies: str = Field(
        "",
        description="Proxies whose X-Forwarded-For is believed: addresses and networks, with commas between.",
    )
    suggestions: Literal["all", "keyed", "none"] = Field(
        "keyed",
        description="Which callers get suggestions of a similar name in GraphQL errors: all, those with a key (keyed), "
        "or none. REST errors suggest names to all callers, unless this is none.",
    )
    redis_url: str = Field(
        "",
        description="Redis or Valkey for limits that hold on several machines, as redis://…; empty for one machine.",
    )
    limit_processes: Annotated[int, Field(ge=1, le=10_000)] = Field(
        1,
        description="Processes of the service on all machines together, at least BRIEFING_WORKERS. While Redis is "
        "away, each machine grants a part of each plan: its workers, divided by this number.",
    )
    key_environment: Annotated[str, Field(pattern=r"^[a-z]{2,8}$")] = Field(
        "live", description="The environment that keys are made for and taken of; it stands in each key: bak_live_…"
    )
    max_price: Annotated[int, Field(ge=1)] = Field(
        5000, description="The highest price of one request, about the number of records it may touch."
    )
    max_body: Annotated[int, Field(ge=1024)] = Field(65536, description="Bytes in a request's body.")
    max_url: Annotated[int, Field(ge=1024)] = Field(8192, description="Bytes in a request's path and query.")
    max_headers: Annotated[int, Field(ge=1024)] = Field(
        16384, description="Bytes in a request's header fields together."
    )
    header_timeout: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds in which a client must have sent its header fields."
    )
    body_timeout: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds in which a client must have sent its body."
    )
    max_connections: Annotated[int, Field(ge=1)] = Field(
        1000,
        description="Client connections that one process accepts at once. Above that, a new connection replaces one "
        "that waits for a request.",
    )
    cors_origins: str = Field("*", description="Origins that browsers may call from, separated by commas; * for any.")

    @property
    def processes(self) -> int:
        """How many processes serve."""
        return self.workers or processors()

    @property
    def machines(self) -> int:
        """How many machines like this one share a plan. While Redis is away, each of them grants that part of it; the
        workers of a machine share one table. An uneven number is rounded up, so that the part is smaller."""
        return -(-max(self.limit_processes, self.processes) // self.processes)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


# What others read: the suite, and what container managers set for a service that is called "briefing".
SUITE = "TEST_DATABASE_URL|REAL_DATA|EXAMPLES|FLOOD|FUZZ|FUZZ_SEED|HOSTILE_SECONDS|OPERATIONS|SEED|WRITE_EXAMPLES"
SUITE += "|WRITE_GOLDEN"
NOT_OURS = re.compile(rf"BRIEFING_({SUITE}|SERVICE_(HOST|PORT.*)|PORT_\d+_.*)")


def unknown(environment: Iterable[str]) -> list[str]:
    """A sentence for each `BRIEFING_*` variable that no setting reads, with the one that may be meant."""
    names = [name.upper() for name in Settings.model_fields]
    told = []
    for given in sorted(environment):
        prefix, _, name = given.upper().partition("_")
        if prefix == "BRIEFING" and name not in names and not NOT_OURS.fullmatch(given):
            near = Suggestions().nearest(Unknown(name, names))
            told.append(f"{given} is no setting" + (f"; BRIEFING_{near} is." if near else "."))
    return told


def read_settings() -> Settings:
    """The settings of this process. SettingsError names each variable that is wrong, and each that none reads: a bound
    that is misspelt would be no bound."""
    if strays := unknown(os.environ):
        raise SettingsError(" ".join(strays), "See `briefing settings` for all there are.")
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"BRIEFING_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
        raise SettingsError(wrong, "See `briefing settings` for each setting and its default.") from None
