"""The sample briefing contains all that its article states, attributes it, and copies no text.

The tables below prove completeness. Code extracts each quoted span and each number from the article, and a row names
the record that contains it. The article is not part of the project. Tests that read it are skipped where it is absent.
"""

from __future__ import annotations

import json
import re
from calendar import month_name
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from api.model import ENTITIES, Entity, StoredField
from tests.real_data import real_file

ROOT = Path(__file__).parents[2]
SAMPLE = json.loads((ROOT / "api/sample/rferl-2022-03-06.json").read_text("utf-8"))
ARTICLE = "rferl-2022-03-06/article.txt"

LISTS = ("sources", "documents", "places", "events", "figures", "quotes")
RECORDS = {name.removesuffix("s"): {record["key"]: record for record in SAMPLE[name]} for name in LISTS}
EVENTS, FIGURES, QUOTES = RECORDS["event"], RECORDS["figure"], RECORDS["quote"]

# Each span between quotation marks, in the order of the article, and the quote that contains it.
QUOTED = [
    ("Russia has accused Ukraine of breaking the cease-fire agreement", "uk-mod-ceasefire-accusation"),
    (
        "This is probably an additional attempt to diminish responsibility for civilian casualties caused by"
        " continued Russian strikes on the city",
        "uk-mod-ceasefire-accusation",
    ),
    ("special military operation", "special-military-operation"),
    ("very active discussion", "blinken-oil-ban"),
    ("the world is strong enough to close our skies", "zelensky-close-our-skies"),
    ("completely destroyed", "zelensky-airport-destroyed"),
    ("completely destroyed", "zelensky-airport-destroyed"),
    (
        "Putin continues his cowardly & barbaric missile strikes, air bombardment of civilians",
        "kuleba-barbaric-strikes",
    ),
    ("fierce battles", "ukraine-military-fierce-battles"),
    ("This is likely to represent an effort to break Ukrainian morale", "uk-mod-morale"),
    (
        "Russia has used similar tactics in Chechnya in 1999 and Syria in 2016, employing both air- and ground-based"
        " munitions",
        "uk-mod-morale",
    ),
    ("only if Kyiv ceases hostilities", "putin-only-if"),
    ("the well-known demands of Russia", "putin-well-known-demands"),
    ("demilitarization", "putin-demilitarization"),
    ("in coordination and with the blessing", "bennett-office-trip"),
]

# Each number and date, in the order of the article, and the records that contain it.
NUMBERS = [
    ("Third", "figure/third-round"),
    ("third", "figure/third-round"),
    ("March 7", "event/third-round-of-talks"),
    ("March 6", "event/mariupol-evacuation"),
    ("twice", "figure/rounds-held"),
    ("February 24", "event/invasion", "figure/rounds-held"),
    ("tens of thousands", "figure/mariupol-people-want-to-leave"),
    ("March 6", "event/mariupol-evacuation"),
    ("March 6", "event/kyiv-sanctions-appeal", "event/kyiv-weapons-request", "quote/kyiv-sanctions-appeal"),
    ("March 6", "event/no-fly-zone-demand", "quote/zelensky-close-our-skies", "document/zelensky-video-address"),
    ("some",),
    ("March 6", "event/vinnytsia-airport-strike"),
    ("March 6", "event/vinnytsia-airport-strike"),
    ("eight", "figure/vinnytsia-cruise-missiles"),
    ("March 6", "quote/ukraine-military-fierce-battles", "event/mykolaiv-fighting"),
    ("hundreds", "figure/attacks-across-ukraine"),
    ("500-kilogram", "figure/chernihiv-bomb-mass"),
    ("many",),
    ("HTML5",),
    ("March 6", "quote/uk-mod-morale", "quote/uk-intelligence-comparison"),
    ("1999", "event/chechnya-1999"),
    ("2016", "event/syria-2016"),
    ("a day after", "event/putin-bennett-call"),
    ("three", "figure/bennett-putin-meeting-length"),
    ("at least 364", "figure/civilians-killed"),
    ("February 24", "event/invasion", "figure/civilians-killed"),
    ("1.5 million", "figure/refugees"),
]

# Numbers of the article that no record contains, each with the reason.
NOT_HELD = {
    "some": "describes a part of the destruction and counts nothing",
    "many": "no bounds follow from the word (bombs that did explode); the sense is in quote/kuleba-unexploded-bomb",
    "HTML5": "a notice of the page's video player",
}

# The value, low bound, high bound and quantifier of each figure.
VALUES = {
    "third-round": (3, None, None, "exact"),
    "rounds-held": (2, None, None, "exact"),
    "mariupol-people-want-to-leave": (None, 20_000, 99_999, "magnitude"),
    "vinnytsia-cruise-missiles": (8, None, None, "exact"),
    "attacks-across-ukraine": (None, 200, 999, "magnitude"),
    "chernihiv-bomb-mass": (500, None, None, "exact"),
    "bennett-putin-meeting-length": (3, None, None, "exact"),
    "civilians-killed": (364, None, None, "at_least"),
    "refugees": (1_500_000, None, None, "exact"),
}

MONTHS = list(month_name)[1:]
NUMBER = re.compile(
    r"\b(?:"
    rf"(?:{'|'.join(MONTHS)}) \d+"
    r"|(?:(?:at least|at most|more than|less than|fewer than|about|around|nearly|almost|up to|over) )?"
    r"\d[\d.,]*(?:-\w+| (?:thousand|million|billion))?\b"
    r"|[a-z]+\d+"
    r"|(?:tens|hundreds|thousands|millions)(?: of (?:thousands|millions|billions))?|dozens?|scores"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand"
    r"|once|twice|thrice|first|second|third|fourth|fifth|half|double|pair|couple"
    r"|a (?:day|week|month|year) (?:after|before|ago|earlier|later)"
    r"|many|several|some|few"
    r")\b",
    re.IGNORECASE,
)

# Runs of words that cannot be rephrased, such as long names. There are none.
NAMES: set[tuple[str, ...]] = set()
RUN = 8


@pytest.fixture(scope="session")
def article() -> str:
    return real_file(ARTICLE).read_text("utf-8")


# The article, span by span


def test_every_quoted_span_has_its_quote(article: str) -> None:
    """The table has the spans of the article in their order, so a missing or stale row fails."""
    quoted_words = [words.rstrip(",.") for words in re.findall(r'["“]([^"”]+)["”]', article)]
    assert [span for span, _ in QUOTED] == quoted_words


@pytest.mark.parametrize(("span", "key"), dict.fromkeys(QUOTED))
def test_a_quote_holds_its_span_word_for_word(span: str, key: str) -> None:
    assert span in QUOTES[key]["text"]
    assert QUOTES[key]["quote_type"] in ("direct", "partial")


def test_a_quote_in_the_speakers_words_says_nothing_that_is_not_quoted() -> None:
    for key, quote in QUOTES.items():
        spans = dict.fromkeys(span for span, holder in QUOTED if holder == key)
        if quote["quote_type"] == "indirect":
            assert not spans, key
        else:
            assert quote["text"].rstrip(".") == ". ".join(spans), key


def test_every_number_has_its_record(article: str) -> None:
    """The table has the numbers of the article in their order, so a missing or stale row fails."""
    assert [row[0] for row in NUMBERS] == NUMBER.findall(article)


@pytest.mark.parametrize(("span", "holder"), [(row[0], holder) for row in NUMBERS for holder in row[1:]])
def test_a_record_holds_its_number(span: str, holder: str) -> None:
    resource, key = holder.split("/")
    record = RECORDS[resource][key]
    if (day := printed_date(span)) is not None:
        assert day in days(record)
    elif re.fullmatch(r"\d{4}", span):
        assert record["starts_at"].startswith(f"{span}-01-01T") and record["time_precision"] == "year"
    else:
        assert span.casefold() in (record.get("value_text") or record["time_text"])


def test_only_numbers_without_a_place_have_no_record() -> None:
    assert {row[0] for row in NUMBERS if len(row) == 1} == set(NOT_HELD)


def test_no_figure_comes_from_elsewhere() -> None:
    figure_holders = {holder for row in NUMBERS for holder in row[1:] if holder.startswith("figure/")}
    assert figure_holders == {f"figure/{key}" for key in FIGURES}


@pytest.mark.parametrize("key", FIGURES)
def test_a_figure_means_what_its_words_say(key: str) -> None:
    figure = FIGURES[key]
    bounds = figure.get("value_low"), figure.get("value_high")
    assert (figure.get("value"), *bounds, figure["quantifier"]) == VALUES[key]
    assert figure.get("bounds_basis") == ("wording" if any(bounds) else None)


def test_the_day_after_is_the_day_after() -> None:
    call, meeting = EVENTS["putin-bennett-call"], EVENTS["bennett-putin-meeting"]
    assert moment(call["starts_at"]) - moment(meeting["starts_at"]) == timedelta(days=1)


# The words


def test_the_words_are_our_own(article: str) -> None:
    """Our own texts share no run of eight words with the article. The words of quotes are the speakers'."""
    article_runs = runs(article)
    copies = {
        where: sorted(common_runs)
        for where, text in our_words()
        if (common_runs := (runs(text) & article_runs) - NAMES)
    }
    assert not copies


def test_an_excerpt_is_what_the_article_puts_in_quotation_marks(article: str) -> None:
    quoted = {words.rstrip(",.") for words in re.findall(r'["“]([^"”]+)["”]', article)}
    for where, citation in citations():
        if excerpt := citation.get("excerpt"):
            assert excerpt.keys() == {"exact"}, where
            exact = excerpt["exact"].rstrip(".")
            assert any(exact in words for words in quoted) and excerpt["exact"] in article, where


def test_documents_of_the_publisher_keep_their_titles(article: str) -> None:
    """A document of the publisher has its printed title. Posts and statements have none, so we write one."""
    for document in SAMPLE["documents"]:
        assert (document["publisher"] == "rferl") == (document["title"] in article)


def test_names_as_reported_are_as_reported(article: str) -> None:
    for place in SAMPLE["places"]:
        assert place["name_as_reported"] in article


# The format


def test_the_file_is_written_as_it_is_read_best() -> None:
    text = (ROOT / "api/sample/rferl-2022-03-06.json").read_text("utf-8")
    assert text == json.dumps(SAMPLE, ensure_ascii=False, indent=2) + "\n"
    assert list(SAMPLE) == ["format", "dataset", "briefing", *LISTS]
    assert (SAMPLE["format"], SAMPLE["dataset"]) == ("briefing/1", "rferl-2022-03-06")


@pytest.mark.parametrize("name", LISTS)
def test_keys_are_slugs_and_unique(name: str) -> None:
    keys = Counter(record["key"] for record in SAMPLE[name])
    assert max(keys.values()) == 1
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in keys)


def test_records_are_made_of_what_the_catalog_declares() -> None:
    """Each record has its required fields, no unknown or empty ones, and only terms of the vocabularies."""
    for where, resource, record in parts():
        own = set(resource.links) - {"briefing"}
        fields = {field.name: field for field in resource.loaded}
        assert set(record) - {"key"} <= own | set(fields), where
        assert all(value not in (None, "", [], {}) for value in record.values()), where
        for name, field in fields.items():
            assert name in record or optional(field), f"{where}: {name}"
            if field.type.name == "vocabulary" and name in record:
                assert record[name] in field.type.of.terms(), f"{where}: {name}"


def test_every_reference_leads_somewhere() -> None:
    for where, resource, record in parts():
        for name, link in resource.links.items():
            if name in record and link.kind in ("one", "several"):
                keys = record[name] if link.kind == "several" else [record[name]]
                assert set(keys) <= set(RECORDS[link.target]), f"{where}: {name}"


def test_times_are_whole_days_and_run_forward() -> None:
    for key, event in EVENTS.items():
        ends = [moment(event[name]) for name in ("starts_at", "ends_at") if name in event]
        assert all(start < end for start, end in pairwise(ends)), key
        assert event["time_precision"] in (("day", "year", "unknown") if "starts_at" in event else ("unknown",)), key
        assert "ends_at" not in event if event["status"] == "ongoing" else "ends_at" in event, key
        if event["time_precision"] == "day" and event["status"] != "ongoing":
            assert ends[1] - ends[0] == timedelta(days=1), key


def test_unnamed_sources_are_described_and_belong_to_this_document() -> None:
    for source in SAMPLE["sources"]:
        unnamed = "name" not in source
        assert unnamed == ("description" in source) == source["key"].startswith("rferl-2022-03-06-")


def test_coordinates_are_in_pairs_and_absent_only_for_the_region() -> None:
    for place in SAMPLE["places"]:
        assert ("latitude" in place) == ("longitude" in place) == (place["geo_precision"] != "region")


# Attribution


def test_every_event_figure_and_quote_is_attributed_to_where_it_was_read() -> None:
    assert all(record.get("citations") for name in ("events", "figures", "quotes") for record in SAMPLE[name])
    for where, citation in citations():
        assert citation["document"] == "rferl-article", where
        assert "rferl" not in citation.get("via", []), where


def test_exactly_what_the_article_shows_as_disputed_is_disputed() -> None:
    disputed = {key for key, event in EVENTS.items() if is_disputed(event)}
    assert disputed == {"ceasefires", "mariupol-evacuation", "attacks-on-civilian-areas"}
    assert not any(is_disputed(record) for record in (*FIGURES.values(), *QUOTES.values()))


def test_both_sides_blame_each_other_for_the_failed_evacuation() -> None:
    blames = [
        (citation["source"], citation["blames"], citation.get("via", []))
        for citation in EVENTS["mariupol-evacuation"]["citations"]
        if citation["stance"] == "blames"
    ]
    assert blames == [
        ("rferl-2022-03-06-russian-backed-separatists", "rferl-2022-03-06-ukrainian-officials", []),
        ("rferl-2022-03-06-ukrainian-officials", "rferl-2022-03-06-russian-backed-separatists", []),
        ("anton-herashchenko", "russia-military", []),
        ("rferl-2022-03-06-donetsk-administration-official", "ukraine-military", ["interfax"]),
        ("russia-government", "ukraine-government", ["uk-mod"]),
    ]


def test_moscow_denies_and_reporters_confirm_attacks_on_civilian_areas() -> None:
    stances = {citation["source"]: citation["stance"] for citation in EVENTS["attacks-on-civilian-areas"]["citations"]}
    assert stances["russia-government"] == "denies"
    assert stances["rferl-2022-03-06-rferl-correspondents"] == "confirms"
    assert stances["antony-blinken"] == "asserts"


def test_britain_is_only_as_sure_as_it_says() -> None:
    likely = {where for where, citation in citations() if citation.get("certainty") == "likely"}
    # The article reports the accusation as a quote. It does not state whether the evacuation failed.
    assert likely == {"event/shelling-across-ukraine/uk-mod"}
    hedged = {key: quote["certainty_text"] for key, quote in QUOTES.items() if "certainty" in quote}
    assert hedged == {
        "uk-mod-deflection": "probably",
        "uk-mod-ceasefire-accusation": "probably",
        "uk-mod-morale": "likely",
        "rights-activist-chechen-playbook": "may",
    }


def test_the_counts_are_those_of_the_briefing() -> None:
    counts = Counter(citation["stance"] for _, citation in citations())
    assert (counts["blames"], counts["denies"], counts["confirms"]) == (8, 1, 1)
    assert Counter(quote["quote_type"] for quote in QUOTES.values()) == {"indirect": 23, "partial": 9, "direct": 3}
    assert [key for key, event in EVENTS.items() if event["status"] == "planned"] == ["third-round-of-talks"]
    assert [key for key, event in EVENTS.items() if event["status"] == "failed"] == [
        "ceasefires",
        "mariupol-evacuation",
    ]


def test_partial_quotes_have_a_context_and_the_rest_none() -> None:
    for key, quote in QUOTES.items():
        assert ("context" in quote) == (quote["quote_type"] == "partial"), key


def test_utterances_join_two_quotes_or_more() -> None:
    assert Counter(quote["utterance"] for quote in QUOTES.values() if "utterance" in quote) == {
        "uk-mod-ceasefire-update": 2,
        "moscow-denial": 2,
        "zelensky-video-address": 2,
        "kuleba-vinnytsia-tweet": 3,
        "uk-mod-tactics-assessment": 2,
        "putin-erdogan-call": 2,
    }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def printed_date(span: str) -> date | None:
    month, _, day = span.partition(" ")
    return date(2022, MONTHS.index(month) + 1, int(day)) if month in MONTHS else None


def days(record: dict[str, Any]) -> set[date]:
    names = ("starts_at", "said_at", "published_at", "period_start")
    return {moment(record[name]).date() for name in names if name in record}


def is_disputed(record: dict[str, Any]) -> bool:
    stances = {citation["stance"] for citation in record["citations"]}
    blamed_parties = {citation["blames"] for citation in record["citations"] if citation["stance"] == "blames"}
    return bool(stances & {"denies", "disputes", "retracts"}) or len(blamed_parties) > 1


def citations() -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in ("event", "figure", "quote"):
        for key, record in RECORDS[resource].items():
            for citation in record["citations"]:
                yield f"{resource}/{key}/{citation['source']}", citation


def parts() -> Iterator[tuple[str, Entity, dict[str, Any]]]:
    """Yield each record, the briefing and each child, with its place and its declaration in the model."""
    yield "briefing", ENTITIES["briefing"], SAMPLE["briefing"]
    for resource, records in RECORDS.items():
        for key, record in records.items():
            yield f"{resource}/{key}", ENTITIES[resource], record
            for link in ENTITIES[resource].owned:
                for child in record.get(link.name, []):
                    yield f"{resource}/{key}/{link.name}", ENTITIES[link.target], child


def optional(field: StoredField) -> bool:
    return field.type.nullable or field.type.many or field.name == "reliability"


def our_words() -> Iterator[tuple[str, str]]:
    """Yield the texts that are written for the sample, without the titles of documents, which another test checks."""
    our_fields = ("title", "summary", "statement", "context", "caveat", "population", "description", "attribution")
    for where, resource, record in parts():
        names = our_fields if resource.name != "document" or record["publisher"] != "rferl" else ()
        if record.get("quote_type") == "indirect":
            names = (*names, "text")
        yield from ((f"{where}/{name}", record[name]) for name in names if name in record)


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w']+", text.replace("’", "'").casefold())
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}
