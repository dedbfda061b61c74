"""Invalid header fields, methods and framing, sent to the service as operators run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hostile.raw_client import RawClient

LIST = "/v1/events?limit=1"
POST = b"POST /v1/graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


NO_HTTP = [
    POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    b"GET /v1/events HTTP/1.1\r\nHost: a\r\nX-A: a\x00b\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\rX-Evil: 1\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\nX-Evil: 1\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /v1/events\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /v1/events?q=\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /v1/events?q=a b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://[::1/v1/events HTTP/1.1\r\nHost: a\r\n\r\n",
    b"get /v1/events HTTP/1.1\r\nHost: a\r\n\r\n",
    b"NONSENSE /v1/events HTTP/1.1\r\nHost: a\r\n\r\n",
]


@pytest.mark.parametrize("data", NO_HTTP)
def test_invalid_http_is_a_400_and_closes_the_connection(raw_client: RawClient, data: bytes) -> None:
    answer = raw_client.send(data)
    assert (answer.status, answer.problem["code"]) == (400, "invalid_request")
    assert answer.fields["connection"] == "close"
    assert "x-evil" not in answer.fields


def test_floods_of_header_fields_are_a_431(raw_client: RawClient) -> None:
    assert raw_client.get(LIST, "X-A: " + "a" * 20_000).status == 431
    assert raw_client.get(LIST, *["X-A: " + "a" * 100] * 300).status == 431
    assert raw_client.get(LIST, "Cookie: " + "a=b; " * 4000).status == 431
    assert raw_client.get(LIST, *["X-A: a"] * 1000).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "POST"])
def test_a_method_that_is_not_offered_is_a_405_whatever_overrides_it(raw_client: RawClient, method: str) -> None:
    answer = raw_client.get(
        LIST, "X-HTTP-Method-Override: GET", "X-HTTP-Method: GET", "X-Method-Override: GET", method=method
    )
    assert (answer.status, answer.problem["code"]) == (405, "method_not_allowed")
    assert {method.strip() for method in answer.fields["allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    assert raw_client.get(f"{LIST}&_method=DELETE").status == 400
    assert raw_client.get(LIST, f"X-HTTP-Method-Override: {method}").status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200), ("*/*", 200), ("application/*", 200), ("application/json; charset=utf-8", 200), ("text/html", 406),
        ("application/json;q=0", 406), ("*/*;q=0", 406), ("application/json;q=0, */*", 406),
        ("application/json;q=abc", 200), ("text/html;q=abc, text/html", 406), ("text/html, nonsense", 406),
        ("application/json;q=nan", 200), ("application/json;q=2", 200), ("application/json;q=-1", 200), (",,,", 200),
        (";", 200),
        ("a" * 5000, 200), (",".join(["text/a;q=0.1"] * 1000), 406), (",".join(["text/a"] * 1000) + ",*/*;q=0.1", 406),
        (",".join(["text/a"] * 30) + ",*/*;q=0.1", 200),
        ("\xff\xfe", 200), ("*", 200), ("*/json", 406), ("APPLICATION/JSON", 200),
        ("image/*, text/plain;q=0.5, */*;q=0.1", 200),
        ("application/json;q=" + "9" * 5000, 200), ("application/json" + ";a=b" * 2000, 200),
    ],
)  # fmt: skip
def test_unusual_accept_headers_are_met_or_a_406(raw_client: RawClient, accept: str, status: int) -> None:
    answer = raw_client.get(LIST, f"Accept: {accept}")
    assert answer.status == status
    assert status == 200 or answer.problem["code"] == "not_acceptable"


def test_odd_entity_tags_are_compared_or_no_match(raw_client: RawClient) -> None:
    tag = raw_client.get(LIST).fields["etag"]
    many = ", ".join(f'"{number}"' for number in range(1500))
    for tag_header in ("*", tag, f"W/{tag}", f'"x", {tag}', f'{tag[:-1]}-gzip"', f'"1", "2", {tag}', f" {tag} ,"):
        answer = raw_client.get(LIST, f"If-None-Match: {tag_header}")
        assert (answer.status, answer.body) == (304, b"")
    for tag_header in (
        "",
        '"',
        '""',
        ",,,",
        "*, *",
        tag.strip('"'),
        tag[:-2] + '"',
        "\xff",
        "x" * 10_000,
        many,
        f"w/{tag}",
        f"{many}, {tag}",
    ):
        assert raw_client.get(LIST, f"If-None-Match: {tag_header}").status == 200


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "", "a'\"<script>", "\xff", "http://a, http://b"])
def test_any_origin_may_read_and_none_gets_credentials(raw_client: RawClient, origin: str) -> None:
    answer = raw_client.get(LIST, f"Origin: {origin}", "Cookie: a=b")
    assert answer.fields["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.fields
    headers = ("Access-Control-Request-Method: GET", "Access-Control-Request-Headers: if-none-match")
    assert raw_client.get(LIST, f"Origin: {origin}", *headers, method="OPTIONS").status == 200
    refusal = raw_client.get(LIST, f"Origin: {origin}", "Access-Control-Request-Method: PUT", method="OPTIONS")
    assert (refusal.status, refusal.problem["code"]) == (400, "invalid_request")
    assert refusal.fields["x-request-id"] == refusal.problem["request_id"]


def test_options_with_an_asterisk_is_a_400(raw_client: RawClient) -> None:
    for target in ("*", "**", "a"):
        answer = raw_client.send(f"OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert (answer.status, answer.problem["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "request_id", ["a b", "a\tb", "a%0d%0aX-Evil: 1", "x" * 65, "\xe9", "<script>", "", "a,b", "a;b", "'", "\x85"]
)
def test_an_invalid_request_id_is_replaced(raw_client: RawClient, request_id: str) -> None:
    answer = raw_client.get(LIST, f"X-Request-Id: {request_id}")
    assert len(answer.fields["x-request-id"]) == 16
    assert "x-evil" not in answer.fields
    assert raw_client.get(LIST, "X-Request-Id: a.b_c-1").fields["x-request-id"] == "a.b_c-1"


def test_nothing_that_is_echoed_becomes_a_header_field_or_a_page(raw_client: RawClient) -> None:
    answer = raw_client.get("/v1/events?tag=%0D%0AX-Evil:1&%3Cscript%3E=1")
    assert "x-evil" not in answer.fields
    assert answer.fields["content-type"] == "application/problem+json"
    assert answer.fields["x-content-type-options"] == "nosniff"
    link = raw_client.get("/v1/events?limit=1&tag=all,humanitarian-corridor,talks,war%3Ca%3E").fields.get("link", "")
    assert "<a>" not in link
    answer = raw_client.get("/v1/events?limit=1&q=a%3E%0A%22or%22b&count=exact")
    assert "\n" not in answer.fields.get("link", "")


@pytest.mark.parametrize("host", ["", "evil.example", 'evil"><script>', "a" * 5000, "[::1]:1", "\xff"])
def test_the_host_header_is_never_trusted(raw_client: RawClient, host: str) -> None:
    answer = raw_client.send(f"GET {LIST} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
    assert answer.status == 200
    assert "evil" not in json.dumps(answer.fields)
    forwarded = (
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: evil",
        "Forwarded: host=evil.example",
        "X-Original-URL: /evil",
    )
    assert "evil" not in json.dumps(raw_client.get(LIST, *forwarded).fields)
    assert raw_client.send(b"GET http://evil.example/v1/events?limit=1 HTTP/1.1\r\nHost: a\r\n\r\n").status == 200


@pytest.mark.parametrize("field", ["Range: bytes=0-1", "Expect: 200-ok", "Accept-Encoding: gzip;q=abc",
"TE: trailers, x",
                                   "If-Modified-Since: x", "If-Match: x", "Accept-Encoding: " + "gzip," * 2000,
                                   "Content-Length: 0", "Upgrade: websocket"])  # fmt: skip
def test_irrelevant_header_fields_change_nothing(raw_client: RawClient, field: str) -> None:
    assert raw_client.get("/v1/events", field).status in (200, 400)
