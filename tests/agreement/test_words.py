"""Searches in any script and spelling find the same through REST and GraphQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest

from api.ingest.load import load
from api.query.words import STEMMED
from tests.rest.conftest import run

# Each row is an event: language, title, summary, tags.
EVENTS: list[tuple[str, str, str | None, list[str]]] = [
    ("en", "The people leave the harbour", "Ferries wait. Harbour pilots refuse to sail.", ["sea", "exodus"]),
    ("en", "People in Odesa wait", None, ["queue"]),
    ("en", "Harbours reopen for grain", "Insurance remains dear", ["sea trade"]),
    ("de", "Flugzeug bombing gemeldet", None, []),
    ("en", "Geran-2 and Kh-22 fired; 14-16 hurt; flight PS-752", None, []),
    ("en", "O’Hara’s ship, the St. Mary’s", "Crew of Oʻahu safe", []),
    ("en", "Notice at https://ports.example.org/alerts/odesa?id=77 by desk@harbour.example.net", "Firmware 4.12.3", []),
    ("en", "Co\u00adop\u00ader\u00ada\u00adtion of \ufb01shers, Ｆｕｌｌ　ｗｉｄｔｈ １２", None, []),
    ("zh", "乌克兰港口敖德萨遭到袭击", None, []),
    ("ja", "横浜で港湾労働者がストライキ", None, []),
    ("ko", "부산에서 항만 파업이 시작됐다", None, []),
    ("th", "ท่าเรือแหลมฉบังปิดชั่วคราว", None, []),
    ("lo", "ນະຄອນຫຼວງວຽງຈັນນ້ຳຖ້ວມ", None, []),
    ("km", "រាជធានីភ្នំពេញលិចទឹក", None, []),
    ("my", "ရန်ကုန်ဆိပ်ကမ်းပိတ်ထား", None, []),
    ("ar", "إغلاق ميناء أوديسّا أمام السُّفُن", "مدينة الإسكندرية", []),
    ("fa", "بندرِ چابهار بسته می\u200cشود", "کشتی\u200cها", []),
    ("hi", "बंदरगाह बंद हुआ", None, []),
    ("uk", "Порт Одеси відкрито, об’єднання моряків", None, []),
]
FOUND = [
    # Words that stand next to each other, including stop words.
    ('"the people"', [0]),
    ('"the harbour"', [0]),
    ('"people the"', []),
    # A phrase may consist of words and of stems.
    ('"harbours reopening"', [2]),
    ('"person in odesa"', []),
    ('"people in odesa waiting"', [1]),
    # No phrase is found across title, summary and tags.
    ('"harbour ferries"', []),
    ('"sail sea"', []),
    ('"sea exodus"', []),
    ('"sea trade"', [2]),
    ('"grain insurance"', []),
    # A word is excluded in the same ways in which it is found: as it is, and by its stem.
    ("harbour -ferry", [2, 6]),
    ("flugzeug -bombing", []),
    ("flugzeug -bomben", [3]),
    ('people -"the people"', [1]),
    ("grain or exodus", [0, 2]),
    # Numbers after hyphens, with and without them.
    ("Geran 2", [4]),
    ("Geran-2", [4]),
    ("22", [4]),
    ("kh 22", [4]),
    ("16", [4]),
    ("PS 752", [4]),
    ("752", [4]),
    # Apostrophes, and letters that look like them.
    ("O'Hara", [5]),
    ("o’hara's", [5]),
    ("Oʼhara", [5]),
    ("o'ahu", [5]),
    ("O‘ahu", [5]),
    ('"mary\'s"', [5]),
    ("об'єднання", [18]),
    ("обʼєднання", [18]),
    # Parts of addresses and versions.
    ("example.org", [6]),
    ("ports.example.org", [6]),
    ("alerts", [6]),
    ("77", [6]),
    ("harbour.example.net", [6]),
    ("desk@harbour.example.net", [6]),
    ("4.12", [6]),
    ("4.12.3", [6]),
    # Hyphens that only divide lines, ligatures, full width.
    ("cooperation", [7]),
    ("fishers", [7]),
    ("full width 12", [7]),
    ("ｆｕｌｌ", [7]),
    # Scripts without spaces.
    ("敖德萨", [8]),
    ("港口", [8]),
    ("港", [8, 9]),
    ("击", [8]),
    ("德敖", []),
    ("横浜", [9]),
    ("ストライキ", [9]),
    ("ｽﾄﾗｲｷ", [9]),
    ("부산", [10]),
    ("파업", [10]),
    ("แหลมฉบัง", [11]),
    ("ວຽງຈັນ", [12]),
    ("ភ្នំពេញ", [13]),
    ("ရန်ကုန်", [14]),
    ("港口 -袭击", []),
    ("港 -港口", [9]),
    # Arabic and Persian letters that stand for one another.
    ("اوديسا", [15]),
    ("أوديسا", [15]),
    ("السفن", [15]),
    ("الاسكندريه", [15]),
    ("بندر", [16]),
    ("ميشود", [16]),
    ("می‌شود", [16]),
    ("كشتيها", [16]),
    ("बंदरगाह", [17]),
    # Beginnings of words.
    ("harb*", [0, 2, 6]),
    ("exo*", [0]),
    ("Одес*", [18]),
    ("harb* -ferr*", [2, 6]),
    ("敖*", [8]),
]
NO_WORD = ("-", '""', "…", "()", "*", "& | !", "ʼ", "\u064b", "🙂")


def record(number: int) -> dict[str, Any]:
    language, title, summary, tags = EVENTS[number]
    return {
        "resource": "event", "dataset": "words", "key": f"{number:02}", "kind": "other", "title": title,
        "summary": summary, "language": language, "tags": tags, "status": "occurred", "time_precision": "unknown",
        "identifiers": [{"scheme": "number", "value": str(number)}], "citations": [{"source": "desk"}],
    }  # fmt: skip


@pytest.fixture(scope="module")
async def client(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    url = await new_store()
    file: Path = tmp_path_factory.mktemp("words") / "words.ndjson"
    source = {"resource": "source", "dataset": "words", "key": "desk", "name": "desk", "kind": "outlet"}
    file.write_bytes(b"\n".join(orjson.dumps(line) for line in (source, *map(record, range(len(EVENTS))))))
    await load([str(file)], url)
    with run(url) as client:
        yield client


def number_of(event: dict[str, Any]) -> int:
    return int(event["identifiers"][0]["value"])


def by_rest(client: httpx2.Client, words: str, **more: str) -> list[int]:
    answer = client.get("/v2/events", params={"q": words, "limit": "100", **more})
    assert answer.status_code == 200, answer.text
    return sorted(map(number_of, answer.json()["data"]))


def by_graphql(client: httpx2.Client, words: str, language: str = "en") -> list[int]:
    query = (
        "query($words: String!, $language: String) {"
        " events(first: 100, filter: {search: {text: $words, language: $language}})"
        " { nodes { identifiers { value } } } }"
    )
    answer = client.post("/v2/graphql", json={"query": query, "variables": {"words": words, "language": language}})
    assert "data" in answer.json(), answer.text
    return sorted(map(number_of, answer.json()["data"]["events"]["nodes"]))


@pytest.mark.parametrize(("words", "numbers"), FOUND)
def test_a_search_finds_the_same_events_in_both_apis(client: httpx2.Client, words: str, numbers: list[int]) -> None:
    assert by_rest(client, words) == by_graphql(client, words) == numbers


@pytest.mark.parametrize("words", NO_WORD)
def test_a_search_without_a_word_is_refused(client: httpx2.Client, words: str) -> None:
    answer = client.get("/v2/events", params={"q": words})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "q")
    query = "query($words: String!) { events(filter: {search: {text: $words}}) { nodes { id } } }"
    graphql_answer = client.post("/v2/graphql", json={"query": query, "variables": {"words": words}}).json()
    assert "word" in graphql_answer["errors"][0]["message"]


TERMS = ["harbour", "people", "sea", '"the people"', "wait", "港", "بندر", "22", "harb*", "zebra", "O'Hara", "the"]


@pytest.mark.parametrize("language", ["en", "de", "ar", "uk", "zh", "ja"])
def test_a_term_and_its_negation_together_find_all(client: httpx2.Client, language: str) -> None:
    for first in TERMS:
        all_of = by_rest(client, first, q_language=language)
        assert by_graphql(client, first, language) == all_of
        for second in TERMS:
            both = by_rest(client, f"{first} {second}", q_language=language)
            without = by_rest(client, f"{first} -{second}", q_language=language)
            assert sorted(both + without) == all_of, (first, second)
            assert by_graphql(client, f"{first} -{second}", language) == without


@pytest.mark.parametrize("plural", ["sources", "documents", "places", "briefings", "figures", "quotes"])
def test_a_term_and_its_negation_find_all_of_each_resource(service_url: str, plural: str) -> None:
    with httpx2.Client(base_url=service_url) as sample:

        def total(words: str) -> int:
            answer = sample.get(f"/v2/{plural}", params={"q": words, "count": "exact", "limit": "1"})
            return int(answer.json()["page"]["total"])

        for first in ("the", "forces", "no", "zone", "Mariupol", "official", "Ukraine"):
            for second in ("zone", "forces", '"no-fly zone"', "Ukrain*", "Russian"):
                assert total(first) == total(f"{first} {second}") + total(f"{first} -{second}"), (first, second)


def test_a_language_without_a_stemmer_is_searched_as_it_is_written_and_said_so(client: httpx2.Client) -> None:
    assert by_rest(client, "ferries", q_language="pl") == [0]
    assert by_rest(client, "ferry", q_language="pl") == []
    header = client.get("/v2/events", params={"q": "ferries", "q_language": "pl"}).headers["deprecated-use"]
    assert "q_language=pl" in header
    assert "deprecated-use" not in client.get("/v2/events", params={"q": "ferries", "q_language": "en-GB"}).headers
    query = '{ events(filter: {search: {text: "ferries", language: "pl"}}) { nodes { id } } }'
    notes = client.post("/v2/graphql", json={"query": query}).json()["extensions"]["deprecations"]
    assert [note["name"] for note in notes] == ['Search.language: "pl"']


async def test_the_languages_with_a_stemmer_are_those_of_the_store(
    new_store: Callable[[], Awaitable[str]],
) -> None:
    url = await new_store()
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "select cfgname from pg_ts_config where cfgnamespace = 'store'::regnamespace and cfgname <> 'plain'"
    )
    await connection.close()
    assert {row["cfgname"] for row in rows} == STEMMED
