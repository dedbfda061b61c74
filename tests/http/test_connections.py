"""Connections that give way to others, clients that disconnect, and clients that read their answers slowly."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.http.conftest import Client, ServerProcess


def test_a_connection_beyond_the_bound_is_turned_away_while_all_are_answered(run: Callable[..., Any]) -> None:
    with run(max_connections="3") as server, ExitStack() as stack:
        busy = [stack.enter_context(server.client()) for _ in range(3)]
        for connection in busy:
            connection.ask("GET", "/hang")
        time.sleep(0.1)
        with server.client() as client:
            answer = client.answer()
            assert (answer.status, answer.problem["code"]) == (503, "unavailable")
            assert answer.fields["retry-after"] == "1"
            assert client.closed()


def silent(client: Client) -> None:
    """Send nothing."""


def idle(client: Client) -> None:
    """Read an answer, and send nothing more."""
    client.get("/")


def half_a_head(client: Client) -> None:
    """Send half a head."""
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")


def no_body(client: Client) -> None:
    """Announce a body and send none."""
    client.ask("POST", "/body", "Content-Length: 3")


def half_a_body(client: Client) -> None:
    """Send one byte of three."""
    client.ask("POST", "/body", "Content-Length: 3", body=b"a")


def unread(client: Client) -> None:
    """Request an answer that never ends, and do not read it."""
    client.ask("GET", "/flood")


@pytest.mark.parametrize("wait", [silent, idle, half_a_head, no_body, half_a_body, unread])
def test_a_connection_that_waits_makes_room_for_a_new_one(run: Callable[..., Any], wait: Callable[..., None]) -> None:
    slow = {"header_timeout": "9", "body_timeout": "9"}
    with run(max_connections="3", **slow) as server, ExitStack() as stack:
        busy, waiting, other = [stack.enter_context(server.client()) for _ in range(3)]
        for connection in (busy, other):
            connection.ask("GET", "/slow")
        wait(waiting)
        time.sleep(0.1)
        with server.client() as newcomer:
            assert newcomer.get("/").status == 200
        assert busy.answer().status == other.answer().status == 200
        assert cut(waiting)


def cut(client: Client) -> bool:
    """Wait until the server has ended the connection. Return True."""
    try:
        while client.read.read(1 << 20):
            pass
    except ConnectionError:
        pass
    return True


def close(client: Client) -> None:
    client.close()


def reset(client: Client) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def half_close(client: Client) -> None:
    """Neither TCP nor the service can tell it from closing: see api/server/protocol.py."""
    client.socket.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("leave", [close, reset, half_close])
def test_a_handler_is_cancelled_when_its_client_goes_away(
    http_server: ServerProcess, leave: Callable[[Client], None]
) -> None:
    cancelled = http_server.state_counts()[0]
    with http_server.client() as client:
        client.ask("GET", "/hang")
        time.sleep(0.05)
        assert http_server.state_counts()[0] == cancelled
        leave(client)
        assert eventually(lambda: http_server.state_counts()[0] == cancelled + 1)


def test_a_handler_that_streams_is_cancelled_when_its_client_goes_away(http_server: ServerProcess) -> None:
    cancelled = http_server.state_counts()[0]
    with http_server.client() as client:
        client.ask("GET", "/flood")
        client.head()
    assert eventually(lambda: http_server.state_counts()[0] == cancelled + 1)


def test_an_answer_that_the_client_does_not_read_is_cut(http_server: ServerProcess) -> None:
    cancelled = http_server.state_counts()[0]
    with http_server.client() as client:
        client.ask("GET", "/flood")
        assert eventually(lambda: http_server.state_counts()[0] == cancelled + 1, within=2)


def test_an_answer_that_is_taken_too_slowly_is_cut_and_a_faster_client_is_not(run: Callable[..., Any]) -> None:
    """The slow client takes 8,000 bytes a second and is cut, because 20,000 are required. The fast one is not."""
    with run(least_pace="20000") as server, server.narrow() as slow, server.client() as fast:
        slow.ask("GET", "/flood")
        fast.ask("GET", "/flood")
        until = time.monotonic() + 8
        while server.state_counts()[0] == 0:
            assert time.monotonic() < until
            slow.socket.recv(400)
            fast.socket.recv(1 << 20)
            time.sleep(0.05)
        assert cut(slow)
        assert fast.socket.recv(1 << 20)
        assert server.state_counts()[0] == 1


@pytest.mark.parametrize("fields", [(), ("Connection: close",)])
@pytest.mark.parametrize("whole", [True, False])
def test_a_large_answer_is_taken_for_longer_than_a_connection_is_kept(
    run: Callable[..., Any], fields: tuple[str, ...], whole: bool
) -> None:
    """The wait for the next request, and the end of the connection, begin when the client has taken the answer."""
    with run("--impatient") as server, server.narrow() as client:
        head = [f"{'GET' if whole else 'POST'} /large HTTP/1.1", "Host: a", *fields]
        head += [] if whole else ["Content-Length: 1"]
        client.send("\r\n".join([*head, "", ""]).encode())
        if not whole:
            time.sleep(0.05)
            client.send(b"a")
        time.sleep(0.25)
        assert server.state_counts()[2] == 0, "the handler waits until its answer is taken"
        remaining = int(client.head()[1]["content-length"])
        until = time.monotonic() + 0.9
        while time.monotonic() < until:
            remaining -= len(client.read.read(20_000))
            time.sleep(0.02)
        assert remaining > 0
        assert len(client.read.read(remaining)) == remaining
        assert eventually(lambda: server.state_counts()[2] == 1)


def eventually(true: Callable[[], bool], within: float = 0.5) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return true()
