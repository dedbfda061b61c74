"""A key that is bound to origins works in their pages alone. It is no secret, so its plan is what limits its use."""

from __future__ import annotations

import pytest

from tests.limits.conftest import Access, Client

PAGE = "https://news.example"
DOCUMENT = "{ places(first: 1) { nodes { id } } }"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": PAGE}, 200),
        ({"origin": "http://127.0.0.1:3000"}, 200),
        ({"origin": PAGE, "sec_fetch_site": "cross-site"}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "https://other.example"}, 403),
        ({"origin": "https://news.example.evil.example"}, 403),
        ({"origin": "http://news.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://other.example", "sec_fetch_site": "same-origin"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "none"}, 403),
        ({"referer": f"{PAGE}/page"}, 403),
    ],
)
async def test_only_pages_of_its_origins_may_use_a_key(
    access: Access, client: Client, headers: dict[str, str], status: int
) -> None:
    key = await access.key(origins=(PAGE, "http://127.0.0.1:3000"))
    for path in ("/v2/places?limit=1", "/v2/places.csv?limit=1", "/v2/me"):
        answer = client.get(path, key, **headers)
        assert answer.status_code == status, path
    if status == 403:
        assert answer.json()["code"] == "forbidden"
    fields = {**key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    assert client.ask(DOCUMENT, fields).status_code == status


async def test_a_cached_answer_does_not_get_around_the_limit(access: Access, client: Client) -> None:
    key = await access.key(origins=(PAGE,))
    tag = client.get("/v2/places?limit=1", key, origin=PAGE).headers["etag"]
    assert client.get("/v2/places?limit=1", key, if_none_match=tag).status_code == 403
    assert client.get("/v2/places?limit=1", key, if_none_match=tag, origin=PAGE).status_code == 304


async def test_a_key_without_origins_works_everywhere(access: Access, client: Client) -> None:
    key = await access.key()
    assert client.get("/v2/places?limit=1", key, origin="https://other.example").status_code == 200
