"""The origins that may read answers, and the preflights that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from api.http.problems import HTTPError
from api.middleware.cors import Origins
from tests.http.requests import make_request

LISTED = Origins("https://a.example, https://b.example")
ANY = Origins("*")
METHOD = (b"access-control-request-method", b"GET")


def preflight_fields(origins: Origins, *fields: tuple[bytes, bytes]) -> dict[bytes, bytes] | None:
    """Return the header fields of the answer to a preflight; None if the request is not one."""
    response = origins.preflight(make_request(*fields, method="OPTIONS"))
    if response is None:
        return None
    assert response.status == 200
    return dict(response.headers)


def origin(name: str) -> tuple[bytes, bytes]:
    return (b"origin", name.encode())


def test_a_listed_origin_may_read_and_caches_keep_origins_apart() -> None:
    answer_fields = dict(LISTED.fields(make_request(origin("https://b.example"))))
    assert answer_fields[b"access-control-allow-origin"] == b"https://b.example"
    assert b"ETag" in answer_fields[b"access-control-expose-headers"]
    for fields in ([], [origin("https://c.example")], [origin("https://a.example.evil")]):
        assert LISTED.fields(make_request(*fields)) == [(b"vary", b"origin")]
    assert dict(ANY.fields(make_request()))[b"access-control-allow-origin"] == b"*"


@pytest.mark.parametrize("origins", [LISTED, ANY])
def test_a_preflight_of_an_allowed_origin_is_answered(origins: Origins) -> None:
    request_fields = (b"access-control-request-headers", b"content-type, X-API-Key,if-none-match")
    answer_fields = preflight_fields(origins, origin("https://a.example"), METHOD, request_fields)
    assert answer_fields is not None
    assert b"POST" in answer_fields[b"access-control-allow-methods"]
    assert b"X-API-Key" in answer_fields[b"access-control-allow-headers"]
    assert answer_fields[b"access-control-max-age"] == b"86400"


@pytest.mark.parametrize("origins", [LISTED, ANY])
@pytest.mark.parametrize(
    "names",
    [
        "traceparent,tracestate,baggage,sentry-trace",
        "apollographql-client-name, apollographql-client-version, apollo-require-preflight",
        "Cache-Control,Pragma,X-Requested-With,Range",
        "x-b3-traceid,newrelic,x-datadog-trace-id,if-modified-since",
        "secret,proxying,x-cookie,!#$%&'*+.^_`|~1",
    ],
)
def test_a_preflight_may_ask_for_any_field_that_browsers_let_pages_set(origins: Origins, names: str) -> None:
    request_fields = (b"access-control-request-headers", names.encode())
    answer_fields = preflight_fields(origins, origin("https://b.example"), METHOD, request_fields)
    assert answer_fields is not None
    allowed = answer_fields[b"access-control-allow-headers"].decode().lower().split(", ")
    assert {name.strip().lower() for name in names.split(",")} <= set(allowed)
    assert {"authorization", "x-api-key", "content-type"} <= set(allowed)
    assert len(allowed) == len(set(allowed))
    assert b"access-control-allow-credentials" not in answer_fields


@pytest.mark.parametrize("names", ["cookie", "x-a, Host", "proxy-authorization", "Sec-Fetch-Mode", "dnt"])
def test_a_preflight_for_a_field_that_browsers_keep_to_themselves_is_refused(names: str) -> None:
    with pytest.raises(HTTPError, match="none of these"):
        preflight_fields(ANY, origin("https://b.example"), METHOD, (b"access-control-request-headers", names.encode()))


@pytest.mark.parametrize("names", ["a b", "a:b", "é", "x" * 101, '"x"'])
def test_a_preflight_for_an_invalid_field_name_is_refused(names: str) -> None:
    with pytest.raises(HTTPError, match="Expected names of header fields"):
        preflight_fields(
            ANY, origin("https://b.example"), METHOD, (b"access-control-request-headers", names.encode("latin-1"))
        )


def test_a_preflight_for_very_many_fields_is_refused() -> None:
    few, many = (",".join(f"x-{at}" for at in range(size)).encode() for size in (100, 101))
    assert preflight_fields(ANY, origin("https://b.example"), METHOD, (b"access-control-request-headers", few))
    with pytest.raises(HTTPError, match="at most 100"):
        preflight_fields(ANY, origin("https://b.example"), METHOD, (b"access-control-request-headers", many))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((origin("https://c.example"), METHOD), "origin"),
        ((origin("https://a.example"), (b"access-control-request-method", b"PUT")), "methods GET"),
        ((origin("https://a.example"), METHOD, (b"access-control-request-headers", b"cookie")), "header fields"),
    ],
)
def test_a_preflight_that_is_refused_says_what_is_allowed(fields: Any, expected: str) -> None:
    with pytest.raises(HTTPError, match=expected) as exc_info:
        preflight_fields(LISTED, *fields)
    assert exc_info.value.code == "invalid_request"


def test_other_options_requests_reach_the_application() -> None:
    assert preflight_fields(LISTED, METHOD) is None
    assert preflight_fields(LISTED, origin("https://c.example")) is None
