"""The start and the end of the service."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.http.conftest import Served

# Seconds within which a process has to end by itself. A busy machine needs some of them to start it.
START_SECONDS = 30


def test_its_answers_carry_a_date_and_do_not_name_the_server(served: Served) -> None:
    with served.client() as client:
        fields = client.get("/").fields
    assert fields["date"].endswith("GMT")
    assert "server" not in fields


def test_proxies_are_not_believed(served: Served) -> None:
    with served.client() as client:
        assert b"x-forwarded-for" in client.get("/", "X-Forwarded-For: 192.0.2.1").body


def test_sigterm_drains_then_finishes_what_is_in_flight_then_exits_0(run: Callable[..., Any]) -> None:
    with run(header_timeout="5") as served, served.client() as early, served.client() as late:
        late.get("/")
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert served.seen() == [0, 1, 0], "on_drain is called, and requests are still taken"
        time.sleep(0.5)
        early.ask("GET", "/slow")
        assert late.closed(), "idle connections are closed"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.port))
        assert early.answer().status == 200
        assert early.closed()
        assert served.process.wait(3) == 0
        assert served.process.stderr.read() == ""


def test_a_second_ctrl_c_does_not_wait(run: Callable[..., Any]) -> None:
    with run() as served, served.client() as client:
        client.ask("GET", "/hang")
        time.sleep(0.1)
        served.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(2) == 130
        assert "Traceback" not in served.process.stderr.read()


def test_a_port_that_is_taken_is_a_sentence(served: Served, start: Callable[..., Any]) -> None:
    with start(port=str(served.port)) as process:
        said = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 78
    assert said == (
        "",
        f"Cannot listen on 127.0.0.1:{served.port}: Address already in use.\n"
        "BRIEFING_HOST and BRIEFING_PORT say where; 0 is any port.\n",
    )


def test_an_application_that_refuses_to_start_is_a_sentence(start: Callable[..., Any]) -> None:
    with start("--refuse") as process:
        said = process.communicate(timeout=START_SECONDS)
    assert (process.returncode, said[1]) == (
        78,
        "Application startup failed. Exiting.\nThe password is wrong.\nMend it.\n",
    )


def test_a_service_whose_supervision_fails_ends_with_the_reason(start: Callable[..., Any]) -> None:
    with start("--unsupervised") as process:
        said = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 1
    assert "The supervision of Postgres failed: RuntimeError('no more processes')." in said[1]
