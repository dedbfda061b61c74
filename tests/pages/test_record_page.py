"""Pages of records: what sources agree on, what was changed, and how to cite it, in words for readers."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS, Field, Group
from api.ingest.load import load
from api.pages.explore.changes import LABELS, list_changes
from api.pages.explore.citation import Seen, write_citation
from api.pages.explore.history import History, HistoryEntry
from api.pages.explore.stances import RESERVED, SAYS_SO, agreement, stance_groups
from api.pages.explore.words import NO_LICENCE, QUOTE_TYPES, TIME_PRECISION, write_day, write_time
from tests.rest.conftest import run

NEWEST = list(VERSIONS.values())[-1]
KILLED = "fig_r876ewqjg0200j7zxgg36ycmxw"


def records(client: httpx2.Client, path: str) -> list[dict[str, Any]]:
    """Return the records of a list over REST."""
    listed: list[dict[str, Any]] = client.get(f"/{NEWEST.name}{path}").raise_for_status().json()["data"]
    return listed


def words(html: str) -> str:
    """Return the text of a page in a line."""
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).split())


def page_of(client: httpx2.Client, plural: str, record: dict[str, Any], query: str = "") -> str:
    """Return the page of a record."""
    return client.get(f"/explore/{plural}/{record['id']}{query}").raise_for_status().text


def citation_of(page: str) -> str:
    """Return the citation that the page offers."""
    match = re.search(r'<h3>Cite</h3>\n<pre class="wraps" data-copy><code>(.*?)</code></pre>', page, re.S)
    assert match
    return words(match[1])


def disputed_quote(browser: httpx2.Client) -> dict[str, Any]:
    """Return a quote that nobody disputes, of an event whose blame is disputed."""
    quotes = records(browser, "/quotes?limit=200&include=event,speaker")
    return next(quote for quote in quotes if quote["event"]["dispute"]["status"] == "blame_disputed")


def test_a_quote_says_that_nobody_disputes_the_words_and_shows_the_dispute_of_its_event(
    browser: httpx2.Client,
) -> None:
    quote = disputed_quote(browser)
    assert quote["dispute"]["status"] == "undisputed"
    page = page_of(browser, "quotes", quote)
    assert "Not disputed" not in page
    assert "No source disputes that this was said." in page
    event = page.partition("<dt>Event</dt>")[2].partition("</dd>")[0]
    assert quote["event_id"] in event
    assert re.search(r'<span class="badge warn"[^>]*>Blame disputed</span>', event)


def test_the_list_of_quotes_has_no_badge_where_nobody_disputes_the_words(browser: httpx2.Client) -> None:
    page = browser.get("/explore/quotes?limit=200").text
    assert "Not disputed" not in page
    assert "Not disputed" in browser.get("/explore/figures?limit=200").text


def test_the_role_of_a_speaker_is_that_of_the_quote_or_of_the_source(browser: httpx2.Client) -> None:
    listed = unescape(browser.get("/explore/quotes?limit=200").text)
    for name, role in (("Vladimir Putin", "President of Russia"), ("Volodymyr Zelensky", "Ukrainian President")):
        quotes = records(browser, "/quotes?limit=200")
        quote = next(quote for quote in quotes if quote["speaker"]["name"] == name)
        spoken = page_of(browser, "quotes", quote).partition("<dt>Speaker</dt>")[2].partition("</dd>")[0]
        assert words(spoken) == f"{name} {role}"
        assert re.search(rf'{name}</bdi></a>\s*<bdi class="soft">{role}</bdi>', listed)


def test_a_quote_is_cited_with_its_speaker_its_words_and_its_document(browser: httpx2.Client) -> None:
    quotes = records(browser, "/quotes?limit=200&include=citations.document")
    quote = next(quote for quote in quotes if quote["text"] == "the world is strong enough to close our skies")
    document = quote["citations"]["data"][0]["document"]
    publisher = browser.get(f"/{NEWEST.name}/sources/{document['publisher_id']}").json()["data"]["name"]
    cited = citation_of(page_of(browser, "quotes", quote))
    assert cited.startswith(
        f"Volodymyr Zelensky (Ukrainian President): “{quote['text']}”, said on 6 March 2022. "
        f"In: “{document['title']}”, {publisher}, 6 March 2022. "
        f"Briefing API, quote {quote['id']}, revision 1, edition e"
    )


def test_a_figure_is_cited_with_its_source_its_quantifier_and_its_unit(browser: httpx2.Client) -> None:
    page = browser.get(f"/explore/figures/{KILLED}").text
    cited = citation_of(page)
    assert cited.startswith(
        "Office of the United Nations High Commissioner for Human Rights: at least 364 civilians killed, as of 6 March"
        " 2022. In: “"
    )
    assert f"Briefing API, figure {KILLED}, revision" in cited


def test_an_event_is_cited_with_its_time_and_its_sources(browser: httpx2.Client) -> None:
    event = records(browser, "/events?kind=evacuation&status=failed")[0]
    cited = citation_of(page_of(browser, "events", event))
    start = "Evacuation of civilians from Mariupol fails, 6 March 2022, according to Radio Free Europe/Radio Liberty."
    assert cited.startswith(start)


@pytest.mark.parametrize("plural", [resource.plural for resource in NEWEST.resources.values()])
def test_a_citation_leads_to_the_state_that_was_seen(browser: httpx2.Client, plural: str) -> None:
    record = records(browser, f"/{plural}?limit=1")[0]
    before = write_day(datetime.now(UTC).date())
    cited = citation_of(page_of(browser, plural, record))
    match = re.search(r"edition (e\d+-\w+)\. (http\S+) Accessed on (.*)\.$", cited)
    assert match
    edition, address, day = match.groups()
    assert day in (before, write_day(datetime.now(UTC).date()))
    assert address.endswith(f"/explore/{plural}/{record['id']}?known_at={edition}")
    pinned = browser.get(address).raise_for_status()
    # It is the same on any day, and caches keep it.
    assert citation_of(pinned.text) == cited.partition(" Accessed")[0]


async def test_a_page_of_yesterday_is_not_current(
    new_store: Callable[[], Awaitable[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Tomorrow:
            return cls(2222, 2, 2, tzinfo=tz)

    url = await new_store()
    file = tmp_path / "lines.ndjson"
    file.write_text(json.dumps({"dataset": "t", "resource": "place", "key": "k", "name": "Somewhere"}))
    await load([str(file)], url)
    with run(url) as client:
        place = records(client, "/places")[0]
        address = f"/explore/places/{place['id']}"
        tag = client.get(address, headers={"accept": "text/html"}).headers["etag"]
        same = client.get(address, headers={"accept": "text/html", "if-none-match": tag})
        monkeypatch.setattr("api.pages.explore.routes.datetime", Tomorrow)
        later = client.get(address, headers={"accept": "text/html", "if-none-match": tag})
    assert (same.status_code, later.status_code) == (304, 200)
    assert "Accessed on 2 February 2222." in later.text


def test_a_source_without_a_document_is_cited_with_its_briefing() -> None:
    speaker = {"name": "A", "description": None, "role": None}
    source = {"name": "B", "description": None}
    citation = {"stance": "asserts", "source_id": "src_1", "source": source, "document": None}
    quote = {
        **{"id": "quo_1", "revision": 2, "text": "It  rains.", "quote_type": "indirect", "speaker": speaker},
        **{"speaker_role": None, "said_at": None, "time_precision": "unknown", "citations": {"data": [citation]}},
        "briefing": {"id": "brf_1", "title": "Weather", "publisher": source, "published_at": None},
    }
    cited = write_citation(NEWEST["quote"], quote, "", Seen("http://x/q", "", "1 May 2022"))
    assert cited == [
        *("A: It rains (paraphrase).", "Briefing: “Weather”, B.", "Briefing API, quote quo_1, revision 2."),
        *("http://x/q", "Accessed on 1 May 2022."),
    ]
    # A sentence in quotation marks has its own end.
    direct = write_citation(NEWEST["quote"], quote | {"quote_type": "direct"}, "", Seen("http://x/q", "", ""))
    assert direct[0] == "A: “It rains.”" and direct[-1] == "http://x/q"


def test_a_restated_figure_says_so_below_its_title(charted: str) -> None:
    with httpx2.Client(base_url=charted, headers={"accept": "text/html"}) as browser:
        page = browser.get(f"/explore/figures/{KILLED}").raise_for_status().text
        first = re.search(r'href="\w+(\?known_at=e\d+)#history"', page)
        assert first
        earlier = browser.get(f"/explore/figures/{KILLED}{first[1]}").raise_for_status().text
    header = words(page.partition('<header class="title">')[2].partition("</header>")[0])
    assert "At least 364 →, restated as at least 406: known since 8 March 2022." in header
    assert page.index('id="history"') < page.index('id="facts"')
    assert "restated" not in earlier.partition("</header>")[0]
    changes = re.findall(r"<li>(.*?)</li>", page.partition('<ul class="changes">')[2].partition("</ul>")[0])
    assert [words(change) for change in changes][:2] == [
        "As printed: at least 364 →, now at least 406",
        "Number: 364 →, now 406",
    ]
    assert words(changes[-1]) == "Who says so"
    assert "amount value" not in page and "An edition is the state of all data after a load." in page
    assert 'type="application/json">Revisions (JSON)</a>' in page


def test_a_change_has_the_label_of_its_field_and_its_values_in_words() -> None:
    resource = NEWEST["figure"]
    amount = {"value": 1500, "decimals": None, "quantifier": "exact", "unit_code": "persons", "text": None}
    before = {"amount": amount, "as_of": "2022-03-06", "place_id": "plc_1", "caveat": None}
    after = {
        **{"amount": amount | {"value": 2.5, "quantifier": "at_least", "decimals": {"value": "2.50"}}},
        **{"as_of": "2022-03-07", "place_id": "plc_2", "caveat": "x" * 500},
    }
    paths = ["amount.value", "amount.quantifier", "amount.unit_code", "as_of", "place_id", "caveat", "citations"]
    changes = [(change.label, change.before, change.after) for change in list_changes(resource, paths, before, after)]
    assert changes[:3] == [
        ("Number", "1,500", "2.5"),
        ("How exact", "exact", "at least"),
        ("As of", "6 March 2022", "7 March 2022"),
    ]
    assert changes[3] == ("Place", "", "")
    assert changes[4][:2] == ("Bear in mind", "–") and changes[4][2].endswith(" …")
    assert changes[5] == ("Who says so", "", "")
    assert [change.before for change in list_changes(resource, paths, None, after)] == [""] * 6


def test_a_change_far_into_a_long_text_is_shown() -> None:
    text = "Shells hit the road out of the city. " * 9
    before, after = {"caveat": f"{text}Two buses burned."}, {"caveat": f"{text}Three buses burned."}
    (change,) = list_changes(NEWEST["figure"], ["caveat"], before, after)
    assert change.before == "… city. Shells hit the road out of the city. Two buses burned."
    assert change.after == "… city. Shells hit the road out of the city. Three buses burned."
    (change,) = list_changes(NEWEST["figure"], ["caveat"], {"caveat": "x" * 400}, {"caveat": "x" * 399 + "y"})
    assert (change.before, change.after) == (f"… {'x' * 41}", f"… {'x' * 40}y")


@pytest.mark.parametrize("field", ["identifiers", "subjects"])
def test_a_change_of_a_list_of_objects_has_its_label_alone(field: str) -> None:
    before: dict[str, Any] = {field: []}
    after = {field: [{"scheme": "ucdp", "value": "1", "code": "1", "label": "x"}]}
    (change,) = list_changes(NEWEST["event"], [field], before, after)
    assert (change.before, change.after) == ("", "")


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "words"),
    [
        ("2022-03-07T00:00:00Z", "2022-03-14T00:00:00Z", "the week of 7 March 2022"),
        ("2022-03-09T00:00:00Z", "2022-03-11T00:00:00Z", "the week of 9 March 2022"),
        ("2022-03-07T00:00:00Z", "2022-03-28T00:00:00Z", "the week of 7 March 2022 to the week of 21 March 2022"),
    ],
)
def test_a_time_of_weeks_has_its_first_and_its_last_week(starts_at: str, ends_at: str, words: str) -> None:
    assert write_time({"starts_at": starts_at, "ends_at": ends_at, "precision": "week"}) == words


def test_a_figure_that_was_withdrawn_and_restored_was_not_restated() -> None:
    def revision(amount: str, *, shown: bool = False) -> HistoryEntry:
        return HistoryEntry("e1", "", "2022-03-06T00:00:00Z", "", "", (), amount, "", shown)

    restored = [revision("64"), revision(""), revision("64", shown=True)]
    assert History(tuple(restored), False).restated is None
    hidden = [revision("64"), revision("65")]
    assert History(tuple(hidden), True).shown is None and History(tuple(hidden), True).restated is None
    raised = [revision("64"), revision(""), revision("65", shown=True)]
    assert History(tuple(raised), False).restated == ("64", "65", "6 March 2022")


def test_labels_of_changes_name_fields_that_exist() -> None:
    paths: set[str] = set()
    for resource in NEWEST.resources.values():
        for part in resource.layout:
            if isinstance(part, Field):
                paths.add(part.name)
            elif isinstance(part, Group):
                paths |= {f"{part.name}.{key}" for key in resource.within(part)}
        for link in resource.links.values():
            paths |= {link.name, link.by}
    assert set(LABELS) <= paths


def source(name: str, stance: str, **values: Any) -> dict[str, Any]:
    """Return a citation of a source with this name."""
    fields = ("source_role", "certainty", "statement", "medium", "excerpt", "document_id", "blames_id")
    named = {"name": name, "description": None}
    return dict.fromkeys(fields) | {"source_id": name, "source": named, "stance": stance, "via": []} | values


def event(status: str, *citations: dict[str, Any]) -> dict[str, Any]:
    return {"dispute": {"status": status}, "citations": {"data": list(citations)}}


def spoken(record: dict[str, Any], resource: str = "event") -> str:
    return " ".join(part.text for part in agreement(NEWEST[resource], record))


def test_a_sentence_says_who_denies_and_whether_they_only_blame_each_other() -> None:
    assert spoken(event("undisputed", source("A", "asserts"))) == "No source denies it."
    blames = [source("A", "blames", blames_id="B"), source("B", "blames", blames_id="A")]
    assert spoken(event("blame_disputed", *blames)) == "Nobody denies that it happened; they blame each other."
    # Two witnesses may blame two parties of which neither is a witness, and the other blame may be on the next page.
    others = [source("A", "blames", blames_id="X"), source("B", "blames", blames_id="Y")]
    several = "Nobody denies that it happened; but sources blame different parties."
    assert spoken(event("blame_disputed", *others)) == spoken(event("blame_disputed", blames[0])) == several
    assert spoken(event("undisputed"), "quote") == "No source disputes that this was said."
    assert spoken(event("blame_disputed", *blames), "figure") == "Nobody denies it; they blame each other."
    denials = [source("A", "denies"), source("B", "denies"), source("A", "denies"), source("C", "retracts")]
    assert spoken(event("disputed", *denials)) == "A and B deny it. C takes back what it said."
    assert spoken(event("disputed", source("A", "asserts"))) == "A source denies or disputes it."


def test_the_sentence_stands_above_who_says_what(browser: httpx2.Client) -> None:
    evacuation = records(browser, "/events?kind=evacuation&status=failed")[0]
    page = page_of(browser, "events", evacuation)
    section = page.partition('<h2 id="says">')[2].partition('<div class="stances">')[0]
    assert "Nobody denies that it happened; they blame each other." in section
    denied = next(
        event for event in records(browser, "/events?disputed=true") if "denies" in event["dispute"]["stances"]
    )
    section = page_of(browser, "events", denied).partition('<h2 id="says">')[2].partition('<div class="stances">')[0]
    assert words(section).endswith("Government of Russia denies it.")


def test_who_calls_it_likely_does_not_say_so() -> None:
    citations = (source("A", "asserts", certainty="likely"), source("B", "asserts", certainty="stated"))
    groups = stance_groups(NEWEST, event("undisputed", *citations))
    assert [(group.title, len(group.citations)) for group in groups] == [(SAYS_SO, 1), (RESERVED, 1)]


def test_a_comment_on_an_accusation_is_a_quote_and_no_stance_on_the_event(browser: httpx2.Client) -> None:
    evacuation = records(browser, "/events?kind=evacuation&status=failed")[0]
    page = page_of(browser, "events", evacuation)
    affirming = page.split("<h3>Says so</h3>")[1].split('<section class="stance">')[0]
    quotes = page.partition(">Quotes<")[2]
    assert "Ministry of Defence" not in affirming
    assert "diminish responsibility for civilian casualties" in quotes


def test_words_for_programs_are_not_shown_to_readers(browser: httpx2.Client) -> None:
    pages = [browser.get("/").text, browser.get("/explore/briefings").text, browser.get("/explore/quotes").text]
    for plural in ("events", "figures", "quotes", "briefings"):
        pages += [page_of(browser, plural, record) for record in records(browser, f"/{plural}?limit=200")]
    for page in pages:
        text = words(page.partition("<main")[2].partition('<section class="take"')[0])
        for term in ("NOASSERTION", "00:00Z", "The words bind it", "Given", "`"):
            assert term not in text
        assert "NOASSERTION" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert "no licence is known" in pages[0] and "No licence is known" in pages[1]
    assert "paraphrase" in pages[2]


def test_each_term_that_is_worded_for_readers_is_one_of_its_vocabulary() -> None:
    event, quote = NEWEST["event"], NEWEST["quote"]
    time = next(part for part in event.layout if isinstance(part, Group) and part.name == "time")
    precision = event.within(time)["precision"]
    assert set(TIME_PRECISION) == set(precision.type.of.terms())
    assert set(QUOTE_TYPES) == set(quote.fields["quote_type"].type.of.terms())
    assert None in NO_LICENCE


async def test_a_figure_leads_to_its_series_only_if_there_are_others(
    new_store: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    url = await new_store()
    shared = {"dataset": "t", "resource": "figure", "measure": "killed", "value": 1, "quantifier": "exact"}
    shared |= {"unit": "persons", "status": "reported", "basis": "cumulative"}
    lines = [shared | {"key": key, "series": series} for key, series in (("a", "one"), ("b", "two"), ("c", "two"))]
    lines.append(shared | {"key": "d"})
    file = tmp_path / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    await load([str(file)], url)
    with run(url) as client:
        figures = {figure["key"]: figure for figure in records(client, "/figures")}
        pages = {}
        for key, figure in figures.items():
            address = f"/explore/figures/{figure['id']}"
            pages[key] = client.get(address, headers={"accept": "text/html"}).raise_for_status().text
        edition = client.get(address, headers={"accept": "text/html"}).headers["edition"]
        pinned = client.get(f"/explore/figures/{figures['b']['id']}?known_at=e{edition}")
        listed = {}
        for key in "bc":
            link = re.search(r'<a href="([^"]*)"><bdi>All figures of the series', pages[key])
            assert link
            listed[key] = records(client, unescape(link[1]).removeprefix("../../explore"))
    assert "All figures of the series" not in pages["a"] + pages["d"]
    assert [figure["key"] for figure in listed["b"]] == [figure["key"] for figure in listed["c"]] == ["b", "c"]
    assert pinned.status_code == 200 and "All figures of the series" in pinned.text


def test_a_record_is_named_without_a_space_before_a_comma(browser: httpx2.Client) -> None:
    page = browser.get(f"/explore/figures/{KILLED}").text
    assert re.search(rf"<code>{KILLED}</code> \(revision \d+ of ", page)
