"""Counts over HTTP: what they refuse, what they cost, what they are cached by, and how a large list is sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from math import ceil, floor, sqrt
from random import Random
from typing import Any

import asyncpg
import httpx2
import pytest

from api.catalog import V2, VERSIONS
from api.compiler import compile_query, picked, sample
from api.compiler import counts as compiler
from api.query import price
from api.query.counts import MAX_GROUPS
from api.rest.group_request import counts_query
from tests.agreement.dataset import LETTERS, insert
from tests.rest.conftest import run

EVENTS = 12_000
SAMPLED_FROM = 2_000
KINDS = ("shelling", "air_strike", "evacuation", "phone_call", "attack", "displacement", "other")
WEIGHTS = (400, 300, 200, 60, 30, 8, 2)


def counted(client: httpx2.Client, query: str, plural: str = "events") -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/v2/{plural}/counts?{query}").raise_for_status().json()
    return answer


def faults(client: httpx2.Client, query: str, plural: str = "events") -> dict[str, str]:
    """Return what is wrong with a request, by parameter."""
    answer = client.get(f"/v2/{plural}/counts?{query}")
    assert answer.status_code == 400, answer.text
    return {fault["parameter"]: fault["detail"] for fault in answer.json()["errors"]}


def test_version_1_has_no_counts(client: httpx2.Client) -> None:
    assert client.get("/v1/events/counts").status_code == 404
    assert [version.name for version in VERSIONS.values() if version.counts] == ["v2"]


@pytest.mark.parametrize(
    ("query", "parameter", "remedy"),
    [
        ("", "by", "as in by=kind, or a bucket of time"),
        ("by=kinds", "by", "Did you mean kind?"),
        ("by=kind,kind", "by", "kind is given twice"),
        ("by=kind,status,language,country", "by", "at most 3"),
        ("by=title", "by", "events are not counted by 'title'"),
        ("by=kind&top=0", "top", "from 1 to 2,000"),
        ("by=kind&top=2001", "top", "from 1 to 2,000"),
        ("by=kind&top=many", "top", "from 1 to 2,000"),
        ("bucket=month&top=3", "top", "Needs by"),
        ("bucket=fortnight", "bucket", "day, week, month, year"),
        ("bucket=day&time_zone=Foo%2B3", "time_zone", "There is no time zone 'Foo+3'"),
        ("bucket=day&time_zone=Europe/Kyivv", "time_zone", "Did you mean Europe/Kyiv?"),
        ("bucket=day&time_zone=europe/kyiv", "time_zone", "Did you mean Europe/Kyiv?"),
        ("by=kind&time_zone=Europe/Kyiv", "time_zone", "Needs bucket"),
        ("by=kind&fill=true", "fill", "Needs bucket"),
        ("bucket=day&fill=true", "fill", "Needs starts_at_gte and starts_at_lt"),
        ("bucket=day&fill=true&starts_at_gte=2022-01-01", "fill", "Needs starts_at_gte and starts_at_lt"),
        ("bucket=day&fill=true&starts_at_gte=1990-01-01&starts_at_lt=2022-01-01", "fill", "at most 10,000 buckets"),
        ("bucket=day&fill=yes", "fill", "true or false"),
        ("bucket=day&starts_at_gte=0999-12-31", "starts_at_gte", "a year from 1000"),
        ("by=kind&quality=good", "quality", "exact, sampled"),
        ("by=kind&include=place", "include", "by does not group"),
        ("by=place_id&include=plaice", "include", "'plaice' is no link"),
        ("by=kind&limit=5", "limit", "There is no such parameter here"),
        ("by=kind&by=kind", "by", "given twice"),
    ],
)
def test_a_wrong_request_is_refused_with_the_remedy(
    client: httpx2.Client, query: str, parameter: str, remedy: str
) -> None:
    details = faults(client, query)
    assert list(details) == [parameter]
    assert remedy in details[parameter]


def test_filled_buckets_are_bounded_for_all_groups_together(client: httpx2.Client) -> None:
    years = "bucket=year&fill=true&starts_at_gte=1500-01-01&starts_at_lt=2000-01-01"
    assert len(counted(client, years)["data"]) == MAX_GROUPS // 20
    assert len(counted(client, f"by=kind&top=20&{years}")["data"]) % (MAX_GROUPS // 20) == 0
    assert "a top below 21" in faults(client, f"by=kind&top=21&{years}")["fill"]


def test_a_list_without_a_time_has_no_buckets(client: httpx2.Client) -> None:
    assert "bucket" in faults(client, "bucket=day", "sources")
    assert faults(client, "", "sources") == {"by": "Say how to group: a field, as in by=kind."}


def test_repeated_values_are_the_values_with_commas(client: httpx2.Client) -> None:
    assert counted(client, "by=kind&by[]=status") == counted(client, "by=kind,status")


def test_an_answer_is_kept_until_something_changes(client: httpx2.Client) -> None:
    first = client.get("/v2/events/counts?by=kind")
    again = client.get("/v2/events/counts?by=kind", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert int(first.headers["edition"]) > 0
    other = client.get("/v2/events/counts?by=status", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200
    assert client.get("/v2/events/counts?by=kind", headers={"accept": "text/html"}).status_code == 406


@pytest.fixture(scope="module")
async def large(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[tuple[httpx2.Client, list[dict[str, Any]]]]:
    """A client of a store with many events, and the events. Lists are counted from a sample above a few thousand."""
    url = await new_store()
    random = Random(5)
    events = [event(random, number) for number in range(EVENTS)]
    connection = await asyncpg.connect(url)
    await insert(connection, "event", events)
    await connection.execute("analyze")
    await connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picked, "SAMPLE_FROM", SAMPLED_FROM)
        with run(url) as client:
            yield client, events


def event(random: Random, number: int) -> dict[str, Any]:
    return {
        "id": f"evt_{''.join(random.choices(LETTERS, k=26))}",
        "revision": 1,
        "created_at": "2022-03-07T06:00:00Z",
        "updated_at": "2022-03-07T06:00:00Z",
        "digest": "\\x00",
        "withdrawn": None,
        "kind": random.choices(KINDS, WEIGHTS)[0],
        "title": f"event {number}",
        "starts_at": f"20{10 + number % 12}-0{1 + number % 3}-01T00:00:00Z" if number % 7 else None,
        "time_precision": "unknown" if number % 7 == 0 else "year" if number % 5 == 0 else "day",
        "status": "occurred",
        "language": "en" if number % 10 else "uk",
        "tags": [],
        "identifiers": [],
        "subjects": [],
        "disputed": False,
    }


def test_a_large_list_is_counted_from_a_sample_with_intervals(
    large: tuple[httpx2.Client, list[dict[str, Any]]],
) -> None:
    client, events = large
    answer = counted(client, "by=kind")
    assert answer["quality"] == "sampled"
    sampled = Counter(event["kind"] for event in events if event["id"] < "evt_1")
    expected = {kind: count for kind, count in sampled.items() if count >= 10}
    assert {group["key"]["kind"]: group["count"] for group in answer["data"]} == {
        kind: 32 * count for kind, count in expected.items()
    }
    for group in answer["data"]:
        count = expected[group["key"]["kind"]]
        margin = 1.96 * sqrt(count * 31 / 32)
        assert group["low"] == floor(32 * (count - margin))
        assert group["high"] == ceil(32 * (count + margin))
    small = [count for count in sampled.values() if count < 10]
    assert small, "The test needs a kind of which the sample has few."
    assert answer["rest"] == {"groups": len(small), "count": 32 * sum(small)}
    assert answer["total"] == 32 * sum(sampled.values())


def test_facets_of_a_large_list_are_counted_from_the_same_sample(
    large: tuple[httpx2.Client, list[dict[str, Any]]],
) -> None:
    client, _ = large
    answer = client.get("/v2/events?facets=kind,language&limit=1").raise_for_status().json()["facets"]
    assert answer["quality"] == "sampled"
    for name, facet in zip(("kind", "language"), answer["fields"], strict=True):
        counts = counted(client, f"by={name}")
        values = [{"value": group["key"][name]} | {**group, "key": None} for group in counts["data"]]
        assert [{**value, "key": None} for value in facet["data"]] == values
        assert facet["rest"] == counts["rest"]
        assert answer["total"] == counts["total"]
    assert answer["fields"][0]["rest"]["groups"] > 0


@pytest.mark.parametrize("filter", ["", "&language=en"])
@pytest.mark.parametrize(("least", "surely_more"), [(2, 400), (5, 2), (30, 1), (60, 400)])
def test_a_sample_has_as_many_records_in_every_list(
    large: tuple[httpx2.Client, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    least: int,
    surely_more: int,
    filter: str,
) -> None:
    client, events = large
    monkeypatch.setattr(sample, "LEAST_RECORDS", least)
    monkeypatch.setattr(picked, "SURELY_MORE", surely_more)
    ids = [event["id"] for event in events if not filter or event["language"] == "en"]
    # A number of groups of its own, so that no statement of another test is used again.
    answer = counted(client, f"by=status&top={500 + 10 * least + len(filter)}{filter}")
    scale = scale_of(ids, least)
    chosen = sum(identifier < f"evt_{sample.LETTERS[scale]}" for identifier in ids)
    assert (answer["quality"], answer["total"]) == ("sampled", scale * chosen)
    for group in answer["data"]:
        margin = 1.96 * sqrt(group["count"] / scale * (1 - 1 / scale))
        assert group["high"] == ceil(scale * (group["count"] / scale + margin))


def scale_of(ids: list[str], least: int) -> int:
    """Return the scale of the smallest sample with so many records, by the number in the smallest one of all."""
    smallest = sum(identifier < "evt_01" for identifier in ids)
    return next(scale for scale in sample.LETTERS if smallest * (1024 // scale) >= least or scale == 32)


def test_lists_of_that_size_have_different_samples(large: tuple[httpx2.Client, list[dict[str, Any]]]) -> None:
    _, events = large
    assert len({scale_of([event["id"] for event in events], least) for least in (2, 5, 30, 60)}) >= 3


def test_intervals_contain_the_numbers(large: tuple[httpx2.Client, list[dict[str, Any]]]) -> None:
    client, _ = large
    correct = intervals = 0
    for query in ("by=kind", "by=language", "bucket=year", "by=language,kind", "bucket=year&by=language"):
        exact = {str(group["key"]): group["count"] for group in counted(client, f"{query}&quality=exact")["data"]}
        for group in counted(client, query)["data"]:
            intervals += 1
            correct += group["low"] <= exact[str(group["key"])] <= group["high"]
    assert intervals > 30
    assert correct >= 0.85 * intervals


def test_a_sample_never_shows_zero_for_what_it_has_a_few_of(
    large: tuple[httpx2.Client, list[dict[str, Any]]],
) -> None:
    client, _ = large
    bounds = "starts_at_gte=2009-01-01&starts_at_lt=2025-01-01"
    query = f"by=kind&bucket=year&fill=true&{bounds}"
    exact = {str(group["key"]): group["count"] for group in counted(client, f"{query}&quality=exact")["data"]}
    answer = counted(client, query)
    assert answer["quality"] == "sampled"
    zeros = [group for group in answer["data"] if group["count"] == 0]
    assert zeros
    for group in zeros:
        assert (group["low"], group["high"]) == (0, round(32 * picked.NONE_SAMPLED))
    plain = counted(client, f"by=kind&bucket=year&{bounds}")
    assert [group for group in answer["data"] if group["count"]] == plain["data"]
    assert answer["rest"] == plain["rest"]
    assert answer["rest"]["groups"] > 0
    assert all(exact[str(group["key"])] <= group["high"] for group in zeros)


def test_quality_exact_and_short_lists_are_counted_one_by_one(
    large: tuple[httpx2.Client, list[dict[str, Any]]],
) -> None:
    client, events = large
    for query, chosen in (
        ("by=kind&quality=exact", events),
        ("by=kind&language=uk", [event for event in events if event["language"] == "uk"]),
    ):
        answer = counted(client, query)
        assert answer["quality"] == "exact"
        assert {group["key"]["kind"]: group["count"] for group in answer["data"]} == Counter(
            event["kind"] for event in chosen
        )
        assert all(group["low"] == group["count"] == group["high"] for group in answer["data"])
        assert answer["total"] == len(chosen)


def test_counts_are_sampled_only_above_the_bound(
    large: tuple[httpx2.Client, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, events = large
    number = sum(event["status"] == "occurred" and event["language"] == "en" for event in events)
    for bound, quality in ((number, "exact"), (number - 1, "sampled")):
        monkeypatch.setattr(picked, "SAMPLE_FROM", bound)
        # The price of a bound is in the words of the request, so that no remembered request answers.
        answer = counted(client, f"by=kind&language=en&top={100 + bound % 2}")
        assert answer["quality"] == quality


def test_records_without_an_exact_time_are_unplaced(large: tuple[httpx2.Client, list[dict[str, Any]]]) -> None:
    client, events = large
    answer = counted(client, "bucket=month&quality=exact")
    undated = sum(event["starts_at"] is None for event in events)
    coarser = sum(event["starts_at"] is not None and event["time_precision"] == "year" for event in events)
    assert answer["unplaced"] == {"undated": undated, "coarser": coarser}
    assert counted(client, "bucket=year&quality=exact")["unplaced"] == {"undated": undated, "coarser": 0}


def test_the_number_of_groups_with_buckets_is_bounded(
    large: tuple[httpx2.Client, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = large
    complete = counted(client, "by=kind&bucket=month&quality=exact")
    monkeypatch.setattr(compiler, "MAX_GROUPS", 80)
    cut = counted(client, "by=kind&bucket=month&quality=exact&top=19")
    assert 0 < len(cut["data"]) <= 80 < len(complete["data"])
    # A group is shown with all its buckets.
    assert cut["data"] == complete["data"][: len(cut["data"])]
    assert complete["data"][len(cut["data"])]["key"]["kind"] != cut["data"][-1]["key"]["kind"]
    assert cut["rest"]["groups"] == len(complete["data"]) - len(cut["data"])


def test_the_price_pays_for_the_rows_that_are_looked_at() -> None:
    def points(query: str, plural: str = "event") -> int:
        return price(counts_query(V2, V2[plural], query.encode()))

    assert points("by=kind") == 91
    assert points("by=kind&kind=shelling") == 97
    assert points("by=kind&quality=exact") == 451
    assert points("bucket=month") == points("by=kind")
    assert points("by=kind,status&bucket=day") == 151
    assert points("by=country") == 151
    assert points("by=citations.source_id") == 301
    # Children are never sampled, and those of withdrawn records are left out.
    assert points("by=stance", "citation") == 851
    assert points("by=kind&q=corridor") == 5 + 165
    assert points("bucket=day&fill=true&starts_at_gte=2000-01-01&starts_at_lt=2001-01-01") == 7 + 102


def test_the_statement_is_the_same_for_all_values() -> None:
    texts = set()
    for query in ("by=kind&kind=shelling&top=3", "by=kind&kind=other&top=2000"):
        texts.add(compile_query(counts_query(V2, V2["event"], query.encode())).sql)
    assert len(texts) == 1
