"""The search of the guide: sections that have all words, with their headings and excerpts, without a script."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from api.access.key import new
from api.pages.guide import list_pages
from api.pages.guide_search import AROUND, MAX_HITS, MAX_WORDS, search_guide
from tests.pages.conftest import check_markup
from tests.serving import serving

LINK = re.compile(r'<h2><a href="([^"]*)">([^<]*)</a></h2>')


def test_each_section_leads_to_its_anchor_and_shows_the_words(browser: httpx2.Client) -> None:
    page = browser.get("/guide?q=cursor+page")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    check_markup(page.text)
    links = LINK.findall(page.text)
    assert len(links) > 3 and "<mark>cursor</mark>" in page.text
    for link, heading in links:
        target = urlsplit(urljoin("/guide", unescape(link)))
        section_page = browser.get(target.path).text
        assert re.search(rf'id="{re.escape(target.fragment)}">', section_page) and heading in section_page


def test_each_page_of_the_guide_has_the_form(browser: httpx2.Client) -> None:
    for path in ("/guide", "/guide/filters", "/guide?q=filters", "/guide?q=nothingofthekind"):
        page = browser.get(path).text
        form = re.search(r'<form class="guide-search" method="get" action="([^"]*)"', page)
        assert form and urlsplit(urljoin(path, form[1])).path == "/guide"
        assert 'name="q"' in page and '<label class="hidden" for="guide-q">' in page


def test_every_section_is_found_by_its_heading() -> None:
    for page in list_pages():
        for section in page.sections:
            words = re.findall(r"\w+", section.heading.text)
            if 0 < len(words) <= MAX_WORDS:
                hits = search_guide(" ".join(words))
                assert len(hits) == MAX_HITS or section in [hit.section for hit in hits], section.heading.text


def test_the_best_section_has_the_words_in_its_heading() -> None:
    assert search_guide("too_expensive")[0].section.heading.text == "400 too_expensive"
    assert search_guide("LONG TEXTS")[0].section.heading.text == "Long texts"
    assert search_guide("cursor nothingofthekind") == [] and search_guide("?! --") == []


def test_an_excerpt_is_short_and_true_to_the_text() -> None:
    for query in ("curl", "e", "postgres memory", ".*", "(", "records"):
        for hit in search_guide(query):
            text = "".join(piece.text for piece in hit.excerpt)
            assert len(text) <= 2 * AROUND + 4
            assert text.removeprefix("… ").removesuffix(" …") in hit.section.text


@pytest.mark.parametrize(
    ("query", "words"),
    [("x=1", "The guide takes only q"), ("q=a&q=b", "Given twice"), ("q=%ff", "UTF-8"), (f"q={'a' * 201}", "200")],
)
def test_a_wrong_query_is_a_problem_page(browser: httpx2.Client, query: str, words: str) -> None:
    page = browser.get(f"/guide?{query}")
    assert page.status_code == 400 and words in unescape(page.text)


def test_an_empty_search_leads_to_the_guide(browser: httpx2.Client) -> None:
    answer = browser.get("/guide?q=")
    assert (answer.status_code, urljoin("/guide", answer.headers["location"])) == (303, "/guide")


def test_markup_and_keys_in_a_query_are_not_repeated(browser: httpx2.Client) -> None:
    attack = '"><script>window.executed=1</script> \u202eabc'
    page = browser.get("/guide", params={"q": attack})
    check_markup(page.text)
    key = new("live").text
    assert key not in browser.get("/guide", params={"q": key}).text


def test_a_search_needs_no_store() -> None:
    with serving("postgresql://briefing@127.0.0.1:1/none") as server:
        page = httpx2.get(f"http://127.0.0.1:{server.port}/guide?q=filters")
    assert page.status_code == 200 and LINK.search(page.text)
