"""Background work goes on after any failure, and each failure is logged."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from structlog.testing import capture_logs

from api.background import repeat


async def test_work_goes_on_after_a_failure_which_is_logged() -> None:
    runs = 0
    finished = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise LookupError("an error that nobody foresaw")
        finished.set()

    with capture_logs() as lines:
        task = asyncio.create_task(repeat("the work", work, 0))
        async with asyncio.timeout(10):
            await finished.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert [(line["event"], line["log_level"]) for line in lines] == [("the work failed", "error")]
    assert task.cancelled()
