"""The revisions of a record, and the editions of the store, through both APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.ingest.identity import public_id
from api.store.erase import erase
from tests.rest.histories import EVENT, FIRST, HELD, KILLED, PLACE, TALKS, History, write, written
from tests.serving import OLDEST

SOURCES = [HELD | {"resource": "source", "key": name, "name": name, "kind": "outlet"} for name in ("niva", "belta")]
CITED = [{"source": "niva", "stance": "asserts"}]
RESTORED = TALKS | {"title": "Talks in Brest", "citations": CITED}


@pytest.fixture(scope="module")
async def url(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with an event that was created, changed, withdrawn and restored, each time in a load of its own."""
    url = await new_store()
    folder = tmp_path_factory.mktemp("revised")
    await write(folder, url, *SOURCES, FIRST, TALKS, KILLED)
    await write(folder, url, FIRST | {"name": "Brest"}, TALKS | {"title": "Talks near Brest", "tags": ["peace"]})
    await write(folder, url, HELD | {"resource": "event", "key": "event", "withdrawn": {"reason": "Reported twice."}})
    await write(folder, url, RESTORED)
    await write(folder, url, RESTORED | {"place": None, "citations": [CITED[0] | {"source": "belta"}]})
    await write(folder, url, KILLED | {"value": 406, "dataset": "d"})
    return url


def expected(history: History) -> list[dict[str, Any]]:
    """Return the revisions of the event, newest first."""
    moments = [written(moment) for moment in history.moments]
    changes: list[tuple[str, str | None, list[str]]] = [
        ("created", None, []),
        ("updated", None, ["tags", "title"]),
        ("withdrawn", "Reported twice.", []),
        ("restored", None, ["citations", "tags", "title"]),
        ("updated", None, ["citations", "place_id"]),
    ]
    revisions = [
        {
            **{"revision": number + 1, "action": action, "edition": history.numbers[number]},
            **{"known_from": moments[number], "known_to": moments[number + 1] if number < 4 else None},
            **{"reason": reason, "dataset": "d", "changed": changed},
        }
        for number, (action, reason, changed) in enumerate(changes)
    ]
    return revisions[::-1]


def test_revisions_say_what_was_done_and_what_changed(history: History) -> None:
    answer = history.get(f"/events/{EVENT}/revisions").json()
    assert answer["data"] == expected(history)
    assert answer["page"]["has_more"] is False
    # The last edition changed figures alone.
    assert answer["page"]["edition"] == history.numbers[4]


def test_graphql_has_the_same_revisions(history: History) -> None:
    selection = "nodes { revision action edition knownFrom knownTo reason dataset changed } edition"
    data = history.graphql(f'{{ revisions(id: "{EVENT}") {{ {selection} }} }}')["data"]["revisions"]
    names = {"knownFrom": "known_from", "knownTo": "known_to"}
    revisions = [{names.get(name, name): value for name, value in node.items()} for node in data["nodes"]]
    for revision in revisions:
        revision["action"] = revision["action"].lower()
        revision["changed"] = ["place_id" if path == "placeId" else path for path in revision["changed"]]
    assert revisions == expected(history)
    assert data["edition"] == history.numbers[4]


def test_each_revision_shows_the_record_and_its_links_as_they_were(history: History) -> None:
    path = f"/events/{EVENT}"
    revisions = history.get(f"{path}/revisions?record=full").json()["data"]
    assert [revision["record"] and revision["record"]["title"] for revision in revisions] == [
        *("Talks in Brest", "Talks in Brest", None, "Talks near Brest", "Talks near Homel")
    ]
    for revision in revisions:
        then = history.get(f"{path}?known_at=e{revision['edition']}")
        if revision["record"] is None:
            assert then.status_code == 410
        else:
            assert revision["record"] == then.json()["data"]
    selection = "nodes { edition record { id ... on Event { title place { name } citations { nodes { sourceId } } } } }"
    nodes = history.graphql(f'{{ revisions(id: "{EVENT}") {{ {selection} }} }}')["data"]["revisions"]["nodes"]
    for node, revision in zip(nodes, revisions, strict=True):
        record = revision["record"]
        if record is None:
            assert node["record"] is None
            continue
        citations = [{"sourceId": citation["source_id"]} for citation in record["citations"]["data"]]
        place = record["place"] and {"name": record["place"]["name"]}
        expected_record = {"id": EVENT, "title": record["title"], "place": place, "citations": {"nodes": citations}}
        assert node["record"] == expected_record
    assert {revision["record"]["place"]["name"] for revision in revisions[3:]} == {"Homel", "Brest"}


@pytest.mark.parametrize("api", ["rest", "graphql"])
def test_revisions_have_pages(history: History, api: str) -> None:
    def page(size: int, cursor: str | None) -> tuple[list[int], str | None]:
        if api == "rest":
            after = f"&cursor={cursor}" if cursor else ""
            answer = history.get(f"/events/{EVENT}/revisions?limit={size}{after}").json()
            return [revision["revision"] for revision in answer["data"]], answer["page"]["next_cursor"]
        after = f', after: "{cursor}"' if cursor else ""
        selection = "nodes { revision } pageInfo { hasNextPage hasPreviousPage endCursor }"
        data = history.graphql(f'{{ revisions(id: "{EVENT}", first: {size}{after}) {{ {selection} }} }}')["data"]
        info = data["revisions"]["pageInfo"]
        assert info["hasPreviousPage"] is bool(cursor)
        numbers = [node["revision"] for node in data["revisions"]["nodes"]]
        return numbers, info["endCursor"] if info["hasNextPage"] else None

    for size in (1, 2, 3, 5):
        numbers: list[int] = []
        cursor = None
        for _ in range(6):
            page_numbers, cursor = page(size, cursor)
            numbers += page_numbers
            if cursor is None:
                break
        assert numbers == [5, 4, 3, 2, 1]


def test_revisions_are_the_time_map_of_a_record(history: History) -> None:
    record = history.get(f"/events/{EVENT}?known_at=e{history.numbers[0]}")
    path = f"/v2/events/{EVENT}"
    assert f'<{path}/revisions>; rel="timemap"; type="application/link-format"' in record.headers["link"]
    answer = history.get(f"/events/{EVENT}/revisions?limit=9", Accept="application/link-format")
    assert answer.headers["content-type"] == "application/link-format"
    original, own, *mementos = answer.text.split(",\n")
    assert original == f'<{path}>; rel="original timegate"'
    assert own == f'<{path}/revisions?limit=9>; rel="self"; type="application/link-format"'
    # A withdrawal leaves nothing to show.
    assert len(mementos) == 4
    for memento in mementos:
        url, _, moment = memento.partition(">; ")
        answer = history.client.get(url.removeprefix("<"))
        assert moment == f'rel="memento"; datetime="{answer.headers["memento-datetime"]}"'
    assert history.get(f"/events/{EVENT}/revisions", Accept="text/html").status_code == 406


def test_revisions_up_to_an_edition(history: History) -> None:
    path = f"/events/{EVENT}/revisions?limit=2&known_at=e{history.numbers[3]}"
    first = history.get(path).json()
    assert [revision["revision"] for revision in first["data"]] == [4, 3]
    second = history.get(f"/events/{EVENT}/revisions?limit=2&cursor={first['page']['next_cursor']}")
    assert [revision["revision"] for revision in second.json()["data"]] == [2, 1]
    assert second.headers["cache-control"].startswith("public, max-age")
    assert history.client.get(first["page"]["permalink"]).json()["data"] == first["data"]


def test_what_has_no_revisions_is_not_found(history: History) -> None:
    none = public_id("d", "event", "none")
    for path in (f"/events/{none}/revisions", f"/events/{PLACE}/revisions", "/events/x/revisions"):
        assert history.get(path).status_code == 404
    for identifier in (none, "x"):
        answer = history.graphql(f'{{ revisions(id: "{identifier}") {{ edition }} }}')
        assert answer["data"] == {"revisions": None}
        assert answer["errors"][0]["extensions"]["code"] == "not_found"
    assert history.get(f"/events/{EVENT}/revisions?known_at=2020-01-01").status_code == 404
    wrong = history.get(f"/events/{EVENT}/revisions?record=some&limit=0&cursor=x&include=place")
    assert [error["parameter"] for error in wrong.json()["errors"]] == ["record", "limit", "include"]
    cursor = history.get(f"/events/{EVENT}/revisions?limit=1").json()["page"]["next_cursor"]
    assert history.get(f"/places/{PLACE}/revisions?cursor={cursor}").json()["code"] == "invalid_cursor"
    assert history.client.get(f"/v1/events/{EVENT}/revisions").status_code == 404


async def test_nothing_of_an_erased_record_is_in_its_revisions(own: History) -> None:
    await erase(own.url, EVENT, "A court ordered it.", 5)
    await asyncio.sleep(OLDEST)
    revisions = own.get(f"/events/{EVENT}/revisions?record=full").json()["data"]
    assert [revision["action"] for revision in revisions][:2] == ["withdrawn", "updated"]
    assert {revision["reason"] for revision in revisions} == {"The record was erased.", None}
    assert all(revision["record"] is None and revision["changed"] == [] for revision in revisions)
    assert {revision["dataset"] for revision in revisions} == {None}


def test_editions_are_listed_newest_first_with_what_they_changed(history: History) -> None:
    answer = history.get("/editions").json()
    assert [edition["number"] for edition in answer["data"]] == history.numbers[::-1]
    assert [edition["known_from"] for edition in answer["data"]] == [
        written(moment) for moment in history.moments[::-1]
    ]
    counts = {"created": 0, "updated": 0, "restored": 0, "withdrawn": 0}
    newest, oldest = answer["data"][0], answer["data"][-1]
    assert newest["datasets"] == ["d"] and newest["updated"] == 1
    assert newest["changes"] == [{"resource": "figure", "dataset": "d", **counts, "updated": 1}]
    assert oldest["created"] == 5 and oldest["changes"][-1] == {
        **{"resource": "source", "dataset": "d"},
        **counts,
        "created": 2,
    }
    assert [edition["withdrawn"] for edition in answer["data"]] == [0, 0, 0, 1, 0, 0]
    query = (
        "{ editions(first: 1) { nodes { number knownFrom datasets updated changes { resource dataset updated } } } }"
    )
    [node] = history.graphql(query)["data"]["editions"]["nodes"]
    assert node["number"] == newest["number"] and node["changes"] == [
        {"resource": "figure", "dataset": "d", "updated": 1}
    ]


def test_editions_have_filters_pages_counts_and_exports(history: History) -> None:
    numbers = history.numbers
    after = history.get(f"/editions?after={numbers[2]}&sort=number").json()["data"]
    assert [edition["number"] for edition in after] == numbers[3:]
    since = history.get(f"/editions?known_from_gte={written(history.moments[4])}").json()["data"]
    assert [edition["number"] for edition in since] == numbers[:3:-1]
    page = history.get("/editions?limit=4&count=exact").json()["page"]
    assert page["total"] == 6
    rest = history.get(f"/editions?limit=4&cursor={page['next_cursor']}").json()["data"]
    assert [edition["number"] for edition in rest] == numbers[1::-1]
    assert history.get("/editions?count=estimated").json()["page"]["total"] == 6
    assert history.get("/editions.csv").text.splitlines()[0].startswith("number,known_from,datasets")
    then = history.get(f"/editions?known_at=e{numbers[1]}").json()["data"]
    assert [edition["number"] for edition in then] == numbers[1::-1]


async def test_an_edition_is_in_the_list_as_soon_as_it_is_known(own: History, tmp_path: Path) -> None:
    before = own.get("/editions?limit=1").json()["data"][0]["number"]
    tag = own.get(f"/events/{EVENT}?known_at=e{before}").headers["etag"]
    await write(tmp_path, own.url, KILLED | {"value": 411})
    await asyncio.sleep(OLDEST)
    after = own.get("/editions?limit=1").json()["data"][0]
    assert after["number"] > before
    [value] = own.get("/figures").json()["data"]
    assert value["amount"]["value"] == 411
    # Answers about earlier editions stay the same.
    assert own.get(f"/events/{EVENT}?known_at=e{before}", If_None_Match=tag).status_code == 304


async def test_revisions_up_to_an_edition_stay_the_same_when_others_follow(own: History, tmp_path: Path) -> None:
    path = f"/events/{EVENT}/revisions?known_at=e{own.numbers[1]}"
    before = own.get(path).json()["data"]
    assert [revision["known_to"] for revision in before] == [None, before[0]["known_from"]]
    # Another URL is not answered from memory.
    await write(tmp_path, own.url, SOURCES[0] | {"name": "Niva"})
    await asyncio.sleep(OLDEST)
    assert own.get(f"{path}&limit=99").json()["data"] == before


async def test_present_revisions_beside_an_earlier_edition_are_those_of_the_present(
    own: History, tmp_path: Path
) -> None:
    niva = public_id("d", "source", "niva")
    then = own.get(f"/sources/{niva}/revisions?known_at=e{own.numbers[0]}")
    assert then.headers["edition"] == str(own.numbers[0]) and "memento-datetime" in then.headers
    query = f"""{{
        source(id: "{niva}", knownAt: "e{own.numbers[0]}") {{ name }}
        revisions(id: "{niva}") {{ nodes {{ revision }} }}
    }}"""
    page = f"/explore/sources/{niva}?known_at=e{own.numbers[0]}"
    assert own.graphql(query)["data"]["revisions"]["nodes"] == [{"revision": 1}]
    assert "s-maxage" not in own.client.get(page).headers["cache-control"]
    await write(tmp_path, own.url, SOURCES[0] | {"name": "Niva"})
    await asyncio.sleep(OLDEST)
    data = own.graphql(query)["data"]
    assert data["revisions"]["nodes"] == [{"revision": 2}, {"revision": 1}] and data["source"]["name"] == "niva"


async def test_whole_revisions_are_charged_for_their_texts(own: History, tmp_path: Path) -> None:
    small = own.graphql(f'{{ revisions(id: "{EVENT}", first: 1) {{ nodes {{ record {{ id }} }} }} }}')
    await write(tmp_path, own.url, RESTORED | {"summary": "word " * 1_900})
    await asyncio.sleep(OLDEST)
    query = f'{{ revisions(id: "{EVENT}", first: 1) {{ nodes {{ record {{ ... on Event {{ summary }} }} }} }} }}'
    large = own.graphql(query)
    assert large["extensions"]["cost"]["actual"] == small["extensions"]["cost"]["actual"] + 9_500 // 4_096
