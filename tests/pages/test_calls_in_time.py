"""The calls, frames and feeds of a page of an earlier edition answer as of that edition."""

from __future__ import annotations

import json
import re
from html import unescape

import httpx2

KILLED = "fig_r876ewqjg0200j7zxgg36ycmxw"
JSON = {"accept": "application/json"}
QUESTION = "/explore/figures?measure=killed"


def calls(page: str) -> dict[str, str]:
    """Return the texts to copy by their names."""
    blocks = re.findall(r'aria-label="([^"]*)" data-copy><code>(.*?)</code>', page, re.S)
    return {name: unescape(re.sub("<[^>]*>", "", text)) for name, text in blocks}


def earlier_edition(browser: httpx2.Client) -> str:
    """Return the edition before the restatement, to which the page of the figure leads."""
    page = browser.get(f"/explore/figures/{KILLED}").text
    link = re.search(r'href="\w+\?known_at=(e\d+)#history"', page)
    assert link is not None
    return link[1]


def test_the_calls_of_a_record_name_its_edition(charted: str) -> None:
    with httpx2.Client(base_url=charted, headers={"accept": "text/html"}) as browser:
        edition = earlier_edition(browser)
        present = calls(browser.get(f"/explore/figures/{KILLED}").text)
        then = calls(browser.get(f"/explore/figures/{KILLED}?known_at={edition}").text)
        answer = browser.post("/v2/graphql", json={"query": then["GraphQL"]}, headers=JSON).json()
        curl = then["curl"].removeprefix("curl '").removesuffix("'")
        assert browser.get(curl, headers=JSON).json()["data"]["amount"]["value"] == 364
    assert answer["data"]["figure"]["amount"]["value"] == 364
    assert f'known_at="{edition}-' in then["Python"] and "known_at" not in present["Python"]
    assert "known_at" not in present["curl"] and "knownAt" not in present["GraphQL"]
    assert {"Embed", "Embed as it is now"} <= present.keys() and "Embed as it is now" not in then
    assert f"?known_at={edition}-" in then["Embed"] and "known_at" not in present["Embed"]


def test_the_document_of_a_list_names_its_edition(charted: str) -> None:
    with httpx2.Client(base_url=charted, headers={"accept": "text/html"}) as browser:
        edition = earlier_edition(browser)
        page = browser.get(f"{QUESTION}&known_at={edition}").text
        document = calls(page)["GraphQL"]
        nodes = browser.post("/v2/graphql", json={"query": document}, headers=JSON).json()["data"]["figures"]["nodes"]
        present = browser.get(QUESTION).text
    assert json.dumps(edition) in document
    assert 364 in [node["amount"]["value"] for node in nodes]
    # A feed tells what is new.
    assert ".atom" in present and ".atom" not in page


def record_links(page: str) -> set[str]:
    """Return the queries of the links of a page to records, and of its frame."""
    main = page.partition("<main")[2].partition("</main>")[0]
    main = re.sub(r'<section class="history".*?</section>', "", main, flags=re.S)
    queries = re.findall(r'href="[./]*(?:explore/|embed/|v2/)?\w+/[a-z]{3}_\w+([^"#]*)"', main)
    return {unescape(query) for query in queries}


def test_links_of_a_page_of_an_edition_stay_in_it(charted: str) -> None:
    with httpx2.Client(base_url=charted, headers={"accept": "text/html"}) as browser:
        day = "?known_at=2022-03-07"
        for path in ("/explore/figures", "/explore/figures?view=chart", "/explore/events?view=map", "/explore/events"):
            question = f"{path}{day.replace('?', '&') if '?' in path else day}"
            assert record_links(browser.get(question).raise_for_status().text) == {day}, path
            assert record_links(browser.get(path).text) == {""}, path
        # The list of all revisions is no state.
        page = browser.get(f"/explore/figures/{KILLED}{day}").text
        edition = earlier_edition(browser)
        assert record_links(page) - {"/revisions"} == {day, f"?known_at={edition}"}
        # A record with one revision has an address of the edition, too.
        source = re.search(r"explore/(sources/\w+)", page)
        assert source is not None
        other = browser.get(f"/explore/{source[1]}{day}").text
        assert "This is the record as it was known from 7 March 2022, 06:00 UTC." in other
        (canonical,) = re.findall(r'<link rel="canonical" href="([^"]*)"', other)
        assert f"/{source[1]}?known_at={edition}-" in canonical
        embedded = browser.get(f"/embed/figures/{KILLED}{day}").text
        assert f'href="../../explore/figures/{KILLED}{day}"' in embedded


def test_marks_of_direction_are_escaped_in_a_document_to_copy(charted: str) -> None:
    with httpx2.Client(base_url=charted, headers={"accept": "text/html"}) as browser:
        page = browser.get("/explore/figures", params={"q": "a\u202eb"}).raise_for_status().text
    document = calls(page)["GraphQL"]
    assert '"a\\u202eb"' in document and "\u202e" not in document


def test_a_304_of_a_page_varies_as_the_page_does(charted: str) -> None:
    with httpx2.Client(base_url=charted, headers={"accept": "text/html"}) as browser:
        first = browser.get(QUESTION)
        again = browser.get(QUESTION, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert sorted(again.headers["vary"].split(", ")) == sorted(first.headers["vary"].split(", "))
    assert "x-forwarded-proto" in again.headers["vary"]
