"""Feeds: the records of the lists as Atom and as JSON Feed, the newest changes first, and what was withdrawn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import httpx2
import pytest
from defusedxml.ElementTree import fromstring

from api.access.key import new
from api.catalog import VERSIONS, Resource
from api.ingest.load import load
from api.pages.feeds.atom import write_atom
from api.pages.feeds.feed import Feed, FeedEntry, Tombstone, included
from api.query import price
from api.rest.feeds import FEEDS
from api.rest.request import feed_query, list_query
from tests.conftest import SAMPLE
from tests.serving import OLDEST, serving
from tests.walking import bounded_walk

NEWEST = list(VERSIONS.values())[-1]
RECORDS = list(NEWEST.resources.values())
ATOM = "{http://www.w3.org/2005/Atom}"
DELETED = "{http://purl.org/atompub/tombstones/1.0}"
each_record = pytest.mark.parametrize("resource", RECORDS, ids=lambda resource: resource.plural)
FILTERS = ("", "kind=attack,shelling", "q=evacuation&country=UA", "figures.measure=killed&place.country=UA")


def read_atom(answer: httpx2.Response) -> Element:
    """Return a feed after checking it by RFC 4287 and RFC 6721."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml"), answer.text
    feed: Element = fromstring(answer.content, forbid_dtd=True)
    assert feed.tag == f"{ATOM}feed"
    names = [child.tag.removeprefix(ATOM) for child in feed]
    assert all(names.count(name) == 1 for name in ("id", "title", "updated", "author"))
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{ATOM}link")}
    assert {"self", "alternate"} <= set(links) <= {"self", "alternate", "next"}
    identifiers = [_text(entry, "id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(set(identifiers)) == len(identifiers)
    for identifier in (_text(feed, "id"), *identifiers):
        assert identifier.startswith("urn:uuid:")
    assert datetime.fromisoformat(_text(feed, "updated")).tzinfo
    for entry in feed.findall(f"{ATOM}entry"):
        names = [child.tag.removeprefix(ATOM) for child in entry]
        assert all(names.count(name) == 1 for name in ("id", "title", "updated", "published", "content"))
        assert _text(entry, "title")
        assert datetime.fromisoformat(_text(entry, "updated")) >= datetime.fromisoformat(_text(entry, "published"))
        for link in entry.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href", "")).scheme in ("http", "https")
    for tombstone in feed.findall(f"{DELETED}deleted-entry"):
        assert datetime.fromisoformat(tombstone.get("when", "")).tzinfo and tombstone.get("ref")
    return feed


def read_json_feed(answer: httpx2.Response) -> dict[str, Any]:
    """Return a feed after checking it by JSON Feed 1.1."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/feed+json"), answer.text
    feed: dict[str, Any] = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"]
    for item in feed["items"]:
        assert isinstance(item["id"], str) and isinstance(item["content_text"], str) and item["content_text"]
        assert datetime.fromisoformat(item["date_modified"]).tzinfo
        assert urlsplit(item["url"]).scheme
    return feed


def _text(element: Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""


def _links(element: Element, media_type: str) -> list[str]:
    return [link.get("href", "") for link in element.findall(f"{ATOM}link") if link.get("type") == media_type]


def _ids(feed: Element) -> list[str]:
    """Return the ids of the records in a feed."""
    entries = feed.findall(f"{ATOM}entry")
    return [_links(entry, "application/json")[0].rpartition("/")[2] for entry in entries]


@each_record
def test_a_feed_has_the_records_of_the_list_the_newest_changes_first(client: httpx2.Client, resource: Resource) -> None:
    listed = client.get(f"/v2/{resource.plural}?sort=-updated_at&limit=200").json()["data"]
    feed = read_atom(client.get(f"/v2/{resource.plural}.atom?limit=200"))
    assert _ids(feed) == [record["id"] for record in listed]
    items = read_json_feed(client.get(f"/v2/{resource.plural}.feed.json?limit=200"))["items"]
    assert [item["_briefing"]["data"].rpartition("/")[2] for item in items] == _ids(feed)
    assert [item["id"] for item in items] == [_text(entry, "id") for entry in feed.findall(f"{ATOM}entry")]
    for entry, record in zip(feed.findall(f"{ATOM}entry"), listed, strict=True):
        assert _text(entry, "updated") == record["updated_at"]
        page = _links(entry, "text/html")[0]
        assert client.get(urlsplit(page).path).status_code == 200


@pytest.mark.parametrize("query", FILTERS)
def test_a_feed_has_the_filters_of_its_list(client: httpx2.Client, query: str) -> None:
    listed = client.get(f"/v2/events?{query}&sort=-updated_at").json()["data"]
    assert listed
    answer = client.get(f"/v2/events.atom?{query}")
    assert _ids(read_atom(answer)) == [record["id"] for record in listed]
    table = _links(read_atom(answer), "text/html")[0]
    assert client.get(table).status_code == 200


def test_a_title_is_what_a_reader_would_see(client: httpx2.Client) -> None:
    feed = read_atom(client.get("/v2/figures.atom?measure=killed&population=civilians"))
    entry = feed.findall(f"{ATOM}entry")[0]
    assert _text(entry, "title") == "At least 364 civilians killed"
    assert "As of: 6 March 2022\nSays: Office of the United Nations High Commissioner" in _text(entry, "content")
    assert _text(entry, "rights").startswith("Facts structured from")


@pytest.mark.parametrize("suffix", [feed.suffix for feed in FEEDS])
def test_pages_of_a_feed_lead_through_all_records_once(client: httpx2.Client, suffix: str) -> None:
    ids: list[str] = []
    address = f"/v2/quotes.{suffix}?limit=20"
    for _ in bounded_walk():
        answer = client.get(address)
        if suffix == "atom":
            feed = read_atom(answer)
            ids += _ids(feed)
            following = [link.get("href", "") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "next"]
        else:
            document = read_json_feed(answer)
            ids += [item["url"].rpartition("/")[2] for item in document["items"]]
            following = [document["next_url"]] if "next_url" in document else []
        if not following:
            break
        address = following[0]
    listed = client.get("/v2/quotes?limit=200&sort=-updated_at").json()["data"]
    assert len(listed) > 20 and ids == [record["id"] for record in listed]


@pytest.mark.parametrize("suffix", [feed.suffix for feed in FEEDS])
def test_a_feed_is_validated_and_charged_like_its_list(client: httpx2.Client, suffix: str) -> None:
    first = client.get(f"/v2/events.{suffix}?kind=attack")
    assert int(first.headers["ratelimit-cost"]) > 0 and first.headers["edition"]
    again = client.get(f"/v2/events.{suffix}?kind=attack", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(f"/v2/events.{suffix}?kind=attack").headers["etag"]


@each_record
def test_the_price_of_a_feed_is_about_that_of_the_list(resource: Resource) -> None:
    feed = price(feed_query(NEWEST, resource, b"limit=50", included(NEWEST, resource)))
    query = f"limit=50&sort=-updated_at&include={','.join(included(NEWEST, resource))}".removesuffix("&include=")
    listed = price(list_query(NEWEST, resource, query.encode()))
    # The withdrawals are a point each.
    assert feed == listed + 50


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("kin=attack", "kin", "Did you mean kind?"),
        ("kind=atack", "kind", "Did you mean attack?"),
        ("sort=starts_at", "sort", "no such parameter"),
        ("known_at=2022-03-06", "known_at", "no such parameter"),
        ("count=exact", "count", "no such parameter"),
        ("limit=201", "limit", "from 1 to 200"),
        ("cursor=x", "cursor", "not a cursor"),
    ],
)
def test_a_wrong_parameter_is_a_problem(client: httpx2.Client, query: str, parameter: str, words: str) -> None:
    for feed in FEEDS:
        answer = client.get(f"/v2/events.{feed.suffix}?{query}")
        assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
        (error,) = answer.json()["errors"]
        assert error["parameter"] == parameter and words in error["detail"], error


def test_only_lists_of_records_have_feeds(client: httpx2.Client) -> None:
    for path in ("/v2/citations.atom", "/v2/withdrawals.feed.json", "/v1/events.atom", "/v2/nothing.atom"):
        assert client.get(path).status_code == 404, path


def test_a_table_names_its_feeds_with_its_filters(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?kind=attack&limit=5&sort=starts_at&count=exact").text
    for feed in FEEDS:
        mark = f'<link rel="alternate" type="{feed.media_type}"'
        (line,) = [line for line in page.splitlines() if line.startswith(mark)]
        address = unescape(line.partition('href="')[2].partition('"')[0])
        assert address.endswith(f"/events.{feed.suffix}?kind=attack")
        assert browser.get(urljoin("/explore/events", address)).status_code == 200
    assert 'type="application/atom+xml"' not in browser.get("/explore/citations").text


async def test_a_withdrawn_record_is_a_tombstone(new_store: Callable[[], Awaitable[str]], tmp_path: Path) -> None:
    url = await new_store()
    lines = [{"dataset": "t", "resource": "place", "key": key, "name": f"Place {key}"} for key in ("a", "b")]
    reason = "counted <twice> & more"
    with serving(url) as server, httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        await _load(url, tmp_path, *lines)
        before = read_atom(client.get("/v2/places.atom"))
        assert before.findall(f"{DELETED}deleted-entry") == [] and len(_ids(before)) == 2
        names = {_text(entry, "title"): _text(entry, "id") for entry in before.findall(f"{ATOM}entry")}
        await _load(url, tmp_path, {**lines[0], "withdrawn": {"reason": reason}})
        await asyncio.sleep(OLDEST)
        after = read_atom(client.get("/v2/places.atom"))
        document = read_json_feed(client.get("/v2/places.feed.json"))
        others = read_atom(client.get("/v2/events.atom"))
        filtered = read_atom(client.get("/v2/places.atom?country=UA"))
    (tombstone,) = after.findall(f"{DELETED}deleted-entry")
    assert tombstone.get("ref") == names["Place a"] and tombstone.findtext(f"{DELETED}comment") == reason
    assert [_text(entry, "title") for entry in after.findall(f"{ATOM}entry")] == ["Place b"]
    assert _text(after, "updated") == tombstone.get("when")
    (withdrawn,) = document["_briefing"]["withdrawn"]
    assert (withdrawn["id"], withdrawn["withdrawn_at"]) == (names["Place a"], tombstone.get("when"))
    assert others.findall(f"{DELETED}deleted-entry") == []
    # A filter cannot be applied to what is gone.
    assert len(filtered.findall(f"{DELETED}deleted-entry")) == 1 and _ids(filtered) == []


async def _load(url: str, folder: Path, *lines: dict[str, Any]) -> None:
    file = folder / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)


async def test_addresses_are_below_the_public_url(new_store: Callable[[], Awaitable[str]]) -> None:
    url = await new_store()
    await load([str(SAMPLE)], url)
    base = "https://example.org/below"
    with serving(url, public_url=base) as server:
        answer = httpx2.get(f"http://127.0.0.1:{server.port}/v2/events.atom?limit=2", headers={"host": "evil.example"})
    feed = read_atom(answer)
    links = [link.get("href", "") for link in feed.iter(f"{ATOM}link")]
    assert len(links) == 7 and all(link.startswith(f"{base}/") for link in links)


@each_record
def test_markup_in_records_stays_text(hostile: str, resource: Resource) -> None:
    answer = httpx2.get(f"{hostile}/v2/{resource.plural}.atom?limit=200")
    feed = read_atom(answer)
    # Withdrawn records are entries of their own, with the reason.
    assert {element.tag.partition("}")[0] for element in feed.iter()} <= {ATOM[:-1], DELETED[:-1]}
    assert b"<script" not in answer.content and b"<img" not in answer.content
    items = read_json_feed(httpx2.get(f"{hostile}/v2/{resource.plural}.feed.json?limit=200"))["items"]
    titles = [_text(entry, "title") for entry in feed.findall(f"{ATOM}entry")]
    assert [item["title"] for item in items] == titles
    assert not any("\u200f" in title for title in titles)


def test_characters_that_xml_does_not_allow_are_replaced() -> None:
    controls = "".join(map(chr, range(0x20)))
    every = f"{controls}\x7f\ufffe\uffff\ud800]]><a>&amp;"
    day = "2022-03-06T00:00:00Z"
    entry = FeedEntry("urn:uuid:1", every, every, "http://x/", "http://x/", day, day, every, (every,), every)
    stone = Tombstone("urn:uuid:2", "http://x/", day, every)
    feed = fromstring(write_atom(Feed("urn:uuid:3", every, "http://x/", "http://x/", every, (entry,), (stone,))))
    expected = "".join(letter if letter in "\t\n\r" else "\ufffd" for letter in controls)
    expected += "\x7f\ufffd\ufffd\ufffd]]><a>&amp;"
    # A parser reads a carriage return as the end of a line.
    assert _text(feed.find(f"{ATOM}entry"), "content") == expected.replace("\r", "\n")
    assert feed.findtext(f"{DELETED}deleted-entry/{DELETED}comment") == expected.replace("\r", "\n")


def test_a_feed_repeats_no_key(client: httpx2.Client) -> None:
    key = new("live").text
    for feed in FEEDS:
        answer = client.get(f"/v2/events.{feed.suffix}?tag={key}")
        assert answer.status_code == 200 and key not in answer.text
