"""Lists beyond their records: the same search in other lists, and the names of records that filters give by id."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx2
import pytest

from api.catalog import VERSIONS
from api.compiler import compile_query
from api.pages.explore.extras import WORDED, with_names, worded_search
from api.pages.explore.page_url import read_page_url
from api.query import price
from api.rest.request import list_query
from tests.pages.test_record_page import words

NEWEST = list(VERSIONS.values())[-1]
SEARCHED = [resource for resource in NEWEST.lists.values() if resource.searched]
KILLED = "fig_r876ewqjg0200j7zxgg36ycmxw"


def searches(page: str) -> dict[str, str]:
    """Return the addresses of the same search in other lists, by the name of the list."""
    nav = page.partition('<nav aria-label="The same search in other lists">')[2].partition("</nav>")[0]
    return {plural: unescape(address) for address, plural in re.findall(r'<a href="([^"]*)">(\w+)</a>', nav)}


def chips(page: str) -> list[tuple[str, str]]:
    """Return the words of the filters in use, and the address of the list without each."""
    links = re.findall(r'<a class="chip" href="([^"]*)"[^>]*>(.*?)<span aria-hidden', page)
    return [(words(text), unescape(address)) for address, text in links]


@pytest.mark.parametrize("search", ["Mariupol", '"humanitarian corridor"', "nonsenseword", "Mariupol&known_at=e155"])
def test_a_search_leads_to_the_same_search_in_each_other_list(browser: httpx2.Client, search: str) -> None:
    page = browser.get(f"/explore/events?q={search}").raise_for_status().text
    offered = searches(page)
    assert list(offered) == [resource.plural for resource in SEARCHED if resource.plural != "events"]
    for plural, address in offered.items():
        assert address.startswith(f"{plural}?q={quote(unquote(search.partition('&')[0]))}")
        assert browser.get(f"/explore/{address}").status_code == 200
        assert "known_at=e155" in address or "known_at" not in search


def test_a_search_for_civilians_killed_leads_to_the_figure(browser: httpx2.Client) -> None:
    address = searches(browser.get("/explore/events?q=civilians%20killed").text)["figures"]
    assert KILLED in browser.get(f"/explore/{address}").text
    # The same words find no figure, because the measure is no text. Then the list of figures leads there itself.
    empty = browser.get("/explore/figures?q=civilians%20killed").text
    assert KILLED not in empty and searches(empty)["figures"] == address


def test_an_empty_search_says_what_to_try(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?q=nonsenseword").text
    assert "Nothing matches this search." in page and "Try fewer words" in page
    assert page.index("Nothing matches this search.") < page.index("The same search in")
    filtered = browser.get("/explore/events?tag=nonsenseword").text
    assert "Nothing matches these filters." in filtered and "Try fewer words" not in filtered


@pytest.mark.parametrize("query", ["", "?kind=attack", "?view=timeline&q=Mariupol"])
def test_without_a_search_in_a_table_there_are_no_other_lists(browser: httpx2.Client, query: str) -> None:
    assert "The same search in" not in browser.get(f"/explore/events{query}").raise_for_status().text


@pytest.mark.parametrize(
    ("search", "pairs"),
    [
        ("civilians killed", [("measure", "killed"), ("q", "civilians")]),
        ("Killed injured", [("measure", "killed,injured")]),
        ("civilians", [("q", "civilians")]),
        ('"civilians killed"', [("q", '"civilians killed"')]),
        ("civilians -killed", [("q", "civilians -killed")]),
        ("killed OR injured", [("q", "killed OR injured")]),
    ],
)
def test_words_that_are_measures_become_a_filter_of_figures(search: str, pairs: list[tuple[str, str]]) -> None:
    assert worded_search(NEWEST["figure"], search) == pairs
    assert worded_search(NEWEST["event"], search) == [("q", search)]
    assert all(resource.fields[WORDED[name]].type.of for name in WORDED for resource in (NEWEST[name],))


def test_names_come_in_the_same_statement_and_cost_a_point_each() -> None:
    filters = b"place_id=plc_94h3z9kwxbpszy9c1ef4g8fc3r&source_id=src_99hb8greqgs5qydc514x112hv1"
    alone = list_query(NEWEST, NEWEST["event"], filters)
    query = with_names(read_page_url(NEWEST, NEWEST["event"], filters), alone)
    assert price(query) == price(alone) + 2
    statement = compile_query(query)
    assert ";" not in statement.sql and {"event", "place", "source"} <= set(statement.reads)
    # Without ids the statement stays that of the list.
    assert with_names(read_page_url(NEWEST, NEWEST["event"], b"q=Mariupol"), alone) is alone


def names(client: httpx2.Client, path: str) -> list[dict[str, Any]]:
    answer = client.get(f"/{NEWEST.name}{path}", headers={"accept": "application/json"}).raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


@pytest.mark.parametrize("view", ["table", "map", "timeline"])
def test_a_filter_by_id_shows_the_name_of_the_record(browser: httpx2.Client, view: str) -> None:
    place = next(place for place in names(browser, "/places?limit=200") if place["name"] == "Mariupol")
    source = next(source for source in names(browser, "/sources?limit=200") if source["name"] == "Interfax")
    query = f"place_id={place['id']}&source_id={source['id']}&figures.place_id={place['id']}"
    page = browser.get(f"/explore/events?view={view}&{query}").raise_for_status().text
    assert [text for text, _ in chips(page)] == ["Place: Mariupol", "Source: Interfax", "Figures: place: Mariupol"]


def test_several_ids_have_several_names_and_an_unknown_one_stays(browser: httpx2.Client) -> None:
    event = names(browser, "/events?kind=evacuation&status=failed")[0]
    unknown = f"evt_{'0' * 26}"
    page = browser.get(f"/explore/quotes?event_id={event['id']},{unknown}").raise_for_status().text
    assert chips(page) == [(f"Event: {event['title']}, {unknown}", "quotes")]
    figure = browser.get(f"/explore/citations?figure_id={KILLED}").raise_for_status().text
    assert chips(figure) == [("Figure: civilians killed", "citations")]


def test_a_place_of_the_map_stays_on_the_map_and_then_leads_to_its_records(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?view=map&kind=attack,shelling").raise_for_status().text
    row = re.search(r'<td class="number"><a href="(events\?[^"]*)">(\d+)</a>', page)
    assert row
    address = unescape(row[1])
    assert address.startswith("events?view=map&kind=attack,shelling&place_id=plc_")
    place = browser.get(urljoin("/explore/", address)).raise_for_status().text
    [table] = re.findall(r'<td class="number"><a href="(events\?[^"]*)">', place)
    assert "view=" not in table and "kind=attack,shelling" in table
    listed = browser.get(f"/{NEWEST.name}/{unescape(table)}").json()["data"]
    assert len(listed) == int(row[2])


def test_markup_in_a_search_and_in_names_stays_text(hostile: str) -> None:
    with httpx2.Client(base_url=hostile, headers={"accept": "text/html"}) as client:
        search = quote('<script>executed</script> "x')
        page = client.get(f"/explore/events?q={search}").raise_for_status().text
        assert "<script>executed" not in page and len(searches(page)) == len(SEARCHED) - 1
        place = names(client, "/places?limit=1")[0]
        named = client.get(f"/explore/events?place_id={place['id']}").raise_for_status().text
    assert "<script>window" not in named and urlsplit(chips(named)[0][1]).netloc == ""
