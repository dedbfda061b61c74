"""An answer that is sent in one write. Characters that would end a line of its head are not part of it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.server.single_write import SingleWrite


class Client:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.writes.append(b"".join(parts))

    def close(self) -> None:
        self.closed = True


def cycle(method: str = "GET", *, keep_alive: bool = True) -> tuple[RequestResponseCycle, Client, list[Any]]:
    """Return a cycle of uvicorn's, as far as an answer needs it, its client, and what passed through uvicorn itself."""
    client, through = Client(), list[Any]()

    async def send(message: Any) -> None:
        through.append(message["type"])

    made = SimpleNamespace(
        flow=SimpleNamespace(write_paused=False),
        scope={"method": method},
        disconnected=False,
        default_headers=[(b"date", b"today")],
        keep_alive=keep_alive,
        transport=client,
        message_event=asyncio.Event(),
        on_response=lambda: through.append("ended"),
        send=send,
    )
    return cast(RequestResponseCycle, made), client, through


async def answer(whole: SingleWrite, fields: list[tuple[bytes, bytes]], body: bytes, status: int = 200) -> None:
    await whole.send({"type": "http.response.start", "status": status, "headers": fields})
    await whole.send({"type": "http.response.body", "body": body, "more_body": False})


LENGTH = (b"content-length", b"2")


async def test_head_and_body_leave_in_one_write() -> None:
    made, client, through = cycle()
    await answer(SingleWrite(made), [LENGTH], b"ok")
    assert client.writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\nok"]
    assert through == ["ended"]
    assert not client.closed


async def test_a_head_without_a_body() -> None:
    for method, status, fields in (("HEAD", 200, [LENGTH]), ("GET", 304, [])):
        made, client, _ = cycle(method)
        await answer(SingleWrite(made), fields, b"ok" if method == "HEAD" else b"", status)
        assert client.writes[0].endswith(b"\r\n\r\n")


async def test_the_last_answer_of_a_connection_says_so() -> None:
    made, client, _ = cycle(keep_alive=False)
    await answer(SingleWrite(made), [LENGTH], b"ok")
    assert b"connection: close\r\n" in client.writes[0]
    assert client.closed


@pytest.mark.parametrize("more", [True, False])
async def test_what_comes_in_pieces_or_says_no_length_goes_through_uvicorn(more: bool) -> None:
    made, client, through = cycle()
    whole = SingleWrite(made)
    await whole.send({"type": "http.response.start", "status": 200, "headers": []})
    await whole.send({"type": "http.response.body", "body": b"one", "more_body": more})
    assert through == ["http.response.start", "http.response.body"]
    assert client.writes == []


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: x", b"a\nb", b"a\rb", b"a\r\n\r\nHTTP/1.1 200 OK"])
async def test_a_value_that_ends_its_line_is_never_sent(value: bytes) -> None:
    made, client, _ = cycle()
    with pytest.raises(RuntimeError, match="end of a line"):
        await answer(SingleWrite(made), [LENGTH, (b"link", value)], b"ok")
    assert client.writes == []
