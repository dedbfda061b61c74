"""The home page: true numbers, their attribution, and links to go on. It needs no script, and is cheap."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urljoin

import httpx2
import pytest

from api.catalog import VERSIONS
from api.compiler.summary import summary
from tests.pages.conftest import BROWSER
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
        assert f'<strong>{total}</strong> <a href="{NEWEST.name}/{resource.plural}">' in home.text


def test_it_says_when_the_last_change_was(home: httpx2.Response, client: httpx2.Client) -> None:
    moments = []
    for resource in NEWEST.resources.values():
        rows = client.get(f"/{NEWEST.name}/{resource.plural}?limit=200").json()["data"]
        moments += [datetime.fromisoformat(row["updated_at"]) for row in rows]
    assert f'<time datetime="{max(moments).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">' in home.text


def test_it_gives_the_attribution_of_what_is_served(home: httpx2.Response, client: httpx2.Client) -> None:
    for record in client.get(f"/{NEWEST.name}/briefings").json()["data"]:
        assert record["attribution"] in unescape(home.text)
    assert "no licence is asserted" in home.text


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
        accept = "application/json" if link.startswith(f"{NEWEST.name}/") and "graphql" not in link else BROWSER
        assert browser.get(f"/{link}", headers={"accept": accept}).status_code == 200, link


def test_it_may_run_no_script_and_load_nothing_from_elsewhere(home: httpx2.Response) -> None:
    policy = dict(directive.split(" ", 1) for directive in home.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert home.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script|\son\w+=|style=|<style|javascript:", home.text)


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
    statement = summary(NEWEST)
    assert ";" not in statement.sql
    assert statement.sql.count("limit 1001") == len(NEWEST.resources)
    assert set(statement.reads) == set(NEWEST.resources)


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
