"""Where the store is: the configured one, the embedded one that another process runs, or one started for as long as
it is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from api.errors import BriefingError
from api.settings import Settings
from api.store.access import CONNECTIONS
from api.store.embedded import running, start

Supervise = Callable[[], Awaitable[BriefingError]]


@contextmanager
def address(settings: Settings) -> Iterator[str]:
    """The URL of the store itself; what reads through a pooler takes `database_url`."""
    if not settings.database_url and (url := running(settings.data_dir)):
        yield url
    else:
        with own_address(settings) as (url, _):
            yield url


@contextmanager
def own_address(settings: Settings) -> Iterator[tuple[str, Supervise | None]]:
    """As `address`, but refuse an embedded store that another process runs. Beside the URL of one that is started here
    comes what keeps it running; it returns the reason when that cannot be done."""
    if settings.database_url:
        yield settings.direct_url or settings.database_url, None
    else:
        with start(settings.data_dir, connections(settings)) as server:
            yield server.url, server.supervise


def connections(settings: Settings) -> int:
    """How many an embedded server lets in: what the service's processes may hold, and some for loading and looking."""
    # Each process follows the change log and the access epoch besides, and opens a connection before one that breaks
    # off is closed.
    each = settings.pool_size + settings.export_connections + CONNECTIONS + 3
    return max(100, settings.processes * each + 20)
