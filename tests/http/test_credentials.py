"""The key of a request comes in one of two header fields. A refused key is never repeated."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.access import key
from api.errors import ExpiredKey, Forbidden, InvalidKey, InvalidRequest, RequestError, RevokedKey, Unauthenticated
from api.http.problems import document
from api.http.request import HttpRequest
from api.middleware.credentials import LONGEST, read_credentials
from tests.http.requests import make_request

KEY = key.new("live").text
OTHER = key.new("live").text


def request_with(*fields: tuple[str, str]) -> HttpRequest:
    return make_request(*((name.encode(), value.encode("latin-1")) for name, value in fields))


@pytest.mark.parametrize(
    "fields",
    [
        [("authorization", f"Bearer {KEY}")],
        [("authorization", f"bearer {KEY}")],
        [("authorization", f"BEARER   {KEY} ")],
        [("x-api-key", KEY)],
        [("x-api-key", f" {KEY} ")],
        [("x-api-key", KEY), ("authorization", f"Bearer {KEY}")],
        [("x-api-key", KEY), ("x-api-key", KEY)],
        [("x-api-key", KEY), ("x-api-key", "")],
        [("x-api-key", ""), ("authorization", f"Bearer {KEY}")],
        [("x-api-key", KEY), ("authorization", "Bearer ")],
    ],
)
def test_a_key_is_taken_either_way(fields: list[tuple[str, str]]) -> None:
    assert read_credentials(request_with(("accept", "*/*"), *fields)) == KEY


@pytest.mark.parametrize(
    "fields",
    [
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("x-api-key", "")],
        [("x-api-key", ""), ("authorization", "Bearer")],
        [("x-api-key", ""), ("x-api-key", "")],
    ],
)
def test_an_empty_key_is_distinguished_from_no_key(fields: list[tuple[str, str]]) -> None:
    assert read_credentials(request_with(*fields)) == ""


def test_a_request_without_a_key_has_none() -> None:
    assert read_credentials(request_with(("cookie", f"key={KEY}"), ("proxy-authorization", f"Bearer {KEY}"))) is None


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ([("authorization", f"Bearer {KEY}"), ("x-api-key", OTHER)], InvalidRequest),
        ([("authorization", f"Bearer {KEY}"), ("authorization", f"Bearer {OTHER}")], InvalidRequest),
        ([("authorization", "Basic dXNlcjpzZWNyZXQ=")], Unauthenticated),
        ([("authorization", "Digest username=x")], Unauthenticated),
        ([("authorization", KEY)], Unauthenticated),
        ([("authorization", "")], Unauthenticated),
        ([("x-api-key", "x" * (LONGEST + 1))], InvalidKey),
    ],
)
def test_invalid_credentials_are_reported_and_not_repeated(
    fields: list[tuple[str, str]], error: type[RequestError]
) -> None:
    with pytest.raises(error) as exc_info:
        read_credentials(request_with(*fields))
    assert type(exc_info.value) is error
    assert exc_info.value.hint.startswith("Send the key as `Authorization: Bearer …`")
    body = repr(document(exc_info.value, "id"))
    for secret in (KEY, OTHER, "dXNlcjpzZWNyZXQ=", "xxxx"):
        assert secret not in body


@given(some.text(some.characters(max_codepoint=255)))
def test_any_text_is_a_key_or_empty_or_refused(value: str) -> None:
    for fields in ([("authorization", value)], [("x-api-key", value)], [("authorization", f"Bearer {value}")]):
        try:
            key = read_credentials(request_with(*fields))
        except RequestError:
            continue
        assert key is not None and len(key) <= LONGEST
        assert key or not value.strip()


@pytest.mark.parametrize(
    ("error", "status", "challenge"),
    [
        (Unauthenticated("x"), 401, 'Bearer realm="briefing"'),
        (InvalidKey("x"), 401, 'Bearer realm="briefing", error="invalid_token", error_description="The key is '),
        (
            ExpiredKey("x"),
            401,
            'Bearer realm="briefing", error="invalid_token", error_description="The key has expired."',
        ),
        (
            RevokedKey("x"),
            401,
            'Bearer realm="briefing", error="invalid_token", error_description="The key was revoked."',
        ),
        (Forbidden("x", "admin"), 403, 'Bearer realm="briefing", error="insufficient_scope", scope="admin"'),
        (Forbidden("x"), 403, 'Bearer realm="briefing", error="insufficient_scope"'),
    ],
)
def test_a_refusal_explains_how_to_authenticate(error: RequestError, status: int, challenge: str) -> None:
    """RFC 6750, 3: each 401 has a challenge, which has an error only if a key was sent. Quoted texts contain no
    quotes."""
    answer_status, headers, body = document(error, "id")
    fields = dict(headers)
    assert (answer_status, orjson.loads(body)["code"]) == (status, error.code)
    assert fields[b"www-authenticate"].decode().startswith(challenge)
    assert fields[b"www-authenticate"].count(b'"') % 2 == 0
    assert b"`" not in fields[b"www-authenticate"] and b"\\" not in fields[b"www-authenticate"]
