"""Embedded lists and records: any site may frame them, nothing in them runs, and with an edition they last."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from api.catalog import VERSIONS, Resource
from tests.pages.conftest import BROWSER, WITHOUT_TEXTS, check_escaped_attack, check_markup, check_words

NEWEST = list(VERSIONS.values())[-1]
LISTS = list(NEWEST.lists.values())
RECORDS = list(NEWEST.resources.values())
LINKS = re.compile(r'<(?:a|link)\b[^>]*\shref="([^"]*)"')
FOR_LONG = "public, max-age=3600, s-maxage=31536000"


def check_frame(page: httpx2.Response, status: int = 200) -> None:
    """Check that any site may frame a page, and that it runs nothing."""
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == "*" and "x-frame-options" not in page.headers
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["style-src"] == "'self'" and "script-src" not in policy
    assert "<script" not in page.text and "<form" not in page.text
    check_markup(page.text)


@pytest.mark.parametrize("resource", LISTS, ids=lambda resource: resource.plural)
def test_a_list_has_its_first_records_and_its_source(browser: httpx2.Client, resource: Resource) -> None:
    page = browser.get(f"/embed/{resource.plural}")
    check_frame(page)
    listed = browser.get(f"/{NEWEST.name}/{resource.plural}?limit=10").json()["data"]
    assert page.text.count('<tr role="row">') == len(listed) + (1 if listed else 0)
    assert f'href="../explore/{resource.plural}"' in page.text


@pytest.mark.parametrize("resource", RECORDS, ids=lambda resource: resource.plural)
def test_a_record_has_its_words_and_its_source(browser: httpx2.Client, resource: Resource) -> None:
    listed = browser.get(f"/{NEWEST.name}/{resource.plural}?limit=5").json()["data"]
    assert listed
    for record in listed:
        page = browser.get(f"/embed/{resource.plural}/{record['id']}")
        check_frame(page)
        check_words(page.text, record)
        assert f'href="../../explore/{resource.plural}/{record["id"]}"' in page.text


def test_every_link_opens_a_window_and_leads_somewhere(browser: httpx2.Client) -> None:
    event = browser.get("/v2/events?kind=evacuation").json()["data"][0]["id"]
    for path in ("/embed/events?kind=evacuation", f"/embed/events/{event}"):
        page = browser.get(path).text
        assert '<base target="_blank">' in page
        links = [unescape(link) for link in LINKS.findall(page) if not link.startswith("http")]
        assert len(links) > 3
        for link in links:
            assert urljoin(f"/behind/a/prefix{path}", link).startswith("/behind/a/prefix/"), link
            assert browser.get(urljoin(path, link)).status_code == 200, link


def test_an_edition_is_kept_for_long_and_the_present_is_not(browser: httpx2.Client) -> None:
    record = browser.get("/v2/events?limit=1")
    event, edition = record.json()["data"][0]["id"], record.headers["edition"]
    for path in ("/embed/events", f"/embed/events/{event}"):
        assert browser.get(path).headers["cache-control"] == "public, no-cache"
        page = browser.get(f"{path}?known_at=e{edition}")
        check_frame(page)
        assert page.headers["cache-control"] == FOR_LONG and page.headers["surrogate-key"] == "editions"
        assert f"As known in edition e{edition}" in page.text
        again = browser.get(f"{path}?known_at=e{edition}", headers={"if-none-match": page.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, FOR_LONG)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/embed", 404, "There is no list"),
        ("/embed/event", 404, "Did you mean /embed/events?"),
        ("/embed/events/evt_00000000000000000000000000", 404, "No event has this id."),
        ("/embed/events?kin=attack", 400, "Did you mean kind?"),
        ("/embed/events/evt_00000000000000000000000000?q=x", 400, "no such parameter"),
        ("/embed/events?known_at=e999999", 400, "There is no such edition"),
    ],
)
def test_a_problem_can_be_framed_too(browser: httpx2.Client, path: str, status: int, words: str) -> None:
    page = browser.get(path)
    check_frame(page, status)
    assert words in unescape(page.text)
    assert browser.get(path, headers={"accept": "application/json"}).json()["status"] == status


def test_other_pages_stay_out_of_frames(browser: httpx2.Client) -> None:
    for path in ("/", "/explore", "/explore/events", "/guide", "/explore/nothing", "/docs"):
        page = browser.get(path)
        assert page.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_pages_offer_the_element_that_embeds_them(browser: httpx2.Client) -> None:
    event = browser.get("/v2/events?kind=evacuation").json()["data"][0]["id"]
    pages = {f"/explore/events/{event}": 2, "/explore/events?kind=evacuation&limit=5": 1, "/explore/citations": 1}
    for path, expected in pages.items():
        page = browser.get(path).text
        codes = re.findall(r'aria-label="Embed[^"]*" data-copy><code>(.*?)</code>', page, re.S)
        addresses = [re.findall(r'<iframe src="([^"]*)" title="([^"]*)"', unescape(code)) for code in codes]
        assert len(addresses) == expected
        for ((address, title),) in addresses:
            parts = urlsplit(unescape(address))
            assert parts.netloc and title
            check_frame(browser.get(f"{parts.path}?{parts.query}"))
    assert "known_at=e" in codes_of(browser, event)


def codes_of(browser: httpx2.Client, event: str) -> str:
    """Return the element that embeds an event as it is now."""
    page = browser.get(f"/explore/events/{event}").text
    return str(re.findall(r'aria-label="Embed as it is now" data-copy><code>(.*?)</code>', page, re.S)[0])


@pytest.mark.parametrize("resource", LISTS, ids=lambda resource: resource.plural)
def test_markup_in_records_stays_text(hostile: str, resource: Resource) -> None:
    with httpx2.Client(base_url=hostile, headers={"accept": BROWSER}) as client:
        listed = client.get(f"/{NEWEST.name}/{resource.plural}?limit=5").json()["data"]
        assert listed
        paths = [f"/{resource.plural}?limit=200"]
        if resource.prefix:
            paths += [f"/{resource.plural}/{record['id']}" for record in listed]
        for path in paths:
            page = client.get(f"/embed{path}")
            check_frame(page)
            if resource.plural not in WITHOUT_TEXTS:
                check_escaped_attack(page)
