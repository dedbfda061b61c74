"""The ports of the tests' servers stay free while the servers are down."""

from __future__ import annotations

import socket
from itertools import count
from pathlib import Path

import pytest

from tests.ports import FIRST_PORT, PORTS, PROCESSES, free_port

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_connection_is_given_a_port_of_a_server() -> None:
    if not RANGE.exists():
        pytest.skip("this system does not say which ports it gives to connections")
    first = int(RANGE.read_text().split()[0])
    # The nodes of a cluster listen 10,000 above, too.
    assert first >= FIRST_PORT + PROCESSES * PORTS + 10_000


def test_processes_of_the_tests_have_ports_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = []
    for process in ("gw0", "gw1", "gw2"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", process)
        ports.append({free_port() for _ in range(50)})
    assert not ports[0] & ports[1] and not ports[1] & ports[2] and not ports[0] & ports[2]


def test_a_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = free_port()
    monkeypatch.setattr("tests.ports._turns", count(taken))
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() != taken
    monkeypatch.setattr("tests.ports._turns", count(taken))
    assert free_port() == taken
