"""Requests as the service reads them: those that it refuses before its application sees them, and the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from api.server.refusals import fault

if TYPE_CHECKING:
    from tests.http.conftest import Client

HOST = b"Host: a\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

MALFORMED = {
    "both framings": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both framings, the other way": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "a repeated length": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "contradicting lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": POST + b"Content-Length: +3\r\n\r\nabc",
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a length with a space before the colon": POST + b"Content-Length : 3\r\n\r\nabc",
    "a folded line": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: a\r\n b\r\n\r\n",
    "a chunk size that is no number": CHUNKED + b"zz\r\n",
    "a chunk size in C's notation": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\n",
    "a chunk that is longer than it says": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "a coding before chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding other than chunked": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: a\n\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: a\x00b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "an unknown method": b"BLAH / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2 by name": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a path outside ASCII": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_invalid_http_is_a_400_and_closes_the_connection(client: Client, data: bytes) -> None:
    client.send(data)
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (400, "invalid_request")
    assert answer.fields["connection"] == "close"
    assert answer.fields["date"]
    assert client.closed()


def test_a_malformed_body_ends_the_handler_that_reads_it(client: Client) -> None:
    client.send(CHUNKED, b"3\r\nabc\r\n")
    time.sleep(0.1)
    client.send(b"zz\r\n")
    assert client.answer().problem["code"] == "invalid_request"
    assert client.closed()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 2048 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: a\r\n" * 300 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 4000,
        b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 10_000_000,
        b"GET / HTTP/1.1\r\n" + b"a" * 4000,
        b"\r\n" * 2000,
    ],
    ids=["one", "many", "an unfinished one", "10 MB", "an unfinished name", "empty lines"],
)
def test_header_fields_above_the_bound_are_a_431(client: Client, head: bytes) -> None:
    client.send(head)
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (431, "headers_too_large")
    assert client.closed()


def test_header_fields_are_weighed_in_small_pieces_too(client: Client) -> None:
    client.send(b"GET / HTTP/1.1\r\n", HOST)
    for _ in range(5):
        client.send(b"X-A: ", b"a" * 500, b"\r\n")
        time.sleep(0.01)
    assert client.answer().status == 431


@pytest.mark.parametrize("end", [b" HTTP/1.1\r\nHost: a\r\n\r\n", b""], ids=["whole", "unfinished"])
def test_a_url_above_the_bound_is_a_414(client: Client, end: bytes) -> None:
    client.send(b"GET /?q=", b"a" * 1021, end)
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (414, "uri_too_long")
    assert client.closed()


PAGE = b"Origin: https://b.example\r\n"
BEHIND_AN_ORIGIN = {
    414: b"GET /?q=" + b"a" * 1021 + b" HTTP/1.1\r\nHost: a\r\n" + PAGE + b"\r\n",
    431: b"GET / HTTP/1.1\r\nHost: a\r\n" + PAGE + b"X-A: " + b"a" * 4000,
    400: b"GET / HTTP/1.1\r\nHost: a\r\n" + PAGE + b"X-A: a\x00b\r\n\r\n",
}
WITHOUT_ORIGIN = [b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n" * 2000, b"GET /?" + b"a" * 2000]


@pytest.mark.parametrize("data", [*BEHIND_AN_ORIGIN.values(), *WITHOUT_ORIGIN])
def test_a_page_of_any_origin_can_read_a_refusal_of_the_socket(client: Client, data: bytes) -> None:
    client.send(data)
    answer = client.answer()
    assert answer.problem["code"] in ("invalid_request", "uri_too_long", "headers_too_large")
    assert answer.fields["access-control-allow-origin"] == "*"
    assert "X-Request-Id" in answer.fields["access-control-expose-headers"]


def test_a_page_of_a_listed_origin_can_read_a_refusal_of_the_socket(run: Callable[..., Any]) -> None:
    with run(cors_origins="https://a.example,https://b.example") as server:
        for status, data in BEHIND_AN_ORIGIN.items():
            with server.client() as client:
                client.send(data)
                answer = client.answer()
                assert answer.status == status
                assert answer.fields["access-control-allow-origin"] == "https://b.example"
                assert answer.fields["vary"] == "origin"
            with server.client() as client:
                client.send(data.replace(b"https://b", b"https://c"))
                answer = client.answer()
                assert answer.status == status
                assert "access-control-allow-origin" not in answer.fields
                assert answer.fields["vary"] == "origin"


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("/v1/events?q=Київ".encode(), "Percent-encode it as UTF-8"),
        ("/v1/places/é".encode(), "Percent-encode it as UTF-8"),
        (b"/v1/events?q=\xe9", "Percent-encode it as UTF-8"),
        (b"/v1/events?q=two words", "A space in a URL is written %20"),
    ],
)
def test_a_url_that_is_not_encoded_is_refused_with_the_remedy(client: Client, target: bytes, remedy: str) -> None:
    client.send(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (400, "invalid_request")
    assert remedy in answer.problem["detail"]


def test_requests_just_within_the_bounds_pass(client: Client) -> None:
    pad = 2048 - len(b"Host: localhost\r\n") - len(b"X-A: \r\n")
    assert client.get("/" + "a" * 1023, "X-A: " + "a" * pad).status == 200
    client.ask("POST", "/body", "X-A: " + "a" * 1800, "Content-Length: 4096", body=b"a" * 4096)
    assert client.answer().body == b"4096 bytes"


@pytest.mark.parametrize(
    ("data", "after_answer"),
    [
        (b"GET / HT", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", True),
    ],
    ids=["half a line", "no end", "empty lines", "on a kept connection"],
)
def test_header_fields_that_are_not_complete_in_time_are_a_408(client: Client, data: bytes, after_answer: bool) -> None:
    if after_answer:
        client.get("/")
        time.sleep(0.1)
    start_time = time.monotonic()
    client.send(data)
    answer = client.answer()
    assert (answer.status, answer.problem["code"]) == (408, "request_timeout")
    assert client.closed()
    assert 0.1 < time.monotonic() - start_time < 1


def test_a_client_that_drips_header_fields_is_cut_off_in_time(client: Client) -> None:
    start_time = time.monotonic()
    client.send(b"GET / HTTP/1.1\r\n")
    client.socket.settimeout(0.05)
    answer = b""
    while not answer and time.monotonic() - start_time < 2:
        client.send(b"X-A: a\r\n")
        try:
            answer = client.socket.recv(4096)
        except TimeoutError:
            continue
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - start_time < 1


def test_a_connection_that_asks_for_nothing_is_closed_without_a_word(client: Client) -> None:
    start_time = time.monotonic()
    assert client.closed()
    assert time.monotonic() - start_time < 1


def test_a_connection_is_kept_between_requests(client: Client) -> None:
    assert client.get("/").status == 200
    time.sleep(0.4)
    assert client.get("/").status == 200


def test_requests_in_one_piece_are_answered_in_their_order(client: Client) -> None:
    for path in ("/slow", "/a", "/b"):
        client.ask("GET", path)
    client.ask("POST", "/body", "Content-Length: 3", body=b"abc")
    assert [client.answer().body.split()[:2] for _ in range(4)] == [
        [b"GET", b"/slow"], [b"GET", b"/a"], [b"GET", b"/b"], [b"3", b"bytes"]
    ]  # fmt: skip


def test_requests_sent_while_an_answer_is_not_taken_are_answered_in_their_order(run: Callable[..., Any]) -> None:
    """The large answer is written as a whole. Most of it still waits for the client when the other requests arrive."""
    with run("--impatient") as server, server.narrow() as client:
        for path in ("/large", "/later", "/a"):
            client.ask("GET", path)
            time.sleep(0.1)
        assert len(client.answer().body) > 1 << 20
        assert [client.answer().body.split()[:2] for _ in range(2)] == [[b"GET", b"/later"], [b"GET", b"/a"]]


def test_a_refusal_waits_for_the_answers_before_it(client: Client) -> None:
    client.ask("GET", "/slow")
    client.ask("GET", "/a")
    client.send(CHUNKED, b"zz\r\n")
    assert [client.answer().status for _ in range(3)] == [200, 200, 400]
    assert client.closed()


def test_a_half_sent_head_behind_a_request_is_refused_after_its_answer(client: Client) -> None:
    client.ask("GET", "/slow")
    client.send(b"GET / HT")
    assert [client.answer().status for _ in range(2)] == [200, 408]
    assert client.closed()


@pytest.mark.parametrize("target", [b"http://a", b"http://a?x=1", b"http://a/"])
def test_an_absolute_target_may_have_no_path(client: Client, target: bytes) -> None:
    client.send(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = client.answer()
    assert (answer.status, answer.body) == (200, client.get("/").body)


def test_a_pipeline_without_end_is_refused(client: Client) -> None:
    client.ask("GET", "/slow")
    client.send(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * 400)
    assert [client.answer().status for _ in range(258)] == [200] * 257 + [400]
    assert client.closed()


def test_a_client_that_expects_continue_gets_100_continue(client: Client) -> None:
    client.ask("POST", "/body", "Content-Length: 3", "Expect: 100-continue")
    assert client.head() == (100, {})
    client.send(b"abc")
    assert client.answer().body == b"3 bytes"
    assert client.get("/").status == 200


def test_a_client_that_expects_continue_does_not_send_a_body_that_is_too_large(client: Client) -> None:
    client.ask("POST", "/body", "Content-Length: 5000", "Expect: 100-continue")
    answer = client.answer()
    assert (answer.status, answer.fields["connection"]) == (413, "close")
    assert client.closed()


def test_trailers_do_not_become_header_fields(client: Client) -> None:
    client.ask("POST", "/slow", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\nAuthorization: b\r\n\r\n")
    assert b"authorization" not in client.answer().body
    assert client.get("/").status == 200


@pytest.mark.parametrize(
    "junk", [b"1;" + b"a" * 999 + b"\r\na\r\n", b"0\r\nX-A: " + b"a" * 999], ids=["chunk extensions", "a trailer"]
)
def test_framing_without_end_around_a_small_body_is_refused(client: Client, junk: bytes) -> None:
    client.ask("POST", "/hang", "Transfer-Encoding: chunked")
    for _ in range(50):
        client.send(junk)
        junk = b"a" * 999 if junk.startswith((b"0", b"a")) else junk
        time.sleep(0.002)
    assert client.answer().status == 413
    assert client.closed()


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_an_upgrade_is_not_heeded_and_nothing_that_follows_is_lost(client: Client, protocol: str) -> None:
    headers = ("Connection: Upgrade", f"Upgrade: {protocol}")
    client.ask("GET", "/a", *headers)
    client.ask("POST", "/body", *headers, "Content-Length: 3", body=b"abc")
    client.ask("POST", "/body", *headers, "Transfer-Encoding: chunked", body=b"2\r\nab\r\n0\r\n\r\n")
    client.ask("GET", "/b")
    assert [client.answer().body.split()[:2] for _ in range(4)] == [
        [b"GET", b"/a"], [b"3", b"bytes"], [b"2", b"bytes"], [b"GET", b"/b"]
    ]  # fmt: skip


def test_http_1_0_gets_an_answer_without_chunks_that_ends_with_the_connection(client: Client) -> None:
    client.send(b"GET /stream HTTP/1.0\r\n\r\n")
    answer = client.answer()
    assert (answer.status, answer.body) == (200, b"one two ")
    assert "transfer-encoding" not in answer.fields
    assert client.closed()


def test_a_refused_client_is_heard_out_for_a_moment_only(client: Client) -> None:
    client.send(b"GET /\r\n\r\n")
    assert client.answer().status == 400
    assert client.closed()
    client.send(b"more")
    with pytest.raises(ConnectionError):
        for _ in range(50):
            time.sleep(0.02)
            client.send(b"more")


@pytest.mark.parametrize(
    ("version", "headers", "wrong"),
    [
        ("1.1", [(b"host", b"a")], ""),
        ("1.0", [], ""),
        ("1.1", [(b"host", b"a"), (b"transfer-encoding", b"Chunked")], ""),
        ("1.1", [], "A request has exactly one Host."),
        ("1.0", [(b"host", b"a"), (b"host", b"a")], "A request has exactly one Host."),
        ("0.9", [], "HTTP/0.9 is not supported."),
        ("1.0", [(b"transfer-encoding", b"chunked")], "The only Transfer-Encoding taken is chunked, in HTTP/1.1."),
    ],
)
def test_a_malformed_head_that_the_parser_accepts_is_refused(
    version: str, headers: list[tuple[bytes, bytes]], wrong: str
) -> None:
    assert fault(version, b"/", headers) == wrong


@pytest.mark.parametrize("target", [b"*", b"**", b"a", b"?a", b"ftp://a/b"])
def test_a_target_must_be_a_path(target: bytes) -> None:
    assert fault("1.1", target, [(b"host", b"a")]) == "The request target has to be a path, such as /versions."
    for path in (b"/", b"/*", b"http://a/b", b"https://a/b"):
        assert fault("1.1", path, [(b"host", b"a")]) == ""
