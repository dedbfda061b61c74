"""The home page: true numbers, the latest events, a dispute, and links to go on. It needs no script, and is cheap."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import urljoin

import httpx2
import pytest

from api.catalog import VERSIONS
from api.compiler import compile_query
from api.compiler.summary import summary, with_records
from api.pages.explore.words import write_day
from api.pages.home import LATEST, NUMBERS, records_query
from api.query import price
from tests.pages.conftest import BROWSER, check_markup
from tests.serving import serving

NEWEST = list(VERSIONS.values())[-1]
LINKS = re.compile(r'href="([^"]*)"')


@pytest.fixture(scope="module")
def home(browser: httpx2.Client) -> httpx2.Response:
    return browser.get("/")


def test_it_counts_what_is_served(home: httpx2.Response, client: httpx2.Client) -> None:
    assert home.status_code == 200
    for resource in NEWEST.resources.values():
        total = client.get(f"/{NEWEST.name}/{resource.plural}?limit=1&count=exact").json()["page"]["total"]
        assert f'<strong>{total}</strong> <a href="./explore/{resource.plural}">' in home.text


def test_it_says_when_the_last_change_was(home: httpx2.Response, client: httpx2.Client) -> None:
    moments = []
    for resource in NEWEST.resources.values():
        rows = client.get(f"/{NEWEST.name}/{resource.plural}?limit=200").json()["data"]
        moments += [datetime.fromisoformat(row["updated_at"]) for row in rows]
    assert f'<time datetime="{max(moments).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">' in home.text


def test_it_gives_the_attribution_of_what_is_served(home: httpx2.Response, client: httpx2.Client) -> None:
    for record in client.get(f"/{NEWEST.name}/briefings").json()["data"]:
        assert record["attribution"] in unescape(home.text)
    assert "no licence is known" in home.text


def test_the_first_call_works_as_it_stands(home: httpx2.Response) -> None:
    match = re.search(r"<code>curl '([^']*)'</code>", home.text)
    assert match
    answer = httpx2.get(unescape(match[1]))
    assert (answer.status_code, len(answer.json()["data"])) == (200, 1)


def test_every_link_is_relative_and_leads_somewhere(home: httpx2.Response, browser: httpx2.Client) -> None:
    links = LINKS.findall(home.text)
    assert len(links) > 5
    for link in links:
        assert urljoin("/behind/a/prefix/", link).startswith("/behind/a/prefix/")
        accept = "application/json" if link.startswith(f"./{NEWEST.name}/") and "graphql" not in link else BROWSER
        address = urljoin("/", unescape(link).partition("#")[0])
        assert browser.get(address, headers={"accept": accept}).status_code == 200, link


def test_it_may_run_nothing_inline_and_load_nothing_from_elsewhere(home: httpx2.Response) -> None:
    policy = dict(directive.split(" ", 1) for directive in home.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == policy["script-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert home.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script(?! defer src=)|\son\w+=|style=|<style|javascript:", home.text)


def test_a_page_that_has_not_changed_is_304_and_asks_the_store_nothing(
    home: httpx2.Response, browser: httpx2.Client
) -> None:
    again = browser.get("/", headers={"if-none-match": home.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    second = browser.get("/")
    assert second.headers["server-timing"].startswith("db;dur=0.0") or "db" not in second.headers["server-timing"]
    assert second.text == home.text


@pytest.mark.parametrize("host", ['"><script>', "a b", "", "x" * 300, "a'b"])
def test_an_invalid_host_is_not_shown(browser: httpx2.Client, host: str) -> None:
    answer = browser.get("/", headers={"host": host})
    assert answer.status_code == 400 or "curl 'http://localhost/" in answer.text


async def test_behind_a_trusted_proxy_with_tls_the_call_is_https_and_from_nobody_else(
    new_store: Callable[[], Awaitable[str]],
) -> None:
    url = await new_store()
    headers = {"accept": BROWSER, "host": "data.example.org", "x-forwarded-proto": "https"}
    pages = {}
    with serving(url, trusted_proxies="127.0.0.2") as server:
        for address in ("127.0.0.2", "127.0.0.3"):
            with httpx2.Client(transport=httpx2.HTTPTransport(local_address=address)) as client:
                pages[address] = client.get(f"http://127.0.0.1:{server.port}/", headers=headers)
    assert "curl 'https://data.example.org/" in pages["127.0.0.2"].text
    assert "curl 'http://data.example.org/" in pages["127.0.0.3"].text
    assert len({page.headers["etag"] for page in pages.values()}) == 2
    assert all("x-forwarded-proto" in page.headers["vary"] for page in pages.values())


def test_it_is_one_statement_and_counts_a_sample_of_long_lists() -> None:
    statement = with_records(summary(NEWEST, NUMBERS), compile_query(records_query(NEWEST)))
    assert ";" not in statement.sql
    assert statement.sql.count("limit 1001") == len(NEWEST.resources)
    assert set(statement.reads) == set(NEWEST.resources)


def test_it_costs_no_more_than_a_page_of_200_records() -> None:
    assert NUMBERS + price(records_query(NEWEST)) <= 200


def test_it_names_the_newest_briefing(home: httpx2.Response, client: httpx2.Client) -> None:
    (briefing,) = client.get(f"/{NEWEST.name}/briefings?limit=1&sort=-published_at").json()["data"]
    hero = home.text.partition('<div class="hero">')[2].partition("</div>")[0]
    assert briefing["title"] in unescape(hero) and briefing["id"] in hero
    assert write_day(datetime.fromisoformat(briefing["published_at"]).date()) in hero


def test_it_shows_the_latest_events(home: httpx2.Response, client: httpx2.Client) -> None:
    latest = client.get(f"/{NEWEST.name}/events?limit={LATEST}").json()["data"]
    cards = re.findall(r'<li class="card">(.*?)</li>', home.text, re.S)
    assert len(cards) == len(latest)
    for card, event in zip(cards, latest, strict=True):
        assert event["id"] in card and event["title"] in unescape(card)
        status = re.findall(
            r"\b(planned|ongoing|failed|cancelled)\b", "".join(re.findall(r'class="badge[^>]*>([^<]*)', card))
        )
        assert status == ([] if event["status"] == "occurred" else [event["status"]])
    assert {event["status"] for event in latest} > {"occurred"}


def test_it_shows_who_says_what_about_the_latest_dispute(home: httpx2.Response, client: httpx2.Client) -> None:
    (event,) = client.get(f"/{NEWEST.name}/events?limit=1&disputed=true&include=citations.source").json()["data"]
    section = home.text.partition('id="dispute"')[2].partition("</section>\n<section aria-labelledby")[0]
    assert event["title"] in unescape(section)
    for citation in event["citations"]["data"]:
        source = citation["source"]
        assert (source["name"] or source["description"]) in unescape(section)
    assert "withdrawn" not in section


def test_its_bars_count_the_events_of_each_day(home: httpx2.Response, client: httpx2.Client) -> None:
    texts = re.findall(r"<g><title>(.*?)</title>", home.text)
    listed = client.get(f"/{NEWEST.name}/events?limit=200").json()["data"]
    known = [event for event in listed if event["time"]["precision"] in ("minute", "hour", "day")]
    assert 0 < len(known) < len(listed)
    numbers = Counter(event["time"]["starts_at"][:10] for event in known)
    disputed = Counter(event["time"]["starts_at"][:10] for event in known if event["dispute"]["stances"])
    expected = []
    for day in sorted(numbers):
        text = f"{write_day(date.fromisoformat(day))}: {numbers[day]} {'event' if numbers[day] == 1 else 'events'}"
        expected.append(text + (f", {disputed[day]} disputed" if disputed[day] else ""))
    assert texts == expected


def test_its_bars_follow_the_rule_of_the_timeline(home: httpx2.Response, browser: httpx2.Client) -> None:
    timeline = browser.get("/explore/events?view=timeline&bucket=day").text
    bars = re.findall(r"<title>([^<]*): (\d+) events?</title>", timeline)
    assert re.findall(r"<g><title>([^<]*): (\d+) events?(?:, \d+ disputed)?</title>", home.text) == bars
    unplaced = re.findall(r"\d+ events? ha\w+ no bar: [^.]*\.", timeline)
    assert len(unplaced) == 2
    assert re.findall(r"\d+ events? ha\w+ no bar: [^.]*\.", home.text) == unplaced


def test_its_map_has_the_places_of_the_map_of_all_events(home: httpx2.Response, browser: httpx2.Client) -> None:
    rows = r"<tr (data-lat=.*?)>.*?events\?(?:view=map&amp;)?place_id=(\w+)"
    places = re.findall(rows, home.text, re.S)
    assert len(places) > 5
    view = browser.get("/explore/events?view=map").text
    assert sorted(places) == sorted(re.findall(rows, view, re.S))
    total = browser.get(f"/{NEWEST.name}/events?limit=1&count=exact").json()["page"]["total"]
    assert f"All {total} events by place." in home.text
    [unplaced] = re.findall(r"(\d+ events?) ha\w+ no place on the map\.", home.text)
    assert f"{unplaced} ha" in view


def test_markup_in_records_stays_text(hostile: str) -> None:
    page = httpx2.get(f"{hostile}/", headers={"accept": BROWSER}).text
    assert "Evacuation of civilians" in page
    check_markup(page)


async def test_an_empty_store_has_a_page_too(new_store: Callable[[], Awaitable[str]]) -> None:
    url = await new_store()
    with serving(url) as server:
        answer = httpx2.get(f"http://127.0.0.1:{server.port}/", headers={"accept": BROWSER})
    assert answer.status_code == 200
    assert "Nothing has been loaded yet." in answer.text
    assert "There are no briefings yet." in answer.text


def test_without_a_store_the_page_says_so() -> None:
    with serving("postgresql://briefing@127.0.0.1:1/none") as server:
        answer = httpx2.get(f"http://127.0.0.1:{server.port}/", headers={"accept": BROWSER})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert (answer.headers["cache-control"], answer.headers["retry-after"]) == ("no-store", "1")
    assert "The store cannot answer now" in answer.text
