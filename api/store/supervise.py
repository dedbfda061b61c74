"""Restart the embedded Postgres whenever it ends while the service runs."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

import structlog

from api.errors import BriefingError, SettingsError, Unavailable
from api.store.cluster import OWN_SERVER
from api.store.postgres_server import RECOVERY, PostgresServer
from api.store.processes import end_rest

LOOK_SECONDS = 0.2
STEP_SECONDS = 0.02
# If the server ends this often within this time, restarting does not help.
MAX_ENDS = 5
WINDOW_SECONDS = 60.0
# Pauses before the first restart, the second and so on: a full disk or a lack of memory may pass.
PAUSES = (0.0, 0.5, 1.0, 1.5)

log = structlog.get_logger("briefing")


async def supervise(server: PostgresServer) -> BriefingError:
    """Restart the server each time it ends. Return an error when it has ended too often, so that the service ends too.

    Run this on the loop of the main thread, because the kernel ends the server with the thread that started it.
    """
    ends: deque[float] = deque(maxlen=MAX_ENDS)
    while True:
        # There is no event for the end of a process here; asking the kernel takes a microsecond.
        while not (reason := server.ended()):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        ends.append(monotonic())
        recent_ends = len([end for end in ends if ends[-1] - end <= WINDOW_SECONDS])
        log.error("embedded Postgres ended", reason=reason, ends_in_a_minute=recent_ends)
        if recent_ends == MAX_ENDS:
            problem = f"postgres ended {MAX_ENDS} times within a minute, the last time with {reason}"
            return Unavailable(server.tools.failure(problem).message, f"Find out what ends it. {OWN_SERVER}")
        await asyncio.sleep(PAUSES[recent_ends - 1])
        await _restart(server)


async def _restart(server: PostgresServer) -> None:
    """Start the server again and wait until it is ready or has ended."""
    begun = monotonic()
    # There is no event for the end of processes that are not our children.
    while not end_rest(server.data):  # noqa: ASYNC110
        await asyncio.sleep(STEP_SECONDS)
    try:
        server.spawn()
    except (OSError, SettingsError) as error:
        log.error("embedded Postgres not restarted", reason=str(error))  # The failure counts as another end.
        return
    while not server.ready() and not server.ended():
        if monotonic() - begun > RECOVERY:
            server.kill()
        await asyncio.sleep(STEP_SECONDS)
    if server.ready():
        log.warning("embedded Postgres restarted", pid=server.pid, seconds=round(monotonic() - begun, 1))
