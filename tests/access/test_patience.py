"""Who asks on and on although refused is answered later, and nobody else is."""

from __future__ import annotations

import asyncio
import time

import pytest

from api.access.patience import IN_A_ROW, SECONDS, WAITING_MOST, Patience
from api.errors import Unavailable


async def waits(patience: Patience, who: str = "key:a") -> float:
    begun = time.monotonic()
    await patience.wait(who)
    return time.monotonic() - begun


def refused(times: int) -> Patience:
    patience = Patience()
    for _ in range(times):
        patience.refused("key:a")
    return patience


async def test_the_first_refusals_cost_no_time() -> None:
    patience = refused(IN_A_ROW - 1)
    assert await waits(patience) < SECONDS / 2


async def test_who_goes_on_waits_and_nobody_else_does() -> None:
    patience = refused(IN_A_ROW)
    begun = time.monotonic()
    await asyncio.gather(*(patience.wait("key:a") for _ in range(10)))
    assert time.monotonic() - begun >= 10 * SECONDS * 0.9, "one after the other"
    assert await waits(patience, "key:b") < SECONDS / 2


async def test_one_request_that_is_granted_ends_it() -> None:
    patience = refused(IN_A_ROW)
    assert await waits(patience) >= SECONDS * 0.9
    patience.granted("key:a")
    assert await waits(patience) < SECONDS / 2


async def test_a_line_has_an_end_and_who_leaves_it_frees_a_place() -> None:
    patience = refused(IN_A_ROW)
    waiting = [asyncio.create_task(patience.wait("key:a")) for _ in range(WAITING_MOST)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await patience.wait("key:a")
    waiting[0].cancel()
    await asyncio.sleep(0)
    last = asyncio.create_task(patience.wait("key:a"))
    await asyncio.sleep(0)
    assert not last.done()
    for task in (*waiting, last):
        task.cancel()
    await asyncio.gather(*waiting, last, return_exceptions=True)
