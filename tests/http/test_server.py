"""The start and the end of the service."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.http.conftest import ServerProcess

# Seconds within which a process has to end by itself. A busy machine needs some of them to start it.
START_SECONDS = 30


def test_its_answers_carry_a_date_and_do_not_name_the_server(http_server: ServerProcess) -> None:
    with http_server.client() as client:
        fields = client.get("/").fields
    assert fields["date"].endswith("GMT")
    assert "server" not in fields


def test_proxies_are_not_believed(http_server: ServerProcess) -> None:
    with http_server.client() as client:
        assert b"x-forwarded-for" in client.get("/", "X-Forwarded-For: 192.0.2.1").body


def test_sigterm_drains_then_finishes_what_is_in_flight_then_exits_0(run: Callable[..., Any]) -> None:
    with run(header_timeout="5") as server, server.client() as early, server.client() as late:
        late.get("/")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.state_counts() == [0, 1, 0], "on_drain is called, and requests are still taken"
        time.sleep(0.5)
        early.ask("GET", "/slow")
        assert late.closed(), "idle connections are closed"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
        assert early.answer().status == 200
        assert early.closed()
        assert server.process.wait(3) == 0
        assert server.process.stderr.read() == ""


def test_a_second_ctrl_c_does_not_wait(run: Callable[..., Any]) -> None:
    with run() as server, server.client() as client:
        client.ask("GET", "/hang")
        time.sleep(0.1)
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(2) == 130
        assert "Traceback" not in server.process.stderr.read()


def test_a_port_in_use_ends_the_start_with_a_message(http_server: ServerProcess, start: Callable[..., Any]) -> None:
    with start(port=str(http_server.port)) as process:
        output = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 78
    assert output == (
        "",
        f"Cannot listen on 127.0.0.1:{http_server.port}: Address already in use.\n"
        "BRIEFING_HOST and BRIEFING_PORT say where; 0 is any port.\n",
    )


def test_an_application_that_refuses_to_start_gives_a_message(start: Callable[..., Any]) -> None:
    with start("--refuse") as process:
        output = process.communicate(timeout=START_SECONDS)
    assert (process.returncode, output[1]) == (
        78,
        "Application startup failed. Exiting.\nThe password is wrong.\nMend it.\n",
    )


def test_a_service_whose_supervision_fails_ends_with_the_reason(start: Callable[..., Any]) -> None:
    with start("--unsupervised") as process:
        output = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 1
    assert "The supervision of Postgres failed: RuntimeError('no more processes')." in output[1]
