"""A 304 is free because it takes no work: its tag is verified before the request is read. No client can make one."""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx2
import pytest

from api import __version__
from api.access.caller_cache import CallerCache
from api.http.responses import MAX_TAGS
from api.service.entity_tags import EntityTags
from api.store.migrate import migrate
from tests.limits.conftest import Access, Client
from tests.limits.test_reading import EVENT, inside, work_counts

__all__ = ["inside", "work_counts"]

PATHS = ["/v1/events?limit=3&sort=id", "/v2/graphql?query={places(first:2){nodes{id}}}", "/"]


def fields(path: str) -> dict[str, str]:
    """Return the header fields for a request of the path. Browsers get a page at /, which shows the host."""
    return {"accept": "text/html" if path == "/" else "*/*", "host": "briefing.example"}


@pytest.fixture
def event(client: Client) -> str:
    """The path of a record."""
    identifier = client.get("/v2/events?limit=1").json()["data"][0]["id"]
    assert identifier != EVENT
    return f"/v2/events/{identifier}?include=quotes"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_tag_is_verified_without_reading_the_request_and_without_a_point(
    access: Access, client: Client, inside: Client, work_counts: Counter[str], path: str, method: str
) -> None:
    """Use a tag that another process made, for a caller who has no points left."""
    headers = fields(path)
    tag = client.get(path, **headers).headers["etag"]
    key = await access.key(burst=1, points_minute=1)
    assert inside.get("/v2/events?nothing=1", key).status_code == 400
    work_counts.clear()
    for tag_header in (tag, f"W/{tag.removeprefix('W/')}", f'"x", {tag}'):
        answer = inside.http.request(method, path, headers={**key, **headers, "if-none-match": tag_header})
        assert (answer.status_code, answer.content) == (304, b""), tag_header
        assert answer.headers.get("ratelimit-cost", "0") == "0"
    assert not work_counts


async def test_a_record_has_such_a_tag_too(
    access: Access, client: Client, inside: Client, work_counts: Counter[str], event: str
) -> None:
    tag = client.get(event).headers["etag"]
    key = await access.key(burst=1, points_minute=1)
    assert inside.get("/v2/events?nothing=1", key).status_code == 400
    work_counts.clear()
    assert inside.get(event, key, if_none_match=tag).status_code == 304
    assert inside.get(event, key, if_none_match=tag.replace("-", "-0", 1)).status_code == 429
    assert not work_counts


def points_left(answer: httpx2.Response) -> list[int]:
    """Return the points left of each limit, as an answer states them."""
    return [int(points) for points in re.findall(r";r=(\d+);", answer.headers["ratelimit"])]


@pytest.mark.parametrize("path", PATHS)
async def test_a_304_says_what_is_left_and_takes_nothing(access: Access, client: Client, path: str) -> None:
    headers = fields(path)
    # A point comes back in 20 seconds, so none does while the test runs. The home page takes up to 137.
    key = await access.key(burst=180, points_minute=3, points_day=1000)
    first = client.get(path, key, **headers)
    assert int(first.headers["ratelimit-cost"]) > 0
    for _ in range(20):
        same = client.get(path, key, **headers, if_none_match=first.headers["etag"])
        assert (same.status_code, same.headers["ratelimit-cost"]) == (304, "0")
        assert same.headers["ratelimit-policy"] == first.headers["ratelimit-policy"]
        assert points_left(same) == points_left(first)
    fewer = client.get("/v2/events?limit=2&sort=id", key)
    same = client.get(path, key, **headers, if_none_match=first.headers["etag"])
    assert points_left(same) == points_left(fewer) != points_left(first)


async def test_a_304_to_a_caller_without_points_says_so(access: Access, client: Client) -> None:
    path = "/v2/places?limit=2"
    tag = client.get(path).headers["etag"]
    key = await access.key(burst=1, points_minute=1)
    assert client.get("/v2/places?nothing=1", key).status_code == 400
    same = client.get(path, key, if_none_match=tag)
    assert (same.status_code, points_left(same)[0]) == (304, 0)


async def test_no_tag_can_be_made_from_the_public_source(access: Access, client: Client) -> None:
    path = "/v1/sources?limit=4"
    tag = client.get(path).headers["etag"].strip('"').removesuffix("-gzip")
    mask, code, mark = tag.split("-")
    message = f"{__version__}\0{mask}\0{mark}\0".encode() + b"/v1/sources\0limit=4\0application/json"
    guesses = [hmac.digest(secret, message, "sha256")[:12].hex() for secret in (b"", b"\0" * 32, b"entity_tags")]
    key = await access.key()
    for guess in (*guesses, "0" * 24, code[::-1]):
        answer = client.get(path, key, if_none_match=f'"{mask}-{guess}-{mark}"')
        assert (answer.status_code, answer.headers["ratelimit-cost"]) == (200, "4")


@pytest.mark.parametrize(
    "other", ["/v1/sources?limit=6", "/v1/sources?limit=5&", "/v2/sources?limit=5", "/v1/places?limit=5"]
)
async def test_a_tag_of_another_url_gets_nothing_for_free(access: Access, client: Client, other: str) -> None:
    tag = client.get("/v1/sources?limit=5").headers["etag"]
    answer = client.get(other, await access.key(), if_none_match=tag)
    assert answer.status_code == 200 and int(answer.headers["ratelimit-cost"]) > 1


async def test_a_tag_of_another_media_type_gets_nothing_for_free(access: Access, client: Client) -> None:
    path = f"/v1/graphql?query={quote('{sources(first:3){nodes{id}}}')}"
    tag = client.get(path, accept="application/json").headers["etag"]
    key = await access.key()
    assert client.get(path, key, if_none_match=tag, accept="application/json").status_code == 304
    answer = client.get(path, key, if_none_match=tag, accept="application/graphql-response+json")
    assert (answer.status_code, answer.headers["ratelimit-cost"]) == (200, "3")


def test_few_tags_of_one_request_are_looked_at(inside: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = inside.get("/v1/places?limit=3").headers["etag"]
    tags: list[str] = []
    look: Callable[..., bool] = EntityTags.is_current

    def counting(self: EntityTags, secret: bytes, requested: bytes, tag_header: str, mark_of: Any) -> bool:
        tags.append(tag_header)
        return look(self, secret, requested, tag_header, mark_of)

    monkeypatch.setattr(EntityTags, "is_current", counting)
    mask, _, mark = tag.strip('"').split("-")[:3]
    wrong = [f'"{mask}-{number:024x}-{mark}"' for number in range(200)]
    assert inside.get("/v1/places?limit=3", if_none_match=", ".join([*wrong, tag])).status_code == 200
    assert len(tags) == MAX_TAGS
    assert inside.get("/v1/places?limit=3", if_none_match=", ".join([*wrong[: MAX_TAGS - 1], tag])).status_code == 304


@pytest.mark.parametrize("path", PATHS)
def test_no_tag_is_sent_until_the_secret_is_read(inside: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    tag = inside.get(path, **fields(path)).headers["etag"]
    monkeypatch.setattr(CallerCache, "tag_secret", None)
    for tag_header in (tag, "*", ""):
        answer = inside.get(path, if_none_match=tag_header, **fields(path))
        assert answer.status_code == 200 and "etag" not in answer.headers


async def test_each_store_has_a_secret_of_its_own(store: str, fresh_database: Any) -> None:
    secrets = set()
    other = await fresh_database()
    await migrate(other)
    for url in (store, other):
        connection = await asyncpg.connect(url)
        secrets.add(await connection.fetchval("select value from access.secret where name = 'entity_tags'"))
        await connection.close()
    assert len(secrets) == 2 and {len(secret) for secret in secrets} == {32}
