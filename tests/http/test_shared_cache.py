"""The header fields of answers with a shared cache in front of the service, and without one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.access.plans import Plans
from api.ingest.load import load
from api.store.access import AccessStore
from api.store.migrate import migrate
from tests.rest.conftest import SAMPLE, run

SHARED = "public, max-age=0, s-maxage=1, stale-if-error=60"
VARY = {"accept", "accept-encoding", "authorization", "x-api-key", "at-least-edition", "accept-datetime"}
# Lists and records, with the resources that they are read from.
DATA = {
    "/v2/places?limit=2": {"place"},
    "/v1/events?limit=1": {"event"},
    "/v1/events?include=place&limit=1": {"event", "place"},
    "/v2/events?count=exact&limit=1": {"event", "place"},
}
NOT_SHARED = ("/v2/graphql?query={sources(first:1){nodes{id}}}", "/v2/datapackage.json", "/")
EXPORTS = ("/v2/places.csv", "/v2/places.ndjson?limit=1")
# The home page; programs get an index at the same URL.
HTML = {"/": {"Accept": "text/html"}}
DOCUMENTS = ("/v2/openapi.json", "/v2/schema.graphql", "/versions")


@pytest.fixture(scope="module")
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    """A store with the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


@pytest.fixture(scope="module")
async def key(store: str) -> str:
    access = AccessStore(store)
    try:
        return (await Keys(access, "live", "test").create(NewKey("test", "partner"))).secret.text
    finally:
        await access.close()


@contextmanager
def serve(store: str, **settings: str) -> Iterator[httpx2.Client]:
    """Serve the store with these settings, which no other service of the tests gets."""
    named = {f"BRIEFING_{name.upper()}": value for name, value in settings.items()}
    with ExitStack() as stack:
        with patch.dict("os.environ", {"BRIEFING_LIMITS": "true", **named}):
            client = stack.enter_context(run(store))
        yield client


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[httpx2.Client]:
    """A client of a service with a shared cache."""
    with serve(store, shared_cache="on") as client:
        yield client


@pytest.fixture(scope="module")
def plain(store: str) -> Iterator[httpx2.Client]:
    """A client of a service without one."""
    with serve(store) as client:
        yield client


def vary(answer: httpx2.Response) -> set[str]:
    """Return the names of Vary, which has one line."""
    lines = answer.headers.get_list("vary")
    assert len(lines) == 1, lines
    return set(lines[0].split(", "))


def test_an_answer_of_a_named_edition_is_kept_as_without_the_setting(
    client: httpx2.Client, plain: httpx2.Client, key: str
) -> None:
    edition = client.get("/v2/editions?limit=1").json()["data"][0]["number"]
    path = f"/v2/places?limit=1&known_at=e{edition}"
    answers = [service.get(path) for service in (client, plain)]
    for name in ("cache-control", "surrogate-key"):
        assert answers[0].headers.get_list(name) == answers[1].headers.get_list(name), name
    assert "s-maxage=31536000" in answers[0].headers["cache-control"]
    assert vary(answers[0]) == VARY
    assert limits(answers[0]) == set()
    keyed = client.get(path, headers={"Authorization": f"Bearer {key}"})
    assert keyed.headers["cache-control"].startswith("private")


def limits(answer: httpx2.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("ratelimit")}


def groups(answer: httpx2.Response) -> set[str]:
    """Return the resources of an answer, which both fields name."""
    named = {name.strip('"') for name in answer.headers["cache-groups"].split(", ")}
    assert answer.headers["cache-groups"].count('"') == 2 * len(named)
    assert set(answer.headers["surrogate-key"].split(" ")) == named
    return named


def first(client: httpx2.Client, resource: str) -> str:
    """Return the path of a record."""
    return f"/v2/{resource}/{client.get(f'/v2/{resource}?limit=1').json()['data'][0]['id']}"


@pytest.mark.parametrize("path", DATA)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_cache_may_share_lists_that_were_requested_without_a_key(
    client: httpx2.Client, path: str, method: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == SHARED
    assert vary(answer) == VARY
    assert limits(answer) == set()
    assert groups(answer) == DATA[path]
    assert "etag" in answer.headers and "edition" in answer.headers


@pytest.mark.parametrize("path", ["/v2/places.atom?limit=2", "/v2/places.feed.json?limit=2", "/embed/places?limit=2"])
def test_a_cache_may_share_feeds_and_embeds(client: httpx2.Client, key: str, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, SHARED)
    assert vary(answer) == VARY | {"x-forwarded-proto"}
    assert limits(answer) == set() and "place" in groups(answer)
    keyed = client.get(path, headers={"Authorization": f"Bearer {key}"})
    assert keyed.headers["cache-control"].startswith("private")
    assert client.get("/explore/places").headers["cache-control"].startswith("private")


def test_a_cache_may_share_records(client: httpx2.Client) -> None:
    answer = client.get(first(client, "places"))
    assert (answer.headers["cache-control"], vary(answer), limits(answer)) == (SHARED, VARY, set())
    assert groups(answer) == {"place"}


@pytest.mark.parametrize("path", DATA)
def test_the_resources_are_the_same_if_the_service_has_kept_the_answer(client: httpx2.Client, path: str) -> None:
    assert {frozenset(groups(client.get(path))) for _ in range(3)} == {frozenset(DATA[path])}


@pytest.mark.parametrize("path", DATA)
def test_a_304_is_kept_as_its_answer_is(client: httpx2.Client, path: str) -> None:
    whole = client.get(path)
    unchanged = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert unchanged.status_code == 304
    for name in ("cache-control", "vary", "etag"):
        assert unchanged.headers[name] == whole.headers[name]
    assert limits(unchanged) == set()


@pytest.mark.parametrize("path", [*DATA, *NOT_SHARED, *EXPORTS, *DOCUMENTS])
@pytest.mark.parametrize("name", ["Authorization", "X-API-Key"])
def test_no_answer_to_a_request_with_a_key_is_shared(client: httpx2.Client, key: str, path: str, name: str) -> None:
    for text in (key, ""):
        value = f"Bearer {text}".strip() if name == "Authorization" else text
        headers = {**HTML.get(path, {}), name: value}
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["cache-control"].split(",")[0] in ("private", "no-store")
        assert not {"cache-groups", "surrogate-key", "x-accel-expires"} & set(answer.headers)
        assert vary(answer) >= VARY
        if path not in DOCUMENTS:
            assert limits(answer) == {"ratelimit", "ratelimit-policy", "ratelimit-cost"}
        if "etag" in answer.headers:
            unchanged = client.get(path, headers={**headers, "If-None-Match": answer.headers["etag"]})
            assert unchanged.status_code == 304
            assert unchanged.headers["cache-control"] == answer.headers["cache-control"]
            assert unchanged.headers["vary"] == answer.headers["vary"]


def test_a_page_of_a_named_edition_is_private_for_every_cache(client: httpx2.Client) -> None:
    edition = client.get("/v2/places?limit=1").headers["edition"]
    answer = client.get(f"/explore/places?known_at=e{edition}", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, max-age=3600")
    assert not {"surrogate-key", "cache-groups"} & set(answer.headers)


@pytest.mark.parametrize("path", NOT_SHARED)
def test_other_answers_to_a_caller_are_private(client: httpx2.Client, path: str) -> None:
    answer = client.get(path, headers=HTML.get(path))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
    assert vary(answer) >= VARY
    assert limits(answer)


@pytest.mark.parametrize("path", [*EXPORTS, "/v2/places"])
def test_no_cache_keeps_an_export(client: httpx2.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert vary(answer) == VARY and limits(answer)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_for_everybody(client: httpx2.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, no-cache")
    assert limits(answer) == set()


def test_no_cache_keeps_an_error(client: httpx2.Client) -> None:
    for path, headers, status in (
        ("/v2/places?limit=0", {}, 400),
        ("/v2/places/plc_00000000000000000000000000", {}, 404),
        ("/v2/nothing", {}, 404),
        ("/v2/places", {"Accept": "text/html"}, 406),
        ("/v2/places", {"X-API-Key": "bak_live_wrong"}, 401),
        ("/v2/places", {"At-Least-Edition": "e999999999"}, 400),
        ("/v2/graphql?query={nothing}", {}, 200),
    ):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store"), path
        # A cache that remembers that it may not keep this answer must not stop keeping those to others.
        assert vary(answer) >= VARY, path
        assert not {"cache-groups", "surrogate-key"} & set(answer.headers)


async def test_no_cache_keeps_a_429(fresh_database: Callable[..., Awaitable[str]]) -> None:
    url = await fresh_database()
    await migrate(url)
    access = AccessStore(url)
    try:
        await Plans(access, "test").change("anonymous", burst=3, points_minute=3)
    finally:
        await access.close()
    with serve(url, shared_cache="on") as client:
        answers = [client.get(f"/v2/places?limit={number}") for number in range(1, 10)]
    assert (answers[0].status_code, answers[-1].status_code) == (200, 429)
    assert answers[-1].headers["cache-control"] == "no-store"
    assert vary(answers[-1]) == VARY and limits(answers[-1])


def test_an_answer_at_an_edition_is_shared_among_those_who_ask_for_it(client: httpx2.Client) -> None:
    answer = client.get("/v2/places", headers={"At-Least-Edition": "e1"})
    assert answer.headers["cache-control"] == SHARED and "at-least-edition" in vary(answer)


def test_pages_of_other_origins_may_read_shared_answers(client: httpx2.Client, store: str) -> None:
    answer = client.get("/v2/places", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    with serve(store, shared_cache="on", cors_origins="https://example.org") as listed:
        answer = listed.get("/v2/places", headers={"Origin": "https://example.org"})
        assert answer.headers["access-control-allow-origin"] == "https://example.org"
        assert answer.headers["cache-control"] == SHARED
        # Without Vary, a cache could give this answer to a page of another origin.
        assert vary(answer) == VARY | {"origin"}
        assert vary(listed.get("/v2/places")) == VARY | {"origin"}


def test_shared_answers_say_what_is_deprecated(client: httpx2.Client, plain: httpx2.Client) -> None:
    for path in ("/v1/events?limit=1", "/v2/places?limit=1", "/v2/figures?value_gte=1&measure=people&limit=1"):
        names = ("deprecation", "sunset", "link", "deprecated-use")
        shared, usual = client.get(path), plain.get(path)
        assert [shared.headers.get_list(name) for name in names] == [usual.headers.get_list(name) for name in names]


@pytest.mark.parametrize("path", [*DATA, *NOT_SHARED, *EXPORTS, *DOCUMENTS])
def test_without_a_shared_cache_the_fields_are_as_before(plain: httpx2.Client, path: str) -> None:
    answer = plain.get(path, headers=HTML.get(path))
    expected = "no-store" if path in EXPORTS else "public, no-cache"
    assert answer.headers["cache-control"] == expected
    assert any(line.startswith("accept, accept-encoding") for line in answer.headers.get_list("vary"))
    assert not {"cache-groups", "surrogate-key", "x-accel-expires"} & set(answer.headers)
    assert bool(limits(answer)) == (path not in DOCUMENTS)
