"""Connections without a whole request cost no client an answer: they give way to clients that send requests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.hostile.flood import SENT, Flood, addresses
from tests.http.conftest import Served
from tests.serving import serving

LIST = "/v1/events?limit=1"
HONEST = "127.200.0.1"


@pytest.fixture(scope="module")
def patient(sample: str) -> Iterator[Served]:
    """A service that waits for a minute for the request of a connection."""
    with serving(sample, header_timeout=60, body_timeout=60) as served:
        yield served


def statuses(served: Served, count: int, address: str) -> list[int]:
    """Return the statuses of honest requests, each on a connection of its own."""
    got = []
    for _ in range(count):
        with served.client(address) as client:
            got.append(client.get(LIST).status)
    return got


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("sent", SENT.values(), ids=SENT.keys())
def test_connections_that_ask_for_nothing_cost_nobody_an_answer(patient: Served, sent: bytes, count: int) -> None:
    with patient.client(HONEST) as kept, Flood(patient.port, 1010, addresses(count), sent) as flood:
        assert kept.get(LIST).status == 200
        assert statuses(patient, 90, HONEST) == [200] * 90
        assert statuses(patient, 10, addresses(1)[0]) == [200] * 10, "from an address of the crowd, too"
        assert kept.get(LIST).status == 200, "a kept connection of an address with few of them stays"
        assert 10 <= flood.closed <= 150, "as many as there was no room for"


@pytest.mark.parametrize("workers", [1, 2])
def test_who_opens_connections_again_and_again_costs_nobody_an_answer(sample: str, workers: int) -> None:
    with (
        serving(sample, max_connections=100, workers=workers, header_timeout=60) as served,
        Flood(served.port, 300, addresses(50), b"", again=True) as flood,
    ):
        assert statuses(served, 40, HONEST) == [200] * 40
        assert flood.closed > 200, "they were closed, and came again"


def test_a_trusted_proxy_has_no_share_and_gives_way_last(sample: str) -> None:
    with (
        serving(sample, max_connections=40, trusted_proxies="127.100.0.0/16", header_timeout=60) as served,
        Flood(served.port, 30, ["127.100.0.1"], SENT["nothing"]) as proxy,
        Flood(served.port, 30, addresses(2), SENT["nothing"]) as crowd,
    ):
        assert statuses(served, 30, HONEST) == [200] * 30
        time.sleep(0.2)
        assert (proxy.closed, crowd.closed >= 20) == (0, True)
