"""Connections without a whole request cost no client an answer: they give way to clients that send requests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.hostile.flood import SENT, Flood, addresses
from tests.http.conftest import ServerProcess
from tests.serving import serving

LIST = "/v1/events?limit=1"
HONEST = "127.200.0.1"


@pytest.fixture(scope="module")
def patient(sample: str) -> Iterator[ServerProcess]:
    """A service that waits for a minute for the request of a connection."""
    with serving(sample, header_timeout=60, body_timeout=60) as server:
        yield server


def statuses(service: ServerProcess, count: int, address: str) -> list[int]:
    """Return the statuses of honest requests, each on a connection of its own."""
    statuses_ = []
    for _ in range(count):
        with service.client(address) as client:
            statuses_.append(client.get(LIST).status)
    return statuses_


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("raw_request", SENT.values(), ids=SENT.keys())
def test_connections_that_ask_for_nothing_cost_nobody_an_answer(
    patient: ServerProcess, raw_request: bytes, count: int
) -> None:
    with patient.client(HONEST) as client, Flood(patient.port, 1010, addresses(count), raw_request) as flood:
        assert client.get(LIST).status == 200
        assert statuses(patient, 90, HONEST) == [200] * 90
        assert statuses(patient, 10, addresses(1)[0]) == [200] * 10, "from an address of the crowd, too"
        assert client.get(LIST).status == 200, "a kept connection of an address with few of them stays"
        assert 10 <= flood.closed <= 150, "as many as there was no room for"


@pytest.mark.parametrize("workers", [1, 2])
def test_repeatedly_opened_connections_cost_nobody_an_answer(sample: str, workers: int) -> None:
    with (
        serving(sample, max_connections=100, workers=workers, header_timeout=60) as server,
        Flood(server.port, 300, addresses(50), b"", again=True) as flood,
    ):
        assert statuses(server, 40, HONEST) == [200] * 40
        assert flood.closed > 200, "they were closed, and came again"


def test_a_trusted_proxy_has_no_share_and_gives_way_last(sample: str) -> None:
    with (
        serving(sample, max_connections=40, trusted_proxies="127.100.0.0/16", header_timeout=60) as server,
        Flood(server.port, 30, ["127.100.0.1"], SENT["nothing"]) as proxy,
        Flood(server.port, 30, addresses(2), SENT["nothing"]) as crowd,
    ):
        assert statuses(server, 30, HONEST) == [200] * 30
        time.sleep(0.2)
        assert (proxy.closed, crowd.closed >= 20) == (0, True)
