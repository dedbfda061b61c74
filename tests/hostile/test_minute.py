"""The service as it is installed, open to a hostile crowd: a client with a key is answered meanwhile, without an error.

tests/bench/hostile.py measures the delay.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from api.access.keys import Keys, NewKey
from api.store.access import AccessStore
from tests.hostile.crowd import crowd, harmless
from tests.hostile.raw_client import RawClient
from tests.http.conftest import Client
from tests.serving import serving

SECONDS = float(os.environ.get("BRIEFING_HOSTILE_SECONDS", "8"))


@pytest.mark.full
@pytest.mark.parametrize("workers", [1, 4])
async def test_an_honest_client_is_answered_beside_64_hostile_connections(
    sample: str, tmp_path: Path, workers: int
) -> None:
    store = AccessStore(sample)
    new_key = await Keys(store, "live", "test").create(NewKey("an honest client", "internal"))
    await store.close()
    requests = harmless(1, new_key.secret.text, new=True)
    statuses: list[int] = []
    with (
        (tmp_path / "log").open("w+") as log,
        serving(sample, log, limits="true", workers=workers, trusted_proxies="127.0.0.1") as server,
    ):
        raw_client = RawClient(server.port)
        while raw_client.get("/readyz").status != 200:
            time.sleep(0.05)
        client = Client(server.port)
        with crowd(server.port, 64, SECONDS) as counts:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                client.send(next(requests))
                statuses.append(client.answer().status)
                time.sleep(0.01)
        client.close()
        assert raw_client.get("/healthz").status == 200
        log.seek(0)
        assert "internal error" not in log.read()
    assert set(statuses) == {200} and len(statuses) > SECONDS * 5
    # The crowd has 50 networks, each within its plan, so few requests are refused for their number.
    assert counts["200"] and counts["400"], counts
    assert not counts["500"], counts
