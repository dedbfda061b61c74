"""Find the address of the store: the configured one, the embedded one that another process runs, or one that is started
for as long as it is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from api.errors import BriefingError
from api.settings import Settings, without_secrets
from api.store.access import CONNECTIONS
from api.store.embedded import running, start

Supervise = Callable[[], Awaitable[BriefingError]]


@contextmanager
def address(settings: Settings) -> Iterator[str]:
    """Yield the URL of Postgres itself. Reads that may go through a pooler use `database_url` instead."""
    url = None if settings.database_url else running(settings.data_dir)
    if url is not None:
        yield url
    else:
        with own_address(settings) as (url, _):
            yield url


@contextmanager
def own_address(settings: Settings) -> Iterator[tuple[str, Supervise | None]]:
    """Yield the URL as `address` does, but refuse an embedded store that another process runs. If the store is started
    here, also yield the function that keeps it running. That function returns the error if it cannot."""
    if settings.database_url:
        yield settings.direct_url or settings.database_url, None
    else:
        with start(settings.data_dir, connections(settings)) as server:
            yield server.url, server.supervise


def describe_store(settings: Settings) -> str:
    """Return the store that the settings name, for the operator, without a password."""
    if not settings.database_url:
        return f"embedded in {settings.data_dir.resolve()}"
    described = without_secrets(settings.database_url)
    if settings.direct_url:
        described += f", directly {without_secrets(settings.direct_url)}"
    return described


def connections(settings: Settings) -> int:
    """Return the number of connections that an embedded server accepts: those of the service's processes, and some for
    loading and for psql."""
    return max(100, connections_of_service(settings) + 20)


def connections_of_service(settings: Settings) -> int:
    """Return the most connections that the processes of this service have at once."""
    # Each process also follows the change log and the access epoch, and it opens a new connection before it has closed
    # one that broke off.
    connections_per_process = settings.pool_size + settings.export_connections + CONNECTIONS + 3
    return settings.processes * connections_per_process
