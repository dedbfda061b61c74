"""Documents in requests, and the negotiation of the answer's media type."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

PATH = "/v1/graphql"
JSON = "application/json"
RESPONSE = "application/graphql-response+json"
TYPENAME = {"query": "{__typename}"}
TITLES = "{events(first: 20) {nodes {id title summary kind startsAt}}}"

Post = Callable[..., httpx2.Response]


def codes(response: httpx2.Response) -> list[str]:
    """Return the codes of a response's errors."""
    body = response.json()
    assert "data" not in body
    return [error["extensions"]["code"] for error in body["errors"]]


def test_it_answers_over_post_and_get_alike(client: httpx2.Client, post: Post) -> None:
    response = client.get(PATH, params={"query": TITLES})
    assert response.status_code == 200
    assert len(response.json()["data"]["events"]["nodes"]) > 5
    assert response.json() == post({"query": TITLES}).json()


# The body, and the word that the message contains.
MALFORMED: list[tuple[Any, str]] = [
    ([TYPENAME], "Batches"),
    ([], "Batches"),
    ("text", "object"),
    (1, "object"),
    ({}, "query"),
    ({"query": None}, "query"),
    ({"query": ""}, "query"),
    ({"query": " \n"}, "query"),
    ({"query": ["{__typename}"]}, "query"),
    ({"id": "0123abc"}, "query"),
    ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}, "extensions"),
    ({**TYPENAME, "extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}}, "extensions"),
    ({**TYPENAME, "variables": "{}"}, "variables"),
    ({**TYPENAME, "variables": []}, "variables"),
    ({**TYPENAME, "operationName": 1}, "operationName"),
    ({**TYPENAME, "extensions": "x"}, "extensions"),
]


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
@pytest.mark.parametrize(("body", "expected"), MALFORMED)
def test_an_invalid_graphql_request_is_400_in_each_media_type(
    post: Post, body: Any, expected: str, accept: str
) -> None:
    response = post(body, accept=accept)
    assert response.status_code == 400
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert codes(response) == ["invalid_request"]
    assert expected in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"query": "{__typename}"', b"\xff\xfe", b'{"query": "\\ud800"}', b"NaN", b"null"]
)
def test_a_body_that_is_no_json_is_400(client: httpx2.Client, body: bytes) -> None:
    response = client.post(PATH, content=body, headers={"content-type": JSON})
    assert response.status_code == 400
    assert codes(response) == ["invalid_request"]


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
    ],
)
def test_a_body_of_another_type_is_415(client: httpx2.Client, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    response = client.post(PATH, content=json.dumps(TYPENAME), headers=headers)
    assert response.status_code == 415
    assert codes(response) == ["unsupported_media_type"]


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON", 'application/json; charset="UTF-8"', "application/json;charset=utf-8"],
)
def test_json_in_utf_8_is_taken_however_it_is_written(client: httpx2.Client, kind: str) -> None:
    response = client.post(PATH, content=json.dumps(TYPENAME), headers={"content-type": kind})
    assert response.json()["data"] == {"__typename": "Query"}


def test_a_compressed_body_is_415(client: httpx2.Client) -> None:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    response = client.post(PATH, content=gzip.compress(json.dumps(TYPENAME).encode()), headers=headers)
    assert response.status_code == 415
    assert codes(response) == ["unsupported_media_type"]


def test_a_body_above_64_kib_is_413(post: Post) -> None:
    response = post({**TYPENAME, "variables": {"x": "x" * 65536}})
    assert response.status_code == 413
    assert codes(response) == ["body_too_large"]


# Requests that graphql-core refuses: an answer in application/json, a status in the newer type.
REFUSED: list[dict[str, Any]] = [
    {"query": "{"},
    {"query": "{nothing}"},
    {"query": "fragment A on Query {__typename}"},
    {"query": "query A {__typename} query B {__typename}"},
    {"query": "query A {__typename} query B {__typename}", "operationName": "C"},
    {"query": "query A {__typename}", "operationName": "a"},
    {"query": "query A {__typename} query A {__typename}", "operationName": "A"},
    {"query": "query ($id: ID!) {event(id: $id) {id}}"},
    {"query": "query ($id: ID!) {event(id: $id) {id}}", "variables": {"id": None}},
    {"query": "query ($first: Int) {events(first: $first) {nodes {id}}}", "variables": {"first": "many"}},
    {"query": "{events(first: 0) {nodes {id}}}"},
    {"query": "mutation {__typename}"},
    {"query": "subscription {__typename}"},
]


@pytest.mark.parametrize("body", REFUSED)
def test_a_document_that_is_refused_is_an_answer_in_json_and_400_in_the_newer_type(
    post: Post, body: dict[str, Any]
) -> None:
    older, newer = post(body, accept=JSON), post(body, accept=RESPONSE)
    assert (older.status_code, newer.status_code) == (200, 400)
    assert set(codes(older)) == {"invalid_request"}
    assert older.json() == newer.json()


@pytest.mark.parametrize(("keyword", "status"), [("mutation", 405), ("subscription", 400)])
def test_a_get_changes_nothing(client: httpx2.Client, keyword: str, status: int) -> None:
    response = client.get(PATH, params={"query": f"{keyword} {{__typename}}"}, headers={"accept": RESPONSE})
    assert response.status_code == status


def test_the_operation_is_chosen_by_its_name(post: Post) -> None:
    query = "query A {a: __typename} query B {b: __typename}"
    assert post({"query": query, "operationName": "A"}).json()["data"] == {"a": "Query"}
    assert post({"query": query, "operationName": "B"}).json()["data"] == {"b": "Query"}
    assert post({"query": "query A {a: __typename}", "operationName": ""}).json()["data"] == {"a": "Query"}


def test_extensions_that_are_not_known_and_further_keys_are_ignored(post: Post) -> None:
    body = {**TYPENAME, "extensions": {"tracing": {"version": 1}, "x": 1}, "id": "7"}
    response = post(body)
    assert response.status_code == 200
    assert response.json()["data"] == {"__typename": "Query"}


# The Accept header, and the media type of the answer.
ACCEPTED = [
    (None, JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    (JSON, JSON),
    (RESPONSE, RESPONSE),
    (f"{RESPONSE}, {JSON}", JSON),
    (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
    (f"{JSON};q=0.5, {RESPONSE};q=0.9", RESPONSE),
    (f"{RESPONSE};charset=utf-8, */*;q=0.1", RESPONSE),
    ("text/html;q=0.5, */*;q=0.9", JSON),
    (f"{JSON};q=0, */*", RESPONSE),
]


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTED)
def test_the_media_type_is_the_one_that_the_client_likes_best(
    client: httpx2.Client, accept: str | None, media_type: str
) -> None:
    request = client.build_request("GET", PATH, params=TYPENAME)
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    response = client.send(request)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert "accept" in response.headers["vary"].lower()


@pytest.mark.parametrize("accept", ["text/csv", "application/xml, text/plain", f"{JSON};q=0, {RESPONSE};q=0"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unsupported_media_type_is_406(client: httpx2.Client, method: str, accept: str) -> None:
    arguments: dict[str, Any] = {"params": TYPENAME} if method == "GET" else {"json": TYPENAME}
    response = client.request(method, PATH, headers={"accept": accept}, **arguments)
    assert response.status_code == 406
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "not_acceptable"


def test_html_is_for_those_who_open_the_console_not_for_a_post(post: Post) -> None:
    assert post(TYPENAME, accept="text/html").status_code == 406


# A query string, and the parameter that the error names.
URLS = [
    ("", "query"),
    ("query=", "query"),
    ("query={__typename}&limit=3", "limit"),
    ("query={__typename}&query={__typename}", "query"),
    ("query={__typename}&variables={", "variables"),
    ("query={__typename}&variables=[]", "variables"),
    ("query={__typename}&variables=1", "variables"),
    ("query={__typename}&extensions=[]", "extensions"),
    ("query=%FF", "query"),
    ("query=%7", "query"),
    ("query={__typename}&Query=x", "Query"),
]


@pytest.mark.parametrize(("query_string", "expected"), URLS)
def test_an_invalid_graphql_url_is_400_and_names_the_parameter(
    client: httpx2.Client, query_string: str, expected: str
) -> None:
    response = client.get(f"{PATH}?{query_string}")
    assert response.status_code == 400
    assert codes(response) == ["invalid_request"]
    assert expected in [error["parameter"] for error in response.json()["errors"][0]["extensions"]["errors"]]


def test_a_url_carries_variables_and_the_operation_name(client: httpx2.Client) -> None:
    query = "query A($first: Int) {events(first: $first) {nodes {id}}} query B {__typename}"
    params = {"query": query, "variables": '{"first": 2}', "operationName": "A", "extensions": "{}"}
    response = client.get(PATH, params=params)
    assert len(response.json()["data"]["events"]["nodes"]) == 2


def test_head_is_get_without_its_body(client: httpx2.Client) -> None:
    head, get = (client.request(method, PATH, params={"query": TITLES}) for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "vary", "cache-control"):
        assert head.headers[name] == get.headers[name]


def test_options_lists_the_methods(client: httpx2.Client) -> None:
    response = client.options(PATH)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_405_with_allow(client: httpx2.Client, method: str) -> None:
    response = client.request(method, PATH)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert response.json()["code"] == "method_not_allowed"


def test_a_page_of_another_origin_may_ask(client: httpx2.Client, post: Post) -> None:
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    preflight = client.options(PATH, headers={**headers, "access-control-request-headers": "content-type, x-api-key"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
    response = post(TYPENAME, origin="https://elsewhere.example")
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers
    assert "ETag" in response.headers["access-control-expose-headers"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_long_answer_is_compressed_for_those_who_accept_it(client: httpx2.Client, method: str) -> None:
    arguments: dict[str, Any] = {"params": {"query": TITLES}} if method == "GET" else {"json": {"query": TITLES}}
    plain = client.request(method, PATH, headers={"accept-encoding": "identity"}, **arguments)
    compressed = client.request(method, PATH, headers={"accept-encoding": "gzip"}, **arguments)
    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert int(compressed.headers["content-length"]) < int(plain.headers["content-length"])
    assert compressed.json() == plain.json()
    assert "accept-encoding" in compressed.headers["vary"].lower()


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_get_is_answered_304_to_those_who_have_it(client: httpx2.Client, coding: str) -> None:
    headers = {"accept-encoding": coding}
    first = client.get(PATH, params={"query": TITLES}, headers=headers)
    tag = first.headers["etag"]
    again = client.get(PATH, params={"query": TITLES}, headers={**headers, "if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert (
        client.get(PATH, params={"query": TITLES}, headers={**headers, "if-none-match": '"other"'}).status_code == 200
    )


def test_a_post_has_no_tag_and_is_not_kept(post: Post) -> None:
    response = post({"query": TITLES}, if_none_match="*")
    assert response.status_code == 200
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_an_error_over_get_is_not_kept_either(client: httpx2.Client) -> None:
    response = client.get(PATH, params={"query": "{nothing}"})
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert "etag" not in response.headers
