"""Read the settings once, from `BRIEFING_*` variables, into one frozen object that is passed in. No other module reads
the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import SettingsError, Unknown
from api.processors import processors
from api.suggest import Suggestions

POSTGRES_URL = re.compile(r"postgres(ql)?://\S+$")
URL_SEPARATOR = re.compile(r"[\s,]+(?=postgres(?:ql)?://)")
# A base URL, in characters that need no quoting in a header field.
PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~\-/]*)?")
CONTACT = re.compile(r"https://[^\s<>\"]+|mailto:[^\s<>\"@]+@[^\s<>\"@]+")

EMBEDDED = "embedded"
# Marks a setting that a file may contain instead of the environment (BRIEFING_…_FILE).
SECRET: dict[str, Any] = {"secret": True}


class Settings(BaseSettings):
    """All settings with their defaults. The descriptions are their documentation."""

    # An empty value counts as unset. Files of settings often list all variables.
    model_config = SettingsConfigDict(env_prefix="BRIEFING_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_required: bool = Field(
        False,
        description="Whether BRIEFING_DATABASE_URL has to be set, so that no empty embedded store is served by "
        "mistake. The container image sets it.",
    )
    database_url: str = Field(
        "",
        validate_default=True,
        json_schema_extra=SECRET,
        description="The URL of a Postgres, 16 or later (postgresql://…). If it is `embedded` or unset, the embedded "
        "one is started.",
    )
    direct_url: str = Field(
        "",
        json_schema_extra=SECRET,
        description="The URL of Postgres itself, if BRIEFING_DATABASE_URL is a pooler. It is used to migrate, load and "
        "listen.",
    )
    read_urls: str = Field(
        "",
        json_schema_extra=SECRET,
        description="The URLs of replicas of that Postgres, separated by spaces, for reading (docs/replicas.md). Empty "
        "for none.",
    )
    allow_newer_store: bool = Field(
        False,
        description="Whether `serve` also serves a store that a newer release has migrated, for a rollback "
        "(docs/upgrading.md). It then leaves the store as it is.",
    )
    stale_reads: Annotated[float, Field(ge=0)] = Field(
        60.0,
        description="Seconds for which replicas answer while the primary is away. Such answers may be out of date and "
        "say so. 0 for 503 instead.",
    )
    public_url: str = Field(
        "",
        description="The address of the service as its clients see it, such as https://example.org/briefing. Its path "
        "is the prefix that a proxy removes. All absolute URLs are made from it, and none from the Host of a request. "
        "If empty, links are paths.",
    )
    key_contact: str = Field(
        "",
        description="Where callers ask for a key: a page (https://…) or an address (mailto:…). The home page and the "
        "page of a refusal (401) name it.",
    )
    security_contact: str = Field(
        "",
        description="Where to report a vulnerability of this service: a page (https://…) or an address (mailto:…). It "
        "stands in /.well-known/security.txt. If empty, there is no such file.",
    )
    sdk_dir: Path | None = Field(
        None,
        description="The folder with the clients that `make sdk` built. If it is set, they can be installed from /sdk.",
    )
    data_dir: Path = Field(Path(".briefing"), description="Where the embedded Postgres keeps its data and its socket.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="The port to listen on.")
    workers: Annotated[int, Field(ge=0, le=256)] = Field(
        1,
        description="Processes that serve; 0 for one per processor, as far as the CPU quota of the container or "
        "service allows. If there are several, a parent supervises them.",
    )
    worker_timeout: Annotated[float, Field(ge=1)] = Field(
        5.0, description="Seconds without a sign of life after which one of several workers is replaced."
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")
    access_log: bool | None = Field(
        None, description="Whether each request gets a line in the log. If unset, it does if the log is JSON."
    )
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        None,
        description="The port of the metrics page for Prometheus (/metrics). If unset, there is none; 0 takes a free "
        "port.",
    )
    metrics_host: str = Field("127.0.0.1", description="The address of that port. The page is readable without a key.")
    traces_endpoint: str = Field(
        "",
        validation_alias=AliasChoices("traces_endpoint", "BRIEFING_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="The URL of an OpenTelemetry collector (OTLP over HTTP), such as http://localhost:4318. If empty, "
        "no traces are sent. OTEL_EXPORTER_OTLP_ENDPOINT is read too.",
    )
    pool_size: Annotated[int, Field(ge=1, le=500)] = Field(
        8, description="Connections to Postgres that one process may have for reading."
    )
    pool_wait: Annotated[float, Field(gt=0)] = Field(
        1.0, description="Seconds that a request waits for a free connection before its answer is 503."
    )
    connect_timeout: Annotated[float, Field(gt=0)] = Field(
        2.0,
        description="Seconds that Postgres may take to accept a connection. A request waits at most BRIEFING_POOL_WAIT "
        "for it.",
    )
    statement_timeout: Annotated[float, Field(gt=0)] = Field(
        2.5,
        description="The most seconds that Postgres may work on one request. A request with a low price gets less time "
        "(docs/limits.md).",
    )
    statement_timeout_floor: Annotated[float, Field(gt=0)] = Field(
        0.25,
        description="The seconds that Postgres may work on any request, however low its price. At most "
        "BRIEFING_STATEMENT_TIMEOUT. Raise it if the machine stalls.",
    )
    statement_cache_size: Annotated[int, Field(ge=0)] = Field(
        256,
        description="Prepared statements that a connection keeps. Set it to 0 behind pgbouncer in transaction mode; "
        "each request is then a transaction of its own.",
    )
    access_timeout: Annotated[float, Field(gt=0)] = Field(
        1.5, description="Seconds that Postgres may take to look up a key or a plan, including the connection."
    )
    answer_memory: Annotated[int, Field(ge=0)] = Field(
        64 * 1024 * 1024, description="Bytes of answers that one process caches; 0 for no cache."
    )
    export_connections: Annotated[int, Field(ge=1, le=100)] = Field(
        4,
        description="Exports that one process runs at once, each on a Postgres connection of its own. Callers without "
        "a key can have all but one of them.",
    )
    export_wait: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds that an export waits for a free place before its answer is 503."
    )
    export_timeout: Annotated[float, Field(gt=0)] = Field(
        3600.0, description="Seconds that one export may take, including the time in which its client reads."
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
        description="Bytes of answers that clients have not read yet, in one process. One caller may have an eighth "
        "of them.",
    )
    limits: bool = Field(True, description="Whether the limits of plans apply. Keys are checked in any case.")
    trusted_proxies: str = Field(
        "",
        description="Proxies whose X-Forwarded-For is trusted: addresses and networks, separated by commas.",
    )
    suggestions: Literal["all", "keyed", "none"] = Field(
        "keyed",
        description="Which callers get suggestions of a similar name in GraphQL errors: all, those with a key (keyed), "
        "or none. REST errors suggest names to all callers, unless this is none.",
    )
    redis_url: str = Field(
        "",
        json_schema_extra=SECRET,
        description="The URL of a Redis or Valkey (redis://…) or of the nodes of a cluster "
        "(redis+cluster://host:port,host:port), for limits across several machines. Empty for one machine.",
    )
    limit_processes: Annotated[int, Field(ge=1, le=10_000)] = Field(
        1,
        description="Processes of the service on all machines together, at least BRIEFING_WORKERS. While Redis is "
        "away, each machine grants a part of each plan: the number of its workers divided by this number.",
    )
    key_environment: Annotated[str, Field(pattern=r"^[a-z]{2,8}$")] = Field(
        "live",
        description="The environment of keys, which is a part of each key: bak_live_… Keys of another environment are "
        "refused.",
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
    cors_origins: str = Field(
        "*", description="Origins that browsers may call from, separated by commas; * for any, none for none."
    )
    shared_cache: bool = Field(
        False,
        description="Let a cache that callers share keep lists and records that were requested without a key, for a "
        "second (docs/caching.md).",
    )

    @field_validator("database_url")
    @classmethod
    def _choose_store(cls, value: str, info: ValidationInfo) -> str:
        """Return an empty text for the embedded store."""
        if not value and info.data.get("database_required"):
            raise ValueError(f"unset. Set it to the URL of a Postgres, or to {EMBEDDED!r} for a store of its own")
        return "" if value == EMBEDDED else value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if value and not PUBLIC_URL.fullmatch(value):
            raise ValueError("expected http:// or https://, a host and at most a path, without a query")
        return value.rstrip("/")

    @field_validator("key_contact", "security_contact")
    @classmethod
    def _check_contact(cls, value: str) -> str:
        if value and not CONTACT.fullmatch(value):
            raise ValueError("expected the address of a page (https://…) or of a mailbox (mailto:…)")
        return value

    @field_validator("read_urls")
    @classmethod
    def _check_read_urls(cls, value: str) -> str:
        for url in split_urls(value):
            if not POSTGRES_URL.match(url):
                # Without its text, which may contain a password.
                raise ValueError("expected URLs that begin with postgresql://, separated by spaces")
        return value

    @property
    def replica_urls(self) -> list[str]:
        """The URLs of the replicas."""
        return split_urls(self.read_urls)

    @property
    def processes(self) -> int:
        """The number of processes that serve."""
        return self.workers or processors()

    @property
    def machines(self) -> int:
        """The number of machines like this one that share a plan. While Redis is not available, each of them grants
        its part of the plan, and the workers of a machine share one table. A fraction is rounded up, so that the part
        is smaller."""
        return -(-max(self.limit_processes, self.processes) // self.processes)


def split_urls(text: str) -> list[str]:
    """Return the URLs of a list. A comma within a URL separates its hosts."""
    return [url for url in URL_SEPARATOR.split(text.strip(" \t\r\n,")) if url]


# Variables that are no settings: those of the test suite, and those that container managers set for a service that is
# called "briefing".
SUITE = "TEST_DATABASE_URL|REAL_DATA|EXAMPLES|FLOOD|FUZZ|FUZZ_SEED|HOSTILE_SECONDS|OPERATIONS|SEED|WRITE_EXAMPLES"
SUITE += "|WRITE_GOLDEN"
NOT_OURS = re.compile(rf"BRIEFING_({SUITE}|SERVICE_(HOST|PORT.*)|PORT_\d+_.*)")


def without_secrets(url: str) -> str:
    """Return an address without its password and without parameters, which may be passwords, too."""
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    if not parts.scheme or (not user and "@" in url):
        # A password that is not quoted ends the host.
        return "an address that cannot be read"
    name = user.partition(":")[0]
    if not hosts:
        hosts = parse_qs(parts.query).get("host", [""])[-1]
    return f"{parts.scheme}://{name}{'@' if name else ''}{hosts}{parts.path}"


def secrets() -> list[str]:
    """Return the names of the settings that are secrets."""
    return [name for name, field in Settings.model_fields.items() if field.json_schema_extra == SECRET]


def describe(name: str) -> str:
    """Return the documentation of a setting."""
    description = Settings.model_fields[name].description or ""
    if name in secrets():
        description += f" BRIEFING_{name.upper()}_FILE names a file that contains it."
    return description


def unknown(environment: Iterable[str]) -> list[str]:
    """Return a sentence for each `BRIEFING_*` variable that is not a setting, with the setting that may be meant."""
    names = [name.upper() for name in Settings.model_fields]
    names += [f"{name.upper()}_FILE" for name in secrets()]
    sentences = []
    for variable in sorted(environment):
        prefix, _, name = variable.upper().partition("_")
        if prefix != "BRIEFING" or name in names or NOT_OURS.fullmatch(variable):
            continue
        nearest = Suggestions().nearest(Unknown(name, names))
        if nearest:
            sentences.append(f"{variable} is no setting; BRIEFING_{nearest} is.")
        else:
            sentences.append(f"{variable} is no setting.")
    return sentences


def read_settings() -> Settings:
    """Return the settings of this process. SettingsError names each variable that is wrong, or else each that is
    unknown, because a limit whose name is misspelt would not be enforced."""
    sentences = unknown(os.environ)
    if sentences:
        raise SettingsError(" ".join(sentences), "See `briefing settings` for all there are.")
    try:
        return Settings(**_read_secret_files(os.environ))
    except ValidationError as error:
        problems = []
        for details in error.errors():
            name = "_".join(map(str, details["loc"])).upper()
            problems.append(f"BRIEFING_{name}: {details['msg'].removeprefix('Value error, ')}")
        raise SettingsError("; ".join(problems), "See `briefing settings` for each setting and its default.") from None


def _read_secret_files(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that are in files, as Docker, Kubernetes and systemd provide secrets. A line break at the end
    of a file does not count. SettingsError if a setting is given twice, or if its file cannot be read or is empty."""
    given = {name.upper(): value for name, value in environment.items() if value}
    values = {}
    for name in secrets():
        variable = f"BRIEFING_{name.upper()}"
        file = given.get(f"{variable}_FILE")
        if file is None:
            continue
        if variable in given:
            raise SettingsError(f"{variable} and {variable}_FILE are both set.", "Unset one of them.")
        try:
            value = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", "") or "it is not text in UTF-8"
            raise SettingsError(f"{variable}_FILE: {file} cannot be read: {reason}.") from None
        if not value:
            raise SettingsError(f"{variable}_FILE: {file} is empty.", f"Write the value of {variable} into it.")
        values[name] = value
    return values
