"""Limit callers exactly, across workers and machines. This level rejects a request if a limit of its plan has too few
points left, or if too many requests of its caller run at once.

`gcra.py` is the arithmetic, and `limits.py` the interface for REST and GraphQL. `shared_table.py` keeps limits for
one machine, `redis_limits.py` for several. `fallback.py` takes over while Redis is away.
"""

from __future__ import annotations

from api.access.limits.fallback import Fallback
from api.access.limits.gcra import Bucket
from api.access.limits.limits import AT_ONCE, MAX_AT_ONCE, Decision, Limits, Quota, Remaining, Reservation
from api.access.limits.redis_limits import RedisLimits
from api.access.limits.shared_table import SharedTable
from api.settings import Settings, without_secrets

__all__ = [
    "AT_ONCE",
    "MAX_AT_ONCE",
    "Bucket",
    "Decision",
    "Limits",
    "Quota",
    "Remaining",
    "Reservation",
    "SharedTable",
    "describe_limits",
    "open_limits",
]


def describe_limits(settings: Settings) -> str:
    """Return where limits are kept, for the operator, without a password."""
    if not settings.limits:
        return "off"
    if settings.redis_url:
        return without_secrets(settings.redis_url)
    return "shared memory" if settings.processes > 1 else "memory"


def open_limits(settings: Settings, table: int | None = None) -> Limits:
    """Return the store of limits that the settings name. `table` is the file descriptor of the table that a parent
    process shares with its workers; without one, this process is the only one of its machine. While Redis is away, the
    table enforces the machine's part of each plan. SettingsError if the URL is not valid."""
    local = SharedTable.alone() if table is None else SharedTable.attach(table)
    if not settings.redis_url:
        return local
    return Fallback(RedisLimits(settings.redis_url), local, settings.machines)
