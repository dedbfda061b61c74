"""The checks of `briefing doctor` that concern the store of the limits."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from api.access.limits import describe_limits
from api.access.limits.redis_connection import RedisConnection, RedisUnavailable
from api.errors import SettingsError
from api.finding import Finding, compare_clocks, wrong
from api.settings import Settings

SECONDS = 2.0
REMEDY = "Look at BRIEFING_REDIS_URL, and if Redis runs and accepts connections from here."


async def diagnose_limits(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what is found in Redis or Valkey, if the limits are there."""
    where = describe_limits(settings)
    if not settings.limits:
        yield Finding("limits", "warning", "the limits of plans do not apply", "Unset BRIEFING_LIMITS.")
        return
    if not settings.redis_url:
        yield Finding("limits", "ok", f"in {where}, for one machine")
        return
    try:
        connection = RedisConnection(settings.redis_url, SECONDS)
    except SettingsError as error:
        yield wrong("limits", error)
        return
    try:
        begun = time.time()
        seconds, microseconds = await connection.send("TIME")
        ended = time.time()
        # The limits are scripts. Some accounts may not run any.
        await connection.send("EVAL", "return 1", 0)
        yield Finding("limits", "ok", where)
        there = int(seconds) + int(microseconds) / 1_000_000
        yield compare_clocks("clock of Redis", there - (begun + ended) / 2, (ended - begun) / 2)
        yield await _check_eviction(connection)
    except RedisUnavailable as error:
        yield Finding("limits", "wrong", f"{where} does not answer: {error}", REMEDY)
    except connection.refusal as error:
        yield Finding("limits", "wrong", f"{where} refuses a command: {error}", "Allow the account TIME and EVAL.")
    finally:
        await connection.close()


async def _check_eviction(connection: RedisConnection) -> Finding:
    """Check that Redis does not drop limits when its memory is full: a dropped limit is a full one."""
    try:
        _, policy = await connection.send("CONFIG", "GET", "maxmemory-policy")
    except (connection.refusal, ValueError):
        return Finding("memory of Redis", "warning", "its settings cannot be read", "See that it evicts no keys.")
    name = policy.decode()
    if name == "noeviction":
        return Finding("memory of Redis", "ok", "no keys are evicted")
    remedy = "Set maxmemory-policy to noeviction: a limit that is evicted begins anew."
    return Finding("memory of Redis", "warning", f"maxmemory-policy is {name}", remedy)
