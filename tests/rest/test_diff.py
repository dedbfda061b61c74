"""The differences between two states of a list: what they show, their pages and files, and what is refused."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.access.keys import Keys, NewKey
from api.ingest.identity import public_id
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
from tests.walking import bounded_walk

SOURCES = [HELD | {"resource": "source", "key": name, "name": name, "kind": "outlet"} for name in ("niva", "belta")]
CITED = [{"source": "niva", "stance": "asserts"}]
FURTHER = FIRST | {"key": "further", "name": "Pinsk"}
WITHDRAWN = {"resource": "event", "key": "event", "withdrawn": {"reason": "Reported twice."}}
FIGURE_FIELDS = {"amount.value": {"from": 364, "to": 406}}
Change = dict[str, Any]


@pytest.fixture(scope="module")
async def url(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with six editions: the first records; a place that moves abroad, and a figure that is restated; the event
    withdrawn; a further place; the event restored, with a citation; a figure whose text a spreadsheet would run."""
    url = await new_store()
    folder = tmp_path_factory.mktemp("compared")
    await write(folder, url, *SOURCES, FIRST, TALKS, KILLED)
    await write(folder, url, FIRST | {"country": "PL"}, KILLED | {"value": 406})
    await write(folder, url, HELD | WITHDRAWN)
    await write(folder, url, FURTHER)
    await write(folder, url, TALKS | {"tags": ["peace"], "citations": CITED})
    await write(folder, url, KILLED | {"value": 364, "caveat": '=HYPERLINK("x")', "value_text": "-1 or\nso"})
    return url


def compare(history: History, path: str, earlier: int, later: int, filters: str = "") -> list[Change]:
    """Return the differences between the editions with two indexes."""
    states = f"from=e{history.numbers[earlier]}&to=e{history.numbers[later]}"
    answer = history.get(f"/{path}/diff?{states}{filters}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["page"]["next_cursor"] is None
    changes: list[Change] = answer.json()["data"]
    return changes


def test_a_field_that_was_restated_is_shown_with_both_values(history: History) -> None:
    [change] = compare(history, "figures", 0, 1)
    assert change == {
        **{"id": FIGURE, "change": "changed", "from_revision": 1, "to_revision": 2},
        "fields": {"amount.value": {"from": 364, "to": 406}},
    }
    # The later value is the earlier one again, and only what stayed different is shown.
    [change] = compare(history, "figures", 0, 5)
    assert change["fields"] == {
        "amount.text": {"from": None, "to": "-1 or\nso"},
        "caveat": {"from": None, "to": '=HYPERLINK("x")'},
    }
    assert compare(history, "figures", 1, 4) == []


def test_records_are_added_and_removed(history: History) -> None:
    [added] = compare(history, "places", 2, 3)
    assert (added["change"], added["from_revision"], added["to_revision"]) == ("added", None, 1)
    assert added["fields"]["name"] == {"from": None, "to": "Pinsk"}
    # Neither a revision nor a time of the store is compared, and no field is shown that is null in both states.
    assert added["fields"].keys() == {
        *("name", "country", "latitude", "longitude", "geo_precision", "identifiers", "key", "dataset")
    }
    [removed] = compare(history, "events", 1, 2)
    assert (removed["change"], removed["from_revision"], removed["to_revision"]) == ("removed", 1, None)
    assert removed["fields"]["place_id"] == {"from": PLACE, "to": None}
    [restored] = compare(history, "events", 2, 4)
    assert (restored["change"], restored["from_revision"], restored["to_revision"]) == ("added", None, 3)
    # A record that was withdrawn and restored in between has changed.
    [changed] = compare(history, "events", 0, 4)
    assert (changed["change"], changed["from_revision"], changed["to_revision"]) == ("changed", 1, 3)
    assert list(changed["fields"]) == ["tags", "citations"]
    [cited] = changed["fields"]["citations"]["to"]
    assert cited["source_id"] == public_id("d", "source", "niva") and "source" not in cited
    assert changed["fields"]["citations"]["from"] == []


def test_records_enter_and_leave_the_filter(history: History) -> None:
    [entered] = compare(history, "figures", 0, 1, "&measure=killed&value_gte=400")
    assert entered["change"] == "entered" and entered["fields"]["amount.value"] == {"from": 364, "to": 406}
    # All fields of the record are shown, because the list did not have it.
    assert entered["fields"]["measure"] == {"from": "killed", "to": "killed"}
    [left] = compare(history, "figures", 1, 5, "&measure=killed&value_gte=400")
    assert (left["change"], left["fields"]["amount.value"]) == ("left", {"from": 406, "to": 364})
    assert "measure" not in left["fields"]
    assert compare(history, "figures", 0, 5, "&measure=killed&value_gte=400") == []
    # The event has not changed, but its place has.
    [left] = compare(history, "events", 0, 1, "&place.country=BY")
    assert left == {"id": EVENT, "change": "left", "from_revision": 1, "to_revision": 1, "fields": {}}
    [entered] = compare(history, "events", 0, 1, "&country=PL")
    assert (entered["change"], entered["from_revision"]) == ("entered", 1)
    assert entered["fields"]["title"] == {"from": "Talks near Homel", "to": "Talks near Homel"}
    # The place of the figure is that of its event, which is withdrawn then.
    assert [change["change"] for change in compare(history, "figures", 1, 2, "&country=PL")] == ["left"]
    assert [change["change"] for change in compare(history, "events", 0, 1, f"&ids={EVENT}&country=BY")] == ["left"]
    assert compare(history, "events", 0, 1, f"&ids={public_id('d', 'event', 'none')}&country=BY") == []
    assert [change["id"] for change in compare(history, "places", 0, 5, "&q=pinsk")] == [
        public_id("d", "place", "further")
    ]


def test_the_two_states_are_named_as_known_at_names_one(history: History) -> None:
    first, second = history.numbers[:2]
    expected = [FIGURE_FIELDS]
    later = history.moments[1] + timedelta(microseconds=1)
    for earlier in (f"e{first}", f"e{first}-{history.store}", f"e{second - 1}", written(history.moments[0])):
        for states in (f"&to=e{second}", f"&to={written(later)}"):
            answer = history.get(f"/figures/diff?from={earlier}{states}")
            assert [change["fields"] for change in answer.json()["data"]] == expected
            assert answer.headers["edition"] == str(second)
    today = f"{history.moments[0]:%Y-%m-%d}"
    refused = history.get(f"/figures/diff?from=e{first}&to={today}")
    assert refused.status_code == 400 or history.moments[0].date() < datetime.now(UTC).date()
    # Without `to`, the later state is the last edition.
    present = history.get(f"/figures/diff?from=e{first}")
    assert present.json()["page"]["edition"] == history.numbers[5]
    assert present.json()["data"] == compare(history, "figures", 0, 5)


def test_states_that_name_none_are_refused(history: History) -> None:
    first, last = history.numbers[0], history.numbers[-1]
    future = written(datetime.now(UTC) + timedelta(hours=1))
    refused = {
        f"e{last + 1}": f"There is no such edition: the last edition is e{last}.",
        f"e{first - 1}": f"Expected e{first}-{history.store} or later: the first edition is of",
        "2022-01-01": f"Expected e{first}-{history.store} or later",
        future: "This is in the future",
        "e0": "Expected an edition as e12345",
        "e007": "Expected an edition as e12345",
        f"e{first}-zzzzzz": "This is an edition of another store",
        "2022-03-07T06:00:00": "Expected a time with its offset",
        "yesterday": "Expected an edition as e12345, a time with its offset",
    }
    for path in ("diff", "diff.csv", "diff.ndjson"):
        for value, message in refused.items():
            for states, name in ((f"from={value}", "from"), (f"from=e{first}&to={value}", "to")):
                answer = history.get(f"/places/{path}?{states}")
                assert answer.status_code == 400, states
                [error] = answer.json()["errors"]
                assert error["parameter"] == name and error["detail"].startswith(message), error
        errors = history.get(f"/places/{path}?from=e{last + 1}&to=e{last + 1}").json()["errors"]
        assert [error["parameter"] for error in errors] == ["from", "to"]
        [missing] = history.get(f"/places/{path}?to=e{last}").json()["errors"]
        assert missing["parameter"] == "from" and "from=e12345" in missing["detail"]


def test_an_earlier_state_that_is_the_later_one_says_what_to_write(history: History) -> None:
    first, second = history.numbers[:2]
    moments = [written(moment) for moment in history.moments]
    # Nothing was loaded between these two moments, but they are in the wrong order all the same.
    after = written(history.moments[-1] + timedelta(microseconds=1))
    for earlier, later in ((f"e{second}", f"e{first}"), (moments[1], f"e{first}"), (after, moments[-1])):
        answer = history.get(f"/places/diff?from={earlier}&to={later}")
        [error] = answer.json()["errors"]
        assert error["parameter"] == "from"
        assert error["detail"] == f"This is later than to. Write from={later}&to={earlier}."
        assert history.get(f"/places/diff?from={later}&to={earlier}").status_code == 200
    assert history.get(f"/places/diff?from=e{second}&to=e{second}").json()["data"] == []


def test_what_is_no_parameter_of_a_comparison_is_refused(history: History) -> None:
    states = f"from=e{history.numbers[0]}"
    for name in ("known_at=e5", "sort=id", "include=place", "count=exact", "after_id=x"):
        answer = history.get(f"/events/diff?{states}&{name}")
        assert [error["parameter"] for error in answer.json()["errors"]] == [name.partition("=")[0]]
    for name in ("cursor=x", "after_id=x", "include=place"):
        assert history.get(f"/events/diff.csv?{states}&{name}").status_code == 400
    assert history.get(f"/events/diff.ndjson?{states}&bom=true").status_code == 400
    assert history.get(f"/events/diff?{states}", Accept="text/html").status_code == 406
    for path in ("/v1/events/diff", "/v1/events/diff.csv", "/v2/citations/diff", "/v2/editions/diff"):
        assert history.client.get(path).status_code == 404
    # It is no id of a record.
    assert history.get("/events/diff").status_code == 400


def test_pages_go_on_between_the_same_two_editions(history: History) -> None:
    states = f"from=e{history.numbers[0]}&to=e{history.numbers[5]}"
    all_changes = [json.loads(line) for line in history.get(f"/places/diff.ndjson?{states}").text.splitlines()]
    assert [change["change"] for change in all_changes] == ["changed", "added"]
    changes: list[Change] = []
    following = f"/v2/places/diff?{states}&limit=1"
    for _ in bounded_walk():
        answer = history.client.get(following)
        changes += answer.json()["data"]
        if answer.json()["page"]["next_cursor"] is None:
            assert "link" not in answer.headers
            break
        following = answer.headers["link"].removeprefix("<").partition(">")[0]
    assert changes == all_changes
    assert answer.json()["page"]["has_more"] is False
    cursor = history.get(f"/places/diff?{states}&limit=1").json()["page"]["next_cursor"]
    # Without `to`, the cursor says what the later edition is.
    rest = history.get(f"/places/diff?from=e{history.numbers[0]}&cursor={cursor}")
    assert rest.json()["data"] == all_changes[1:]
    for other in (
        f"from=e{history.numbers[1]}&to=e{history.numbers[5]}",
        f"from=e{history.numbers[0]}&to=e{history.numbers[1]}",
        f"{states}&country=BY",
    ):
        assert history.get(f"/places/diff?{other}&cursor={cursor}").json()["code"] == "invalid_cursor"
    assert history.get(f"/events/diff?{states}&cursor={cursor}").json()["code"] == "invalid_cursor"
    assert history.get(f"/places?cursor={cursor}").json()["code"] == "invalid_cursor"
    assert history.get(f"/places/diff?{states}&cursor=x").json()["code"] == "invalid_cursor"


async def test_a_page_does_not_see_what_was_loaded_after_the_first(own: History, tmp_path: Path) -> None:
    states = f"from=e{own.numbers[0]}"
    first = own.get(f"/places/diff?{states}&limit=1").json()
    await write(tmp_path, own.url, FURTHER | {"name": "Grodno"})
    await asyncio.sleep(OLDEST)
    second = own.get(f"/places/diff?{states}&limit=1&cursor={first['page']['next_cursor']}").json()
    assert [change["fields"]["name"]["to"] for change in second["data"]] == ["Pinsk"]
    again = own.get(f"/places/diff?{states}").json()["data"]
    assert [change["fields"].get("name", {}).get("to") for change in again] == [None, "Grodno"]


def test_a_permalink_gives_the_same_page_for_good(history: History) -> None:
    answer = history.get(f"/figures/diff?measure=killed&from={written(history.moments[0])}&limit=1")
    permalink = answer.json()["page"]["permalink"]
    first, last = history.numbers[0], history.numbers[5]
    assert permalink == (
        f"/v2/figures/diff?measure=killed&limit=1&from=e{first}-{history.store}&to=e{last}-{history.store}"
    )
    assert answer.headers["content-location"] == permalink
    again = history.client.get(permalink)
    assert again.text == answer.text
    assert again.headers["content-location"] == permalink
    # Editions that change nothing of what is read have one name, and answers about them are equal.
    figures = [history.get(f"/figures/diff?from=e{number}&to=e{last}") for number in history.numbers[1:5]]
    assert len({answer.text for answer in figures}) == 1
    key = "bak_live_" + "0" * 40
    hidden = history.get(f"/places/diff?from=e{first}&q={key}")
    assert hidden.json()["page"]["permalink"] is None and "content-location" not in hidden.headers


async def test_caches_may_keep_what_two_editions_differ_in(history: History) -> None:
    named = f"/figures/diff?from=e{history.numbers[0]}&to=e{history.numbers[1]}"
    answer = history.get(named)
    assert answer.headers["cache-control"] == "public, max-age=3600, s-maxage=31536000"
    assert answer.headers["surrogate-key"] == "editions"
    assert "memento-datetime" not in answer.headers
    unchanged = history.get(named, If_None_Match=answer.headers["etag"])
    assert unchanged.status_code == 304
    assert unchanged.headers["cache-control"] == answer.headers["cache-control"]
    # The next load changes what these two compare.
    ahead = written(datetime.now(UTC) + timedelta(seconds=3))
    for states in (f"from=e{history.numbers[0]}", f"from=e{history.numbers[0]}&to={ahead}", f"from={ahead}"):
        present = history.get(f"/figures/diff?{states}")
        assert present.status_code == 200
        assert present.headers["cache-control"] == "public, no-cache" and "surrogate-key" not in present.headers
    store = AccessStore(history.url)
    created_key = await Keys(store, "live", "test: us").create(NewKey("a test", "free", ("read",)))
    await store.close()
    private = history.get(named, Authorization=f"Bearer {created_key.secret.text}")
    assert private.headers["cache-control"] == "private, max-age=3600"
    # The price is for the page, and what it did not use is given back.
    assert private.headers["ratelimit-cost"] == "1"


def test_files_have_all_differences(history: History) -> None:
    states = f"from=e{history.numbers[0]}&to=e{history.numbers[5]}"
    for path in ("figures", "events", "places"):
        page = history.get(f"/{path}/diff?{states}").json()["data"]
        ndjson = history.get(f"/{path}/diff.ndjson?{states}")
        assert [json.loads(line) for line in ndjson.text.splitlines()] == page
        assert ndjson.headers["content-type"] == "application/x-ndjson"
        assert ndjson.headers["content-disposition"] == f'attachment; filename="{path}-diff.ndjson"'
        table = history.get(f"/{path}/diff.csv?{states}")
        assert table.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        assert table.headers["edition"] == ndjson.headers["edition"]
        rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
        expected = [
            (change["id"], change["change"], str(change["from_revision"] or ""), name)
            for change in page
            for name in change["fields"]
        ]
        assert [(row["id"], row["change"], row["from_revision"], row["field"]) for row in rows] == expected
    assert history.get(f"/places/diff.csv?{states}&bom=true").content.startswith(b"\xef\xbb\xbfid,change,")
    assert len(history.get(f"/places/diff.ndjson?{states}&limit=1").text.splitlines()) == 1
    empty = history.get(f"/figures/diff.csv?from=e{history.numbers[1]}&to=e{history.numbers[1]}")
    assert empty.text == "id,change,from_revision,to_revision,field,from,to\r\n"
    # A record of which no field differs is a row without a field.
    left = history.get(f"/events/diff.csv?from=e{history.numbers[0]}&to=e{history.numbers[1]}&country=BY")
    assert left.text.splitlines()[1:] == [f"{EVENT},left,1,1,,,"]


def test_no_cell_is_run_as_a_formula(history: History) -> None:
    text = history.get(f"/figures/diff.csv?from=e{history.numbers[4]}&to=e{history.numbers[5]}").text
    rows = {row["field"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert rows["caveat"]["to"] == '\'=HYPERLINK("x")'
    assert rows["amount.text"]["to"] == "'-1 or\nso"
    assert (rows["amount.value"]["from"], rows["amount.value"]["to"]) == ("406", "364")


async def test_files_are_those_of_the_plan(own: History) -> None:
    states = f"from=e{own.numbers[0]}&to=e{own.numbers[5]}"
    store = AccessStore(own.url)
    access = Access(store)
    single_line, csv_only = await access.key(export_most=1), await access.key(formats=("csv",))
    many, poor = await access.key(export_most=1_000_000), await access.key(burst=149, points_minute=3)
    await store.close()
    with limited_client(own.url) as client:
        # Two places differ.
        refused = client.get(f"/v2/places/diff.csv?{states}", single_line)
        assert refused.json()["code"] == "too_expensive"
        # They were counted, and not written.
        assert int(refused.headers["ratelimit-cost"]) < 100
        for path in (f"places/diff.csv?{states}&limit=1", f"places/diff.csv?{states}&country=PL"):
            allowed = client.get(f"/v2/{path}", single_line)
            assert allowed.status_code == 200 and int(allowed.headers["ratelimit-cost"]) >= 150
        assert client.get(f"/v2/places/diff.ndjson?{states}", csv_only).status_code == 403
        assert len(client.get(f"/v2/places/diff.ndjson?{states}", many).text.splitlines()) == 2
        assert client.get(f"/v2/places/diff.csv?{states}", poor).json()["code"] == "too_expensive"


def test_two_roots_of_graphql_are_the_two_states(history: History) -> None:
    first, second = history.numbers[:2]
    nodes = "{ nodes { id revision amount { value } } }"
    query = f'{{ then: figures(knownAt: "e{first}") {nodes} now: figures(knownAt: "e{second}") {nodes} }}'
    data = history.graphql(query)["data"]
    [then], [now] = data["then"]["nodes"], data["now"]["nodes"]
    [change] = compare(history, "figures", 0, 1)
    assert (change["from_revision"], change["to_revision"]) == (then["revision"], now["revision"])
    values = then["amount"]["value"], now["amount"]["value"]
    assert change["fields"] == {"amount.value": dict(zip(("from", "to"), values, strict=True))}


async def test_nothing_of_an_erased_record_is_shown(own: History) -> None:
    states = f"from=e{own.numbers[0]}&to=e{own.numbers[5]}"
    before = own.get(f"/figures/diff?{states}")
    assert before.json()["data"]
    await erase(own.url, FIGURE, "A court ordered it.", 5)
    await asyncio.sleep(OLDEST)
    tag = before.headers["etag"]
    for path in (f"diff?{states}", f"diff?from=e{own.numbers[0]}"):
        answer = own.get(f"/figures/{path}", If_None_Match=tag)
        assert answer.status_code == 200 and answer.json()["data"] == []
    assert own.get(f"/figures/diff.ndjson?{states}").text == ""
    revisions = own.get(f"/figures/{FIGURE}/revisions").json()["data"]
    assert revisions[0]["action"] == "withdrawn"
