"""Reading as it was known at a moment, through both APIs: what is shown, what is refused, and what caches may keep."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.access.keys import Keys, NewKey
from api.ingest.identity import public_id
from api.store import record_versions
from api.store.access import AccessStore
from api.store.erase import erase
from tests.limits.conftest import Access, limited_client
from tests.rest.histories import (
    EVENT,
    FIGURE,
    FIRST,
    HELD,
    KILLED,
    PLACE,
    TALKS,
    History,
    write,
    written,
)
from tests.serving import OLDEST

EVERY = pytest.mark.parametrize("api", ["rest", "graphql"])


@pytest.fixture(scope="module")
async def url(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with five editions: records, all of them changed, the figure alone changed, the event withdrawn, and a
    further place."""
    url = await new_store()
    folder = tmp_path_factory.mktemp("known")
    await write(folder, url, FIRST, TALKS, KILLED)
    moved = FIRST | {"name": "Brest", "latitude": 52.1, "longitude": 23.7}
    await write(folder, url, moved, TALKS | {"title": "Talks near Brest"}, KILLED | {"value": 406})
    await write(folder, url, KILLED | {"value": 411})
    await write(folder, url, HELD | {"resource": "event", "key": "event", "withdrawn": {"reason": "Reported twice."}})
    await write(folder, url, FIRST | {"key": "further", "name": "Pinsk"})
    return url


def names_of(history: History, number: int) -> list[str]:
    """Return values of `known_at` that all name the edition with this index."""
    later = history.moments[number + 1] - timedelta(microseconds=1)
    named = f"e{history.numbers[number]}"
    return [named, f"{named}-{history.store}", f"e{history.numbers[number + 1] - 1}", written(later)]


SHOWN = [
    (0, "Homel", "Talks near Homel", 364),
    (1, "Brest", "Talks near Brest", 406),
    (2, "Brest", "Talks near Brest", 411),
]


@EVERY
@pytest.mark.parametrize(("number", "place", "title", "value"), SHOWN)
def test_records_lists_and_links_are_shown_as_they_were_known(
    history: History, api: str, number: int, place: str, title: str, value: int
) -> None:
    for known_at in names_of(history, number):
        if api == "rest":
            parameter = f"known_at={known_at}"
            event = history.get(f"/events/{EVENT}?include=figures&{parameter}").json()["data"]
            values = (event["place"]["name"], event["title"], event["figures"]["data"][0]["amount"]["value"])
            listed = history.get(f"/figures?{parameter}").json()["data"][0]["amount"]["value"]
            exported = json.loads(history.get(f"/figures.ndjson?{parameter}").text)["amount"]["value"]
            assert exported == listed == value
        else:
            argument = f'knownAt: "{known_at}"'
            selection = "title place { name } figures { nodes { amount { value } } }"
            query = (
                f'{{ event(id: "{EVENT}", {argument}) {{ {selection} }} events({argument}) {{ nodes {{ title }} }} }}'
            )
            data = history.graphql(query)["data"]
            event = data["event"]
            values = (event["place"]["name"], event["title"], event["figures"]["nodes"][0]["amount"]["value"])
            assert data["events"]["nodes"] == [{"title": title}]
        assert values == (place, title, value)


@EVERY
def test_filters_searches_and_boxes_look_at_the_same_moment(history: History, api: str) -> None:
    def titles(number: int, rest: str, graphql: str) -> list[str]:
        known_at = f"e{history.numbers[number]}"
        if api == "rest":
            records = history.get(f"/events?{rest}&known_at={known_at}").json()["data"]
        else:
            records = history.graphql(
                f'{{ events(filter: {{{graphql}}}, knownAt: "{known_at}") {{ nodes {{ title }} }} }}'
            )
            records = records["data"]["events"]["nodes"]
        return [record["title"] for record in records]

    before, after = ["Talks near Homel"], ["Talks near Brest"]
    near_homel = "bbox: {west: 30, south: 52, east: 32, north: 53}"
    for rest, graphql in [
        ("q=homel", 'search: {text: "homel"}'),
        ("bbox=30,52,32,53", near_homel),
        ("figures.measure=killed&figures.value_lt=400", "figures: {some: {measure: {in: KILLED}, value: {lt: 400}}}"),
        ("near=52.4,31,10", "near: {latitude: 52.4, longitude: 31, kilometres: 10}"),
    ]:
        assert titles(0, rest, graphql) == before, rest
        assert titles(1, rest, graphql) == [], rest
    assert titles(1, "q=brest", 'search: {text: "brest"}') == after


def test_each_root_of_a_document_has_an_edition_of_its_own(history: History) -> None:
    first, second = history.numbers[:2]
    figures = "{ edition nodes { amount { value } } }"
    query = f'{{ then: figures(knownAt: "e{first}") {figures} later: figures(knownAt: "e{second}") {figures}'
    answer = history.graphql(f"{query} now: figures {figures} places {{ edition }} }}")
    values = {key: answer["data"][key]["nodes"][0]["amount"]["value"] for key in ("then", "later", "now")}
    assert values == {"then": 364, "later": 406, "now": 411}
    # The present names the last change of all that the statement reads: here that of the places.
    last = history.numbers[-1]
    expected = {"then": first, "later": second, "now": last, "places": last}
    assert answer["extensions"]["editions"] == expected
    assert {key: answer["data"][key]["edition"] for key in expected} == expected
    alone = history.graphql(f"{{ now: figures {figures} }}")
    assert alone["data"]["now"]["edition"] == alone["extensions"]["editions"]["now"] == history.numbers[2]


def test_an_answer_names_the_last_edition_that_changed_what_it_was_read_from(history: History) -> None:
    numbers = history.numbers
    answers = [history.get(f"/places?known_at=e{number}") for number in numbers]
    expected = [numbers[0], numbers[1], numbers[1], numbers[1], numbers[4]]
    assert [answer.json()["page"]["edition"] for answer in answers] == expected
    assert [int(answer.headers["edition"]) for answer in answers] == expected
    # Equal answers have one URL for good, and the last one is the present.
    permalinks = [answer.json()["page"]["permalink"] for answer in answers]
    assert permalinks == [f"/v2/places?known_at=e{number}-{history.store}" for number in expected]
    assert answers[1].text == answers[2].text == answers[3].text != answers[0].text
    present = history.get("/places")
    assert present.text == answers[4].text and present.headers["edition"] == str(numbers[4])
    for answer in answers:
        again = history.client.get(answer.json()["page"]["permalink"])
        assert again.text == answer.text and again.headers["edition"] == answer.headers["edition"]
    # The place of a figure may be that of its event, so a figure changes with its event.
    for path, number in ((f"/figures/{FIGURE}", 3), (f"/places/{PLACE}", 4), ("/places.ndjson?limit=1", 4)):
        mark = "&" if "?" in path else "?"
        assert history.get(f"{path}{mark}known_at=e{numbers[-1]}").headers["edition"] == str(numbers[number])


def test_a_permalink_keeps_what_was_asked_and_stands_for_one_page(history: History) -> None:
    page = history.get("/places?sort=-name&limit=1&count=exact").json()
    assert page["data"][0]["name"] == "Pinsk"
    second = history.get(f"/places?sort=-name&limit=1&count=exact&cursor={page['page']['next_cursor']}").json()
    assert second["data"][0]["name"] == "Brest"
    again = history.client.get(second["page"]["permalink"]).json()
    assert again == second
    named = history.get(f"/places?known_at=e{history.numbers[0]}&limit=1&%6bnown_at=e1")
    assert named.status_code == 400, "given twice"


def test_each_answer_names_the_url_that_gives_it_for_good(history: History) -> None:
    named = f"known_at=e{history.numbers[1]}"
    for path, location in {
        f"/figures/{FIGURE}": f"/figures/{FIGURE}?",
        f"/places/{PLACE}?include=events": f"/places/{PLACE}?include=events&",
        f"/figures/{FIGURE}?{named}": f"/figures/{FIGURE}?",
    }.items():
        # The first answer is read from the store, the second one is cached.
        for answer in (history.get(path), history.get(path)):
            permalink = f"/v2{location}known_at=e{answer.headers['edition']}-{history.store}"
            assert answer.headers["content-location"] == permalink
            assert history.client.get(permalink).text == answer.text
    page = history.get("/places?limit=1")
    assert page.headers["content-location"] == page.json()["page"]["permalink"]
    assert "content-location" not in history.client.get("/v1/places").headers


def test_a_key_in_a_url_is_not_repeated_in_a_permalink(history: History) -> None:
    key = "bak_live_" + "0" * 40
    for path in (f"/places?q={key}", f"/places?q={key}&known_at=e{history.numbers[0]}"):
        answer = history.get(path)
        assert answer.json()["page"]["permalink"] is None
        assert not {"link", "content-location"} & set(answer.headers)


@EVERY
def test_moments_and_editions_that_name_none_are_refused(history: History, api: str) -> None:
    first, last = history.numbers[0], history.numbers[-1]
    future = written(datetime.now(UTC) + timedelta(hours=1))
    refused = {
        f"e{last + 1}": f"There is no such edition: the last edition is e{last}.",
        f"e{first - 1}": f"Expected e{first}-{history.store} or later",
        "2022-01-01": f"Expected e{first}-{history.store} or later",
        future: "This is in the future",
        f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}": "This is in the future",
        "e0": "Expected an edition as e12345",
        "e-1": "Expected an edition as e12345",
        "e007": "Expected an edition as e12345",
        f"e{first}-zzzzzz": "This is an edition of another store",
        "2022-03-07T06:00:00": "Expected a time with its offset",
        "yesterday": "Expected an edition as e12345, a time with its offset",
    }
    for known_at, message in refused.items():
        if api == "rest":
            answer = history.get(f"/places?known_at={known_at}")
            assert answer.status_code == 400 and answer.headers["cache-control"] == "no-store"
            [error] = answer.json()["errors"]
            assert error["parameter"] == "known_at"
        else:
            [refusal] = history.graphql(f'{{ a: places(knownAt: "{known_at}") {{ edition }} }}')["errors"]
            [error] = refusal["extensions"]["errors"]
            assert error["parameter"] == "a.knownAt"
        assert error["detail"].startswith(message), (known_at, error)


@EVERY
def test_a_record_that_is_not_shown_says_why_as_of_then(history: History, api: str) -> None:
    further = public_id("d", "place", "further")
    moments = [written(moment) for moment in history.moments]
    expected = [
        (f"/events/{EVENT}", f"e{history.numbers[3]}", 410, "withdrawn: Reported twice."),
        (f"/places/{further}", f"e{history.numbers[3]}", 404, f"it was first known at {moments[4]}."),
        (f"/places/{PLACE}", "2022-03-07", 404, f"it was first known at {moments[0]}."),
        (f"/places/{public_id('d', 'place', 'none')}", f"e{history.numbers[0]}", 404, "has this id."),
    ]
    for path, known_at, status, message in expected:
        if api == "rest":
            answer = history.get(f"{path}?known_at={known_at}")
            assert (answer.status_code, answer.json()["detail"][-len(message) :]) == (status, message)
            assert "edition" not in answer.headers
        else:
            name, identifier = path[1:].split("s/")
            answer = history.graphql(f'{{ {name}(id: "{identifier}", knownAt: "{known_at}") {{ id }} }}')
            assert answer["data"] == {name: None}
            assert answer["errors"][0]["message"].endswith(message)
            assert answer["errors"][0]["extensions"]["code"] == {410: "withdrawn", 404: "not_found"}[status]
    several = history.graphql(f'{{ nodes(ids: ["{PLACE}", "{further}"], knownAt: "e{history.numbers[0]}") {{ id }} }}')
    assert several["data"]["nodes"] == [{"id": PLACE}, None]
    assert several["errors"][0]["path"] == ["nodes", 1]


def test_withdrawals_are_listed_as_of_then(history: History) -> None:
    withdrawals = [history.get(f"/withdrawals?known_at=e{number}").json()["data"] for number in history.numbers]
    assert [len(rows) for rows in withdrawals] == [0, 0, 0, 1, 1]


@EVERY
def test_a_cursor_stays_in_the_edition_that_was_named(history: History, api: str) -> None:
    own, last = history, history.numbers[-1]

    def page(arguments: dict[str, str]) -> Any:
        if api == "rest":
            names = {"after": "cursor", "knownAt": "known_at"}
            query = "&".join(f"{names[name]}={value}" for name, value in arguments.items())
            answer = own.get(f"/places?sort=name&limit=1&{query}")
            body = answer.json()
            if answer.status_code != 200:
                return body["code"]
            return body["data"][0]["name"], body["page"]["next_cursor"]
        suffix = "".join(f', {name}: "{value}"' for name, value in arguments.items())
        order = "first: 1, orderBy: {field: NAME}"
        answer = own.graphql(f"{{ places({order}{suffix}) {{ nodes {{ name }} pageInfo {{ endCursor }} }} }}")
        if "errors" in answer:
            return answer["errors"][0]["extensions"]["code"]
        connection = answer["data"]["places"]
        return connection["nodes"][0]["name"], connection["pageInfo"]["endCursor"]

    _, present = page({})
    first, named = page({"knownAt": f"e{last}"})
    assert first == "Brest" and present != named
    assert page({"after": named})[0] == page({"after": named, "knownAt": f"e{last}-{own.store}"})[0] == "Pinsk"
    # A cursor of the present is a position only, so it goes with any edition.
    assert page({"after": present, "knownAt": f"e{last}"})[0] == "Pinsk"
    assert page({"after": named, "knownAt": f"e{own.numbers[0]}"}) == "invalid_cursor"
    moment = written(own.moments[0])
    assert page({"after": named, "knownAt": moment}) == "invalid_cursor"


async def test_a_cursor_of_an_edition_does_not_see_what_came_later(own: History, tmp_path: Path) -> None:
    named = own.get(f"/places?sort=name&limit=1&known_at=e{own.numbers[-1]}").json()["page"]["next_cursor"]
    present = own.get("/places?sort=name&limit=1").json()["page"]["next_cursor"]
    await write(tmp_path, own.url, FIRST | {"key": "third", "name": "Grodno"})
    await asyncio.sleep(OLDEST)
    assert own.get(f"/places?sort=name&limit=1&cursor={present}").json()["data"][0]["name"] == "Grodno"
    answer = own.get(f"/places?sort=name&limit=1&cursor={named}")
    assert answer.json()["data"][0]["name"] == "Pinsk"
    assert answer.headers["edition"] == str(own.numbers[-1])
    other = own.get(f"/places?sort=name&limit=1&cursor={named}&known_at=2022-03-07T06:00:00Z")
    assert other.status_code == 400
    # The figures have not changed since, so their cursor fits both editions.
    figures = own.get(f"/figures?limit=1&known_at=e{own.numbers[2]}")
    assert figures.status_code == 200


def test_caches_may_keep_the_answer_of_an_edition(history: History) -> None:
    for path in ("/places", f"/places/{PLACE}"):
        answer = history.get(f"{path}?known_at=e{history.numbers[0]}")
        assert answer.headers["cache-control"] == "public, max-age=3600, s-maxage=31536000"
        assert answer.headers["surrogate-key"] == "editions"
        assert not {name for name in answer.headers if name.startswith("ratelimit")}
        unchanged = history.get(f"{path}?known_at=e{history.numbers[0]}", If_None_Match=answer.headers["etag"])
        assert unchanged.status_code == 304
        assert unchanged.headers["cache-control"] == answer.headers["cache-control"]
        assert unchanged.headers["surrogate-key"] == "editions"
    assert history.get("/places").headers["cache-control"] == "public, no-cache"
    # A moment that is still to come may get another edition.
    ahead = history.get(f"/places?known_at={written(datetime.now(UTC) + timedelta(seconds=3))}")
    assert ahead.status_code == 200 and ahead.json()["page"]["edition"] == history.numbers[-1]
    assert ahead.headers["cache-control"] == "public, no-cache" and "surrogate-key" not in ahead.headers
    export = history.get(f"/places.csv?known_at=e{history.numbers[0]}")
    assert export.headers["cache-control"] == "no-store" and "memento-datetime" in export.headers


async def test_the_answer_to_a_caller_with_a_key_is_private(history: History) -> None:
    store = AccessStore(history.url)
    created_key = await Keys(store, "live", "test: us").create(NewKey("a test", "free", ("read",)))
    await store.close()
    answer = history.get(f"/places?known_at=e{history.numbers[0]}", Authorization=f"Bearer {created_key.secret.text}")
    assert answer.headers["cache-control"] == "private, max-age=3600"


def test_a_time_may_be_negotiated_by_memento(history: History) -> None:
    moments = [moment.replace(microsecond=0) for moment in history.moments]
    path = f"/figures/{FIGURE}"
    vary = history.get(path).headers["vary"]
    assert "accept-datetime" in vary
    nearest = history.get(path, Accept_Datetime=format_datetime(moments[-1] + timedelta(days=30), usegmt=True))
    assert nearest.json()["data"]["amount"]["value"] == 411
    earliest = history.get(path, Accept_Datetime="Mon, 07 Mar 2022 06:00:00 GMT")
    assert earliest.json()["data"]["amount"]["value"] == 364
    assert earliest.headers["memento-datetime"] == format_datetime(moments[0], usegmt=True)
    location = f"/v2{path}?known_at=e{history.numbers[0]}-{history.store}"
    assert earliest.headers["content-location"] == location
    assert f'</v2{path}>; rel="original timegate"' in earliest.headers["link"]
    memento = history.client.get(location)
    assert memento.text == earliest.text
    assert memento.headers["memento-datetime"] == earliest.headers["memento-datetime"]
    # The moment of a Memento leads back to it, or to a later one of the same second.
    again = history.get(path, Accept_Datetime=earliest.headers["memento-datetime"])
    assert int(again.headers["edition"]) >= history.numbers[0]
    answer = history.get(f"{path}?known_at=e{history.numbers[1]}", Accept_Datetime="Mon, 07 Mar 2022 06:00:00 GMT")
    assert answer.json()["data"]["amount"]["value"] == 406
    refused = history.get(path, Accept_Datetime="2022-03-07")
    assert refused.status_code == 400 and refused.json()["errors"][0]["parameter"] == "Accept-Datetime"
    etag = history.get(path).headers["etag"]
    other = history.get(path, Accept_Datetime="Mon, 07 Mar 2022 06:00:00 GMT", If_None_Match=etag)
    assert other.status_code == 200


def test_version_1_has_no_history_and_says_who_has(history: History) -> None:
    for path in ("/v1/places", f"/v1/places/{PLACE}", "/v1/places.csv"):
        answer = history.client.get(f"{path}?known_at=2022-03-07")
        assert answer.status_code == 400
        [error] = answer.json()["errors"]
        assert error["parameter"] == "known_at"
        assert error["detail"].startswith("There is no such parameter here. Version 2 has known_at")
        assert "/v2/places" in error["detail"]
    query = '{ places(knownAt: "e1") { nodes { id } } }'
    [error] = history.client.post("/v1/graphql", json={"query": query}).json()["errors"]
    assert error["message"].startswith("Unknown argument 'knownAt'")
    assert (
        error["extensions"]["hint"].startswith("Version 2 has knownAt") and "/v2/graphql" in error["extensions"]["hint"]
    )
    [other] = history.client.post("/v1/graphql", json={"query": query.replace("knownAt", "known")}).json()["errors"]
    assert "hint" not in other["extensions"]
    plain = history.client.get("/v1/places", headers={"Accept-Datetime": "nonsense"})
    assert plain.status_code == 200 and "edition" not in plain.json()["page"]
    assert plain.headers["vary"] == "accept, accept-encoding"


async def test_an_erased_record_is_a_tombstone_in_every_edition(own: History) -> None:
    paths = [f"/places/{PLACE}?known_at=e{number}" for number in own.numbers]
    tags = [own.get(path).headers["etag"] for path in paths]
    lists = [own.get(f"/places?known_at=e{number}") for number in own.numbers[:2]]
    assert all(answer.json()["data"] for answer in lists)
    await erase(own.url, PLACE, "A court ordered it.", 5)
    await asyncio.sleep(OLDEST)
    for path, tag in zip(paths, tags, strict=True):
        for answer in (own.get(path), own.get(path, If_None_Match=tag)):
            assert answer.status_code == 410
            assert answer.json()["detail"] == "This place was withdrawn: The record was erased."
    early = own.get(f"/places/{PLACE}?known_at=2020-01-01")
    assert early.status_code == 410
    again = [
        own.get(f"/places?known_at=e{number}", If_None_Match=answer.headers["etag"])
        for number, answer in zip(own.numbers, lists, strict=False)
    ]
    assert [(answer.status_code, answer.json()["data"]) for answer in again] == [(200, []), (200, [])]


async def test_an_erased_record_is_in_no_list_export_or_root_of_any_edition(own: History) -> None:
    nodes = f'place(id: "{PLACE}", knownAt: "%s") {{ name }} places(knownAt: "%s") {{ nodes {{ id }} }}'
    await erase(own.url, PLACE, "A court ordered it.", 5)
    await asyncio.sleep(OLDEST)
    for number in own.numbers:
        named = f"e{number}"
        answer = own.graphql(f"{{ {nodes % (named, named)} }}")
        assert answer["data"]["place"] is None
        [error] = answer["errors"]
        assert error["path"] == ["place"]
        assert error["extensions"] == {"code": "withdrawn", "reason": "The record was erased."}
        listed = own.get(f"/places?known_at={named}").json()["data"]
        assert PLACE not in {place["id"] for place in listed}
        assert [place["id"] for place in listed] == [node["id"] for node in answer["data"]["places"]["nodes"]]
        for form in ("csv", "ndjson"):
            assert PLACE not in own.get(f"/places.{form}?known_at={named}").text
    # A link to it keeps the id, and shows nothing of it.
    event = own.get(f"/events/{EVENT}?known_at=e{own.numbers[0]}").json()["data"]
    assert (event["place_id"], event["place"]) == (PLACE, None)
    for text in ("Homel", "Brest"):
        for number in own.numbers:
            assert own.get(f"/places?q={text}&known_at=e{number}").json()["data"] == []


async def test_a_moment_whose_load_is_under_way_waits_a_second(
    own: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = record_versions.NOTE_EDITION
    monkeypatch.setattr("api.store.load_transaction.record_versions.NOTE_EDITION", "select 1")
    await write(tmp_path, own.url, FIRST | {"key": "pending", "name": "Vitebsk"})
    present = own.get("/places?q=vitebsk")
    number = int(present.headers["edition"])
    assert number > own.numbers[-1]
    now = written(datetime.now(UTC))
    for known_at in (now, f"e{number}", present.json()["page"]["permalink"].partition("known_at=")[2]):
        waiting = await asyncio.to_thread(own.get, f"/places?known_at={known_at}")
        assert (waiting.status_code, waiting.json()["code"]) == (503, "unavailable")
        assert waiting.headers["retry-after"] == "1"
        query = {"query": f'{{ places(knownAt: "{known_at}") {{ edition }} }}'}
        waiting = await asyncio.to_thread(own.client.post, "/v2/graphql", json=query)
        assert waiting.headers["retry-after"] == "1"
        [error] = waiting.json()["errors"]
        assert (waiting.status_code, error["extensions"]["code"]) == (503, "unavailable")
    assert own.get(f"/places?known_at={written(own.moments[-1])}").status_code == 200
    waiting_too = asyncio.create_task(asyncio.to_thread(own.get, f"/places?q=vitebsk&known_at=e{number}"))
    await asyncio.sleep(0.3)
    assert not waiting_too.done()
    connection = await asyncpg.connect(own.url)
    await connection.execute(note)
    await connection.close()
    answer = await waiting_too
    assert (answer.status_code, len(answer.json()["data"])) == (200, 1)


async def test_a_key_that_a_record_gets_later_shows_in_its_edition(own: History, tmp_path: Path) -> None:
    path = f"/places/{PLACE}?known_at=e{own.numbers[-1]}"
    before = own.get(path)
    connection = await asyncpg.connect(own.url)
    await connection.execute("update store.place set key = null where id = $1", PLACE)
    await connection.close()
    moved = FIRST | {"name": "Brest", "latitude": 52.1, "longitude": 23.7}
    await write(tmp_path, own.url, moved)
    await asyncio.sleep(OLDEST)
    after = own.get(path, If_None_Match=before.headers["etag"])
    assert after.status_code == 200 and after.json()["data"]["key"] == "place"
    assert after.headers["etag"] != before.headers["etag"]


async def test_the_length_of_an_export_is_that_of_its_edition(own: History) -> None:
    store = AccessStore(own.url)
    key = await Access(store).key(export_most=1)
    await store.close()
    with limited_client(own.url) as client:
        # There was one place at first, and there are two now.
        assert client.get(f"/v2/places.csv?known_at=e{own.numbers[0]}", key).status_code == 200
        assert client.get(f"/v2/places.csv?known_at=e{own.numbers[4]}", key).json()["code"] == "too_expensive"
        assert client.get("/v2/places.csv", key).json()["code"] == "too_expensive"
