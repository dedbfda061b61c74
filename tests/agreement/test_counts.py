"""Counts agree with the list that they count, whatever the filter: this module counts the records of JSON lists anew.

The places of times, the groups of records with several citations, and the order are written here a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from api.catalog import V2, Dimension, Group, Resource, dated, dimensions
from api.query import price
from api.rest.group_request import counts_query
from tests.agreement import dataset, rows
from tests.agreement.conftest import Apis, Make, write_store
from tests.agreement.generator import Term, _plain
from tests.agreement.reference import camel
from tests.agreement.test_both_apis import Chooser
from tests.walking import bounded_walk

Record = dict[str, Any]
Values = tuple[str | None, ...]
ZONES = ("UTC", "Europe/Kyiv", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu")
BUCKETS = ("day", "week", "month", "year")
# The precisions in the order of their exactness, and the coarsest that has a place in a bucket.
PRECISIONS = ("minute", "hour", "day", "week", "month", "year", "unknown")
COARSEST = {"day": "day", "week": "week", "month": "month", "year": "year"}
FIRST = datetime(2021, 12, 27, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
async def store(new_store: Make) -> str:
    """A store whose times lie around the turns of days, months, years and of summer time, with each precision."""
    generated = dataset.make(8)
    random = generated.random
    for table, name in (("event", "starts_at"), ("quote", "said_at")):
        for row in generated.tables[table]:
            row[name] = None
            row["time_precision"] = "unknown"
            if random.random() < 0.9:
                hours = random.choice([0, 3, 23, 24 * 31, 24 * 90 + 1, 24 * 90 + 2]) + 24 * random.randrange(3)
                moment = FIRST + timedelta(hours=hours, minutes=random.choice([0, 30, 59]))
                row["time_precision"] = random.choice(PRECISIONS)
                if row["time_precision"] not in ("minute", "hour"):
                    moment = moment.replace(hour=0, minute=0)
                row[name] = moment.isoformat()
            if table == "event":
                row["ends_at"] = None
    return await write_store(new_store, generated)


@dataclass
class Counting:
    """A request for counts."""

    resource: Resource
    by: tuple[Dimension, ...] = ()
    bucket: str = ""
    zone: str = "UTC"
    top: int = 20
    filters: dict[str, str] = field(default_factory=dict)
    # The same filters for GraphQL.
    filter: dict[str, Any] = field(default_factory=dict)

    def url(self, **more: str) -> dict[str, str]:
        parameters = dict(self.filters)
        if self.by:
            parameters |= {"by": ",".join(dimension.name for dimension in self.by), "top": str(self.top)}
        if self.bucket:
            parameters |= {"bucket": self.bucket, "time_zone": self.zone}
        return parameters | more

    def arguments(self, **more: Any) -> str:
        """Return the same request as arguments of GraphQL."""
        arguments: dict[str, Any] = {"filter": self.filter} if self.filter else {}
        if self.by:
            arguments |= {"by": [Term(dimension.term.upper()) for dimension in self.by], "top": self.top}
        if self.bucket:
            arguments |= {"bucket": Term(self.bucket.upper()), "timeZone": self.zone}
        return ", ".join(f"{name}: {_plain(value)}" for name, value in (arguments | more).items())


class ListCounter:
    """Counts the records of JSON lists."""

    def __init__(self, service: Apis) -> None:
        self.service = service
        self.lists: dict[str, list[Record]] = {}

    async def read_list(self, plural: str, filters: dict[str, str] | None = None) -> list[Record]:
        """Return a list, read page after page."""
        if not filters and plural in self.lists:
            return self.lists[plural]
        records: list[Record] = []
        cursor: dict[str, str] = {}
        for _ in bounded_walk():
            status, page = await self.service.rest(f"/{plural}", {**(filters or {}), "limit": "200", **cursor})
            assert status == 200, page
            records += page["data"]
            if not page["page"]["has_more"]:
                break
            cursor = {"cursor": page["page"]["next_cursor"]}
        if not filters:
            self.lists[plural] = records
        return records

    async def count(self, counting: Counting) -> Record:
        """Return the counts, as the service should answer them."""
        records = await self.read_list(counting.resource.plural, counting.filters)
        places = {place["id"]: place for place in await self.read_list("places")}
        children = {name: await self.read_list(name) for name in ("citations", "participants", "relations")}
        groups: Counter[tuple[Values, str | None]] = Counter()
        undated = coarser = 0
        for record in records:
            bucket: str | None = None
            if counting.bucket:
                state, bucket = place_in_time(counting, record)
                undated += state == "undated"
                coarser += state == "coarser"
                if state:
                    continue
            for values in {*group_values(counting, record, places, children)}:
                groups[values, bucket] += 1
        sizes: Counter[Values] = Counter()
        for (values, _), count in groups.items():
            sizes[values] += count
        order = sorted(sizes, key=lambda values: (-sizes[values], [(value is None, value or "") for value in values]))
        top_groups = order[: counting.top] if counting.by else order
        data = []
        for values in top_groups:
            buckets = sorted((bucket or "", count) for (other, bucket), count in groups.items() if other == values)
            for bucket, count in buckets:
                key = {dimension.name: value for dimension, value in zip(counting.by, values, strict=True)}
                if counting.bucket:
                    key["bucket"] = bucket
                data.append({"key": key, "count": count, "low": count, "high": count})
        hidden = [count for (values, _), count in groups.items() if values not in top_groups]
        return {
            "data": data,
            "rest": {"groups": len(hidden), "count": sum(hidden)},
            "unplaced": {"undated": undated, "coarser": coarser},
            "total": len(records),
            "quality": "exact",
            "additive": not any("." in dimension.name for dimension in counting.by),
        }


def shown_value(resource: Resource, record: Record, name: str) -> Any:
    """Return a field of a record as its list shows it, also from within an object."""
    for part in resource.layout:
        if isinstance(part, Group):
            for key, part_field in resource.within(part).items():
                if part_field.name == name:
                    return record[part.name][key]
    return record[name]


def group_values(
    counting: Counting, record: Record, places: dict[str, Record], children: dict[str, list[Record]]
) -> Iterable[Values]:
    """Yield the values of the groups of a record."""
    choices: dict[str, list[Record]] = {}
    for dimension in counting.by:
        link, dot, _ = dimension.name.partition(".")
        if dot:
            name = counting.resource.links[link].target + "s"
            owned = [child for child in children[name] if child["record_id"] == record["id"]]
            choices[link] = owned or [{}]
    for combination in product(*choices.values()):
        chosen = dict(zip(choices, combination, strict=True))
        values: list[str | None] = []
        for dimension in counting.by:
            link, dot, column = dimension.name.partition(".")
            if dot:
                values.append(chosen[link].get(column))
            elif dimension.name == "country" and "country" not in counting.resource.fields:
                place = record.get("effective_place_id", record["place_id"]) or ""
                values.append(places.get(place, {}).get("country"))
            else:
                values.append(shown_value(counting.resource, record, dimension.name))
        yield tuple(values)


def place_in_time(counting: Counting, record: Record) -> tuple[str, str | None]:
    """Return the reason why a record has no bucket, or the first day of its bucket."""
    time = dated(counting.resource)
    assert time is not None
    text = shown_value(counting.resource, record, time.name)
    if text is None:
        return "undated", None
    if "T" not in text:
        return "", first_day(date.fromisoformat(text), counting.bucket)
    moment = datetime.fromisoformat(text)
    if time.precision:
        precision = shown_value(counting.resource, record, time.precision)
        if PRECISIONS.index(precision) > PRECISIONS.index(COARSEST[counting.bucket]):
            return "coarser", None
        is_moment = precision in ("minute", "hour")
    else:
        is_moment = moment.time() != datetime.min.time()
    if is_moment:
        moment = moment.astimezone(ZoneInfo(counting.zone))
    return "", first_day(moment.date(), counting.bucket)


def first_day(day: date, bucket: str) -> str:
    if bucket == "week":
        day -= timedelta(days=day.weekday())
    elif bucket == "month":
        day = day.replace(day=1)
    elif bucket == "year":
        day = day.replace(month=1, day=1)
    return day.isoformat()


def choose(random: Random, known: rows.Rows) -> Counting:
    """Return a request with filters that occur, by up to three values, with or without a bucket of time."""
    filtered = Chooser(V2, known, random).choose()
    resource = V2[filtered.resource]
    filtered.parameters.pop("sort", None)
    available = list(dimensions(V2, resource).values())
    by = tuple(random.sample(available, min(len(available), random.choice([0, 1, 1, 1, 2, 2, 3]))))
    top = random.choice([1, 2, 3, 20, 2000])
    counting = Counting(resource, by, top=top, filters=filtered.parameters, filter=filtered.filter)
    if dated(resource) is not None and (not by or random.random() < 0.6):
        counting.bucket, counting.zone = random.choice(BUCKETS), random.choice(ZONES)
    elif not by:
        counting.by = (available[0],)
    return counting


@pytest.mark.parametrize("seed", range(6))
async def test_counts_are_those_of_the_list(service: Apis, known: rows.Rows, seed: int) -> None:
    counter = ListCounter(service)
    for number in range(12):
        counting = choose(Random(f"{seed}/{number}"), known)
        status, answer = await service.rest(f"/{counting.resource.plural}/counts", counting.url())
        assert status == 200, (counting.url(), answer)
        assert answer == await counter.count(counting), (counting.resource.name, counting.url())


@pytest.mark.parametrize("zone", ZONES)
async def test_a_time_zone_moves_moments_and_no_printed_dates(service: Apis, zone: str) -> None:
    counter = ListCounter(service)
    for resource in (V2["event"], V2["quote"], V2["document"]):
        for bucket in BUCKETS:
            counting = Counting(resource, bucket=bucket, zone=zone)
            _, answer = await service.rest(f"/{resource.plural}/counts", counting.url())
            assert answer == await counter.count(counting), (resource.name, bucket)


LISTS = [(resource, dimension) for resource in V2.lists.values() for dimension in dimensions(V2, resource).values()]


async def test_every_list_is_counted_by_each_of_its_fields(service: Apis) -> None:
    counter = ListCounter(service)
    for resource, dimension in LISTS:
        counting = Counting(resource, (dimension,), top=2000)
        status, answer = await service.rest(f"/{resource.plural}/counts", counting.url())
        assert status == 200, answer
        assert answer == await counter.count(counting), (resource.name, dimension.name)


async def test_additive_counts_add_up_to_the_total(service: Apis, known: rows.Rows) -> None:
    for seed in range(60):
        counting = choose(Random(seed), known)
        _, answer = await service.rest(f"/{counting.resource.plural}/counts", counting.url())
        placed = sum(group["count"] for group in answer["data"]) + answer["rest"]["count"]
        counted = placed + sum(answer["unplaced"].values())
        if answer["additive"]:
            assert counted == answer["total"], counting.url()
        else:
            assert counted >= answer["total"], counting.url()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("bucket", BUCKETS)
async def test_filled_counts_are_the_others_with_zeros_between_the_bounds(
    service: Apis, bucket: str, zone: str
) -> None:
    bounds = {"starts_at_gte": "2021-12-20", "starts_at_lt": "2022-04-11T05:00:00Z"}
    counting = Counting(V2["event"], (dimensions(V2, V2["event"])["kind"],), bucket, zone, filters=bounds)
    _, plain = await service.rest("/events/counts", counting.url())
    _, filled = await service.rest("/events/counts", counting.url(fill="true"))
    assert [group for group in filled["data"] if group["count"]] == plain["data"]
    assert {**filled, "data": []} == {**plain, "data": []}
    first = datetime(2021, 12, 20, tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    last = datetime(2022, 4, 11, 4, 59, tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    days = {first_day(first + timedelta(days=number), bucket) for number in range((last - first).days + 1)}
    for kind in {group["key"]["kind"] for group in plain["data"]}:
        buckets = [group["key"]["bucket"] for group in filled["data"] if group["key"]["kind"] == kind]
        assert buckets == sorted(set(buckets))
        placed = {group["key"]["bucket"] for group in plain["data"] if group["key"]["kind"] == kind}
        assert set(buckets) == days | placed


async def test_groups_of_records_describe_them(service: Apis) -> None:
    places = {place["id"]: place for place in (await service.rest("/places", {"limit": "200"}))[1]["data"]}
    sources = {source["id"]: source for source in (await service.rest("/sources", {"limit": "200"}))[1]["data"]}
    parameters = {"by": "place_id,citations.source_id", "include": "place,citations.source", "top": "200"}
    _, answer = await service.rest("/events/counts", parameters)
    described = 0
    for group in answer["data"]:
        key = group["key"]
        place, source = places.get(key["place_id"]), sources.get(key["citations.source_id"])
        assert key["place"] == (place and {name: place[name] for name in V2["place"].label})
        assert key["citations.source"] == (source and {"name": source["name"]})
        described += place is not None and source is not None
    assert described > 20


def selection(counting: Counting) -> str:
    """Return the fields of GraphQL that REST always shows."""
    keys = [camel(dimension.term) for dimension in counting.by]
    if counting.bucket:
        keys.append("bucket")
    group = f"key {{ {' '.join(keys)} }} count low high"
    return f"data {{ {group} }} rest {{ groups count }} unplaced {{ undated coarser }} total quality additive"


def in_graphql(counting: Counting, answer: Record) -> Record:
    """Return an answer of REST as GraphQL writes it: with its names, and with terms in capitals."""
    data = []
    for group in answer["data"]:
        key: Record = {}
        for dimension in counting.by:
            value = group["key"][dimension.name]
            owner = V2[counting.resource.links[dimension.link].target] if dimension.link else counting.resource
            column = owner.fields.get(dimension.column)
            if value is not None and column is not None and column.type.name == "vocabulary":
                value = value.upper()
            key[camel(dimension.term)] = value
        if counting.bucket:
            key["bucket"] = group["key"]["bucket"]
        data.append(group | {"key": key})
    return answer | {"data": data, "quality": answer["quality"].upper()}


async def test_both_apis_count_the_same_at_the_same_price(service: Apis, known: rows.Rows) -> None:
    for seed in range(60):
        counting = choose(Random(f"both {seed}"), known)
        plural, name = counting.resource.plural, f"{counting.resource.name}Counts"
        query = f"{{ {name}({counting.arguments()}) {{ {selection(counting)} }} }}"
        status, answer = await service.graphql(query)
        assert status == 200, (query, answer)
        _, expected = await service.rest(f"/{plural}/counts", counting.url())
        assert answer["data"][name] == in_graphql(counting, expected), query
        points = price(counts_query(V2, counting.resource, urlencode(counting.url()).encode()))
        assert answer["extensions"]["cost"]["requested"] == points, query


async def test_both_apis_describe_the_same_records_and_fill_the_same_buckets(service: Apis) -> None:
    bounds = 'filter: {startsAt: {gte: "2021-12-20", lt: "2022-04-11"}}'
    fields = "key { placeId place { name country latitude longitude geoPrecision } bucket } count"
    arguments = f"{bounds}, by: PLACE_ID, bucket: WEEK, fill: true, top: 3"
    _, answer = await service.graphql(f"{{ eventCounts({arguments}) {{ data {{ {fields} }} }} }}")
    parameters = {"starts_at_gte": "2021-12-20", "starts_at_lt": "2022-04-11", "by": "place_id", "bucket": "week"}
    _, expected = await service.rest("/events/counts", parameters | {"fill": "true", "top": "3", "include": "place"})
    groups = answer["data"]["eventCounts"]["data"]
    assert len(groups) == len(expected["data"]) > 30
    for group, other in zip(groups, expected["data"], strict=True):
        key = other["key"]
        assert group["count"] == other["count"]
        place = key["place"] and {camel(name): value for name, value in key["place"].items()}
        if place:
            place["geoPrecision"] = place["geoPrecision"].upper()
        assert group["key"] == {"placeId": key["place_id"], "place": place, "bucket": key["bucket"]}


async def test_graphql_counts_under_aliases_and_shows_null_for_what_it_does_not_group_by(service: Apis) -> None:
    query = """{
        a: eventCounts(by: [KIND], top: 1) { __typename data { key { __typename kind status bucket place { name } } } }
        b: figureCounts(by: [MEASURE], quality: EXACT) { total quality unplaced { undated } }
        c: sourceCounts(by: [KIND]) { __typename }
    }"""
    status, answer = await service.graphql(query)
    assert status == 200, answer
    key = answer["data"]["a"]["data"][0]["key"]
    assert key == {"__typename": "EventCountKey", "kind": "SHELLING", "status": None, "bucket": None, "place": None}
    assert answer["data"]["b"]["quality"] == "EXACT"
    assert answer["data"]["c"] == {"__typename": "SourceCounts"}


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ("", {}),
        ("by: [KIND, KIND]", {"by": "kind,kind"}),
        ("by: [KIND, STATUS, LANGUAGE, COUNTRY]", {"by": "kind,status,language,country"}),
        ("by: [KIND], top: 0", {"by": "kind", "top": "0"}),
        ("by: [KIND], top: 2001", {"by": "kind", "top": "2001"}),
        ("bucket: DAY, top: 3", {"bucket": "day", "top": "3"}),
        ('bucket: DAY, timeZone: "Foo+3"', {"bucket": "day", "time_zone": "Foo+3"}),
        ('by: [KIND], timeZone: "UTC"', {"by": "kind", "time_zone": "UTC"}),
        ("by: [KIND], fill: true", {"by": "kind", "fill": "true"}),
        ("bucket: DAY, fill: true", {"bucket": "day", "fill": "true"}),
    ],
)
async def test_both_apis_refuse_the_same_with_the_same_words(
    service: Apis, arguments: str, parameters: dict[str, str]
) -> None:
    query = f"{{ eventCounts({arguments}) {{ total }} }}".replace("()", "")
    _, answer = await service.graphql(query)
    status, problem = await service.rest("/events/counts", parameters)
    assert status == 400
    assert len(answer["errors"]) == len(problem["errors"]) == 1
    error, fault = answer["errors"][0], problem["errors"][0]
    assert error["extensions"]["code"] == problem["code"]
    assert fault["detail"] in error["message"]
