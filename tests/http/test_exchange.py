"""A request and its answer as ASGI sees them: what is written, when the body is received, and what a failure leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.server.exchange import AnswerState, Exchange

LENGTH = (b"content-length", b"2")


class Transport:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, part: bytes) -> None:
        self.writes.append(part)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.writes.append(b"".join(parts))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Connection:
    """A connection, as far as an exchange uses it. `calls` are the methods that were called."""

    def __init__(self) -> None:
        self.transport: Any = Transport()
        self.unread = False
        self.leaving = False
        self.default_fields = [(b"date", b"today")]
        self.calls: list[str] = []

    async def taken(self) -> None:
        self.calls.append("taken")
        self.unread = False

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def answered(self) -> None:
        self.calls.append("answered")

    def reset(self) -> None:
        self.calls.append("reset")


def exchange(
    method: str = "GET", version: str = "1.1", *, keep_alive: bool = True, whole: bool = True, expects: bool = False
) -> tuple[Exchange, Connection]:
    """Return a request, and the connection that it came from."""
    connection = Connection()
    scope: Scope = {"type": "http", "method": method, "http_version": version}
    new_exchange = Exchange(connection, scope, keep_alive=keep_alive, expects_continue=expects)
    new_exchange.more_body = not whole
    return new_exchange, connection


async def answer(exchange: Exchange, fields: list[tuple[bytes, bytes]], *parts: bytes, status: int = 200) -> None:
    await exchange.send({"type": "http.response.start", "status": status, "headers": fields})
    for number, part in enumerate(parts, 1):
        await exchange.send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})


async def test_head_and_body_leave_in_one_write() -> None:
    http_exchange, connection = exchange()
    await answer(http_exchange, [LENGTH], b"ok")
    assert connection.transport.writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\nok"]
    assert connection.calls == ["answered"]
    assert not connection.transport.closed


@pytest.mark.parametrize(("method", "status", "fields"), [("HEAD", 200, [LENGTH]), ("GET", 304, []), ("GET", 204, [])])
async def test_a_head_without_a_body(method: str, status: int, fields: list[tuple[bytes, bytes]]) -> None:
    http_exchange, connection = exchange(method)
    await answer(http_exchange, fields, b"ok" if method == "HEAD" else b"", status=status)
    (write,) = connection.transport.writes
    assert write.endswith(b"\r\n\r\n") and b"transfer-encoding" not in write


async def test_an_answer_before_the_end_of_the_body_leaves_the_connection_open_for_the_rest() -> None:
    """A socket that is closed with unread input is reset, and the client may lose the answer."""
    for version, is_whole in (("1.1", False), ("1.0", False), ("1.0", True)):
        http_exchange, connection = exchange("POST", version, keep_alive=False, whole=is_whole)
        await answer(http_exchange, [LENGTH], b"ok")
        assert (connection.transport.closed, connection.leaving) == (is_whole, not is_whole)
        assert connection.calls == ["answered"]


async def test_a_body_without_a_length_gets_one_if_it_is_whole() -> None:
    http_exchange, connection = exchange()
    await answer(http_exchange, [], b"four")
    assert connection.transport.writes[0].endswith(b"content-length: 4\r\n\r\nfour")


async def test_a_body_in_pieces_comes_in_chunks() -> None:
    http_exchange, connection = exchange()
    await answer(http_exchange, [], b"one", b"", b"two", b"")
    head, *chunks = connection.transport.writes
    assert head.endswith(b"transfer-encoding: chunked\r\n\r\n")
    assert b"".join(chunks) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


async def test_a_body_in_pieces_ends_with_the_connection_in_http_1_0() -> None:
    http_exchange, connection = exchange(version="1.0", keep_alive=False)
    await answer(http_exchange, [], b"one", b"two", b"")
    assert b"transfer-encoding" not in connection.transport.writes[0]
    assert b"".join(connection.transport.writes[1:]) == b"onetwo"
    assert connection.transport.closed


async def test_the_last_answer_of_a_connection_says_so() -> None:
    http_exchange, connection = exchange(keep_alive=False)
    await answer(http_exchange, [LENGTH], b"ok")
    assert b"connection: close\r\n" in connection.transport.writes[0]
    assert connection.transport.closed


async def test_an_answer_before_the_end_of_the_request_closes_the_connection() -> None:
    """The rest of the body could be taken for a request. The connection reads it before it closes."""
    http_exchange, connection = exchange("POST", whole=False)
    await answer(http_exchange, [LENGTH], b"ok")
    assert b"connection: close\r\n" in connection.transport.writes[0]
    assert connection.leaving and not connection.transport.closed


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: x", b"a\nb", b"a\rb", b"a\r\n\r\nHTTP/1.1 200 OK"])
@pytest.mark.parametrize("parts", [(b"ok",), (b"o", b"k")])
async def test_a_value_that_ends_its_line_is_never_sent(value: bytes, parts: tuple[bytes, ...]) -> None:
    http_exchange, connection = exchange()
    with pytest.raises(RuntimeError, match="end of a line"):
        await answer(http_exchange, [LENGTH, (b"link", value)], *parts)
    assert connection.transport.writes == []


@pytest.mark.parametrize("parts", [(b"o",), (b"okay",), (b"ok", b"ay"), (b"o", b"")])
async def test_a_body_that_differs_from_its_content_length_is_an_error(parts: tuple[bytes, ...]) -> None:
    http_exchange, _ = exchange()
    with pytest.raises(RuntimeError, match="another length"):
        await answer(http_exchange, [LENGTH], *parts)
    assert http_exchange.state is not AnswerState.WHOLE


async def test_an_answer_waits_until_the_client_has_read_the_one_before() -> None:
    http_exchange, connection = exchange()
    connection.unread = True
    await answer(http_exchange, [LENGTH], b"ok")
    assert connection.calls == ["taken", "answered"]


async def test_nothing_is_sent_to_a_client_that_has_disconnected() -> None:
    http_exchange, connection = exchange()
    http_exchange.disconnected = True
    await answer(http_exchange, [LENGTH], b"ok")
    assert connection.transport.writes == []


# Requests

Application = Callable[[Scope, Receive, Send], Any]


async def test_a_body_is_received_in_the_parts_that_came() -> None:
    http_exchange, connection = exchange("POST", whole=False, expects=True)
    http_exchange.body += b"one"
    assert await http_exchange.receive() == {"type": "http.request", "body": b"one", "more_body": True}
    assert connection.transport.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    waiting = asyncio.create_task(http_exchange.receive())
    await asyncio.sleep(0)
    assert not waiting.done() and "resume" in connection.calls
    http_exchange.body += b"two"
    http_exchange.more_body = False
    http_exchange.wake()
    assert await waiting == {"type": "http.request", "body": b"two", "more_body": False}
    assert len(connection.transport.writes) == 1, "100 is sent once"


@pytest.mark.parametrize("whole", [True, False])
async def test_after_the_body_only_the_end_is_received(whole: bool) -> None:
    """A handler that waits for a disconnect would never stop if it got an empty part of the body again and again."""
    http_exchange, _ = exchange("POST", whole=whole)
    http_exchange.more_body = False
    assert (await http_exchange.receive())["type"] == "http.request"
    waiting = asyncio.create_task(http_exchange.receive())
    await asyncio.sleep(0)
    assert not waiting.done()
    await answer(http_exchange, [LENGTH], b"ok")
    assert await waiting == {"type": "http.disconnect"}


async def test_a_disconnect_ends_the_task_of_the_request() -> None:
    http_exchange, connection = exchange()
    running = asyncio.Event()

    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        running.set()
        await asyncio.sleep(60)

    http_exchange.task = asyncio.create_task(http_exchange.run(hang))
    await running.wait()
    http_exchange.abandon()
    await http_exchange.task
    assert connection.transport.writes == []


async def fails_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("no")


async def returns_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def fails_with_a_head(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ValueError("no")


@pytest.mark.parametrize("application", [fails_at_once, returns_nothing, fails_with_a_head])
async def test_a_failure_before_the_answer_is_a_500_that_closes(application: Application) -> None:
    http_exchange, connection = exchange()
    await http_exchange.run(application)
    assert connection.transport.writes[0].startswith(b"HTTP/1.1 500 ") and connection.transport.closed


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_a_failure_within_the_answer_cuts_it(version: str) -> None:
    http_exchange, connection = exchange(version=version, keep_alive=version == "1.1")

    async def stops(scope: Scope, receive: Receive, send: Send) -> None:
        part: Message = {"type": "http.response.body", "body": b"one", "more_body": True}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(part)

    await http_exchange.run(stops)
    assert b"0\r\n\r\n" not in b"".join(connection.transport.writes)
    # In HTTP/1.0 the end of the connection is the end of the body, so only a reset shows that it was cut.
    assert connection.calls == (["reset"] if version == "1.0" else [])
    assert connection.transport.closed or version == "1.0"


@pytest.mark.parametrize("ending", ["raise", "return"])
async def test_a_failure_after_the_answer_sends_nothing_more(ending: str) -> None:
    """A second answer would be taken for that of the next request."""
    http_exchange, connection = exchange()

    async def fails_later(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(http_exchange, [LENGTH], b"ok")
        if ending == "raise":
            raise ValueError("no")

    await http_exchange.run(fails_later)
    assert len(connection.transport.writes) == 1 and connection.calls == ["answered"]
    assert not connection.transport.closed
