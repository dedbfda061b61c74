"""Raise the limit of file descriptors of this process as far as its connections need it."""

from __future__ import annotations

import resource

import structlog

from api.server.protocol import TURNED_AWAY
from api.settings import Settings

# The log, the listener, the loop, shared memory, files that are read for a moment, Redis, traces, workers' sockets.
OTHERS = 128

log = structlog.get_logger("briefing")


def within_descriptors(settings: Settings) -> Settings:
    """Return the settings, with no more client connections than this process has descriptors for. Without a free
    descriptor a new connection cannot be accepted, so no other connection could make room for it."""
    reserved = OTHERS + TURNED_AWAY + settings.pool_size + settings.export_connections
    needed = settings.max_connections + reserved
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return settings
    limit = needed
    if hard != resource.RLIM_INFINITY:
        limit = min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if limit == needed:
        return settings
    connections = max(1, limit - reserved)
    log.warning(
        "fewer connections than configured",
        descriptors=limit,
        configured=settings.max_connections,
        most=connections,
    )
    return settings.model_copy(update={"max_connections": connections})
