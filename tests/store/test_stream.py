"""Streaming a statement when the connection breaks off before it begins."""

from __future__ import annotations

import asyncpg
import pytest

from api.errors import Unavailable
from api.settings import Settings
from api.store.stream import Streams


@pytest.mark.parametrize(
    "failure",
    [
        asyncpg.CannotConnectNowError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CrashShutdownError(),
        ConnectionResetError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_store_that_breaks_off_while_it_is_connected_to_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    streams = Streams("postgresql://nowhere/", Settings())

    async def take(*_: object, **__: object) -> None:
        raise failure

    async def receive(_: bytes) -> None:
        raise AssertionError("nothing is there to be given")

    monkeypatch.setattr(streams.pool, "take", take)
    with pytest.raises(Unavailable):
        await streams.stream("select 'a'", (), receive)
