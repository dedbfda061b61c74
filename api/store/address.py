"""Where the store is: the configured one, the embedded one that another process runs, or one started for as long as
it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from api.store.embedded import running, start


@contextmanager
def address(settings: Settings, *, own: bool = False) -> Iterator[str]:
    """The URL of the store itself; what reads through a pooler takes `database_url`. With `own` an embedded one that
    another process runs is not taken but refused."""
    if settings.database_url:
        yield settings.direct_url or settings.database_url
    elif not own and (url := running(settings.data_dir)):
        yield url
    else:
        with start(settings.data_dir, connections(settings)) as server:
            yield server.url


def connections(settings: Settings) -> int:
    """How many an embedded server lets in: what the service's processes may hold, and some for loading and looking."""
    # Each process follows the change log besides, and opens a connection before one that breaks off is closed.
    each = settings.pool_size + settings.export_connections + 2
    return max(100, settings.processes * each + 20)
