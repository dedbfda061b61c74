"""Work that is repeated in the background for as long as the process runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("briefing")


async def repeat(name: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Wait, do the work, and begin again, until the task is cancelled. `name` is its name in the log.

    A failure is logged, and the work is tried again after the next wait. Nobody awaits a background task before the
    process ends, so an error that ended it would not be seen."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception(f"{name} failed")
