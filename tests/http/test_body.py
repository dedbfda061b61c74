"""Bodies within bounds, over the wire."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.http.conftest import Client

CHUNK = b"400\r\n" + b"a" * 1024 + b"\r\n"


def test_a_body_is_read_whole(client: Client) -> None:
    client.ask("POST", "/body", "Content-Length: 4096", body=b"a" * 1000)
    time.sleep(0.05)
    client.send(b"a" * 3096)
    assert client.answer().body == b"4096 bytes"
    client.ask("POST", "/body", "Transfer-Encoding: chunked", body=CHUNK * 4 + b"0\r\n\r\n")
    assert client.answer().body == b"4096 bytes"
    client.ask("POST", "/body", "Content-Encoding: identity")
    assert client.answer().body == b"0 bytes"


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("length", [4097, 50_000_000, 2**62])
def test_a_body_with_too_large_a_content_length_is_refused_before_it_arrives(
    client: Client, method: str, length: int
) -> None:
    client.ask(method, "/body", f"Content-Length: {length}")
    assert_refused(client, 413, "body_too_large")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_is_refused_as_soon_as_it_grows_too_large(client: Client, method: str) -> None:
    client.ask(method, "/body", "Transfer-Encoding: chunked", body=CHUNK * 5)
    assert_refused(client, 413, "body_too_large")


def test_a_large_body_sent_before_reading_still_gets_its_answer(client: Client) -> None:
    client.ask("POST", "/body", "Content-Length: 10000000", body=b"a" * 10_000_000)
    assert_refused(client, 413, "body_too_large")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_that_does_not_come_is_a_408(client: Client, method: str) -> None:
    start_time = time.monotonic()
    client.ask(method, "/body", "Content-Length: 3", body=b"a")
    assert_refused(client, 408, "request_timeout")
    assert 0.2 < time.monotonic() - start_time < 1


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_a_coded_body_is_a_415(client: Client, coding: str) -> None:
    client.ask("POST", "/body", f"Content-Encoding: {coding}", "Content-Length: 3", body=b"abc")
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (415, "unsupported_media_type")


def test_the_body_of_a_get_is_ignored_and_the_connection_kept(client: Client) -> None:
    client.ask("GET", "/a", "Content-Length: 3000", body=b"a" * 1000)
    time.sleep(0.05)
    client.send(b"a" * 2000)
    assert client.answer().status == 200
    client.ask("GET", "/body", "Content-Length: 3", body=b"abc")
    assert client.answer().body == b"0 bytes"


def test_an_answer_before_the_whole_body_closes_the_connection(client: Client) -> None:
    client.ask("POST", "/a", "Content-Length: 100")
    answer = client.answer()
    assert (answer.status, answer.fields["connection"]) == (200, "close")
    assert client.closed()


def assert_refused(client: Client, status: int, code: str) -> None:
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (status, code)
    assert answer.fields["connection"] == "close"
    assert client.closed()
