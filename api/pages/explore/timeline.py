"""A timeline of a list: how many records there are by day or by month, as bars that lead to the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.catalog import Resource, Version, dated
from api.pages.explore.page_url import PageUrl
from api.pages.explore.place_map import count_of, have
from api.pages.explore.plot import NumberAxis, Tick, day_ticks, number_axis, percent
from api.pages.explore.words import write_day
from api.query import (
    AsOf,
    CountBucket,
    CountGroups,
    CountNumber,
    CountQualityField,
    CountQuery,
    Filter,
    Item,
    Object,
    Query,
)
from api.query.counts import BUCKETS, TOO_COARSE, next_bucket
from api.query.parse import read_value
from api.rest.parameters import Parameter, parameters, split

# The most bars of a picture, and the most days that are shown by day unless the URL says otherwise.
MAX_BARS = 480
MAX_DAYS = 120
# Room for so many bars at least, so that a single one does not fill the picture.
LEAST_ROOM = 14
# The part of its room that a bar takes.
BAR = 0.8


@dataclass(frozen=True)
class TimelineBar:
    """The records of a bucket: the place and the size of the bar, what it says, and the query of the records."""

    x: str
    y: str
    width: str
    height: str
    when: str
    count: str
    query: str


@dataclass(frozen=True)
class BarTimeline:
    """The bars of a list, the earliest first. `earlier` are the records before the first one, `undated` those whose
    time is not known, and `coarser` those whose time is known less exactly than the bars are long. `hidden` is the
    number of records whose bars would be estimated from too few."""

    bars: tuple[TimelineBar, ...]
    bucket: str
    numbers: NumberAxis
    days: tuple[Tick, ...]
    earlier: str
    undated: str
    coarser: str
    hidden: int
    total: int
    is_sampled: bool


def counts_by_time(version: Version, resource: Resource, filter: Filter, as_of: AsOf | None, bucket: str) -> Query:
    """Return the Query of the numbers of a list's records by time: in such buckets, or by day and by month."""
    selection = (
        Item("data", CountGroups((Item("bucket", CountBucket()), Item("count", CountNumber("count"))))),
        Item("undated", CountNumber("undated")),
        Item("coarser", CountNumber("coarser")),
        Item("hidden", CountNumber("rest_count")),
        Item("total", CountNumber("total")),
        Item("quality", CountQualityField()),
    )
    names = (bucket,) if bucket else ("day", "month")
    counts = [Item(name, CountQuery(resource.name, (), selection, filter, bucket=name, as_of=as_of)) for name in names]
    return Query(version.name, Object(tuple(counts)))


def draw_timeline(url: PageUrl, answer: dict[str, Any]) -> BarTimeline:
    """Return the timeline of an answer to the Query of `counts_by_time`: by day, unless that is too long, or hides
    records that are there by month."""
    bucket = url.bucket or "day"
    numbers = _numbers(answer[bucket])
    if not url.bucket:
        is_long = bool(numbers) and (max(numbers) - min(numbers)).days >= MAX_DAYS
        if is_long or answer["day"]["hidden"] > answer["month"]["hidden"]:
            bucket = "month"
            numbers = _numbers(answer[bucket])
    counts = answer[bucket]
    shown = list(_days(numbers, bucket, min(MAX_BARS, url.max_links)))
    axis = number_axis(0, max((numbers.get(day, 0) for day in shown), default=1))
    room = max(len(shown), LEAST_ROOM)
    bars = []
    for place, day in enumerate(shown):
        if day not in numbers:
            continue
        share = numbers[day] / axis.highest
        bar = TimelineBar(
            x=percent((place + (1 - BAR) / 2) / room),
            y=percent(1 - share),
            width=percent(BAR / room),
            height=percent(share),
            when=write_bucket(day, bucket),
            count=count_of(url.resource, numbers[day]),
            query=_records_query(url, bucket, day, has_coarser=counts["coarser"] > 0),
        )
        bars.append(bar)
    earlier = sum(number for day, number in numbers.items() if day < shown[0])
    ticks = [((place + 0.5) / room, day) for place, day in enumerate(shown)]
    return BarTimeline(
        bars=tuple(bars),
        bucket=bucket,
        numbers=axis,
        days=day_ticks(ticks, bucket),
        earlier=count_of(url.resource, earlier),
        undated=have(url.resource, counts["undated"]),
        coarser=have(url.resource, counts["coarser"]),
        hidden=counts["hidden"],
        total=counts["total"],
        is_sampled=counts["quality"] == "sampled",
    )


def bucket_links(url: PageUrl, bucket: str) -> list[tuple[str, str, bool]]:
    """Return for each length of bars its name, the query of that timeline, and whether it is the one that is shown."""
    return [(name, url.query(bucket=name), name == bucket) for name in BUCKETS]


def _numbers(counts: dict[str, Any]) -> dict[date, int]:
    return {date.fromisoformat(group["bucket"]): group["count"] for group in counts["data"] if group["bucket"]}


def _days(numbers: dict[date, int], bucket: str, most: int) -> Iterator[date]:
    """Yield the first days of the buckets from the first one with records to the last one: of the last `most`."""
    if not numbers:
        return
    last = max(numbers)
    day = max(min(numbers), _bars_before(last, bucket, most))
    while day <= last:
        yield day
        following = next_bucket(day, bucket)
        if following is None:
            return
        day = following


def _bars_before(last: date, bucket: str, most: int) -> date:
    """Return the first day of the earliest bucket that is shown beside the last one, if there are `most` bars."""
    match bucket:
        case "day" | "week":
            days = (most - 1) * (1 if bucket == "day" else 7)
            return date.fromordinal(max(last.toordinal() - days, 1))
        case "month":
            months = max(last.year * 12 + last.month - most, 12)
            return date(months // 12, months % 12 + 1, 1)
    return date(max(last.year - most + 1, 1), 1, 1)


def write_bucket(day: date, bucket: str) -> str:
    """Return the bucket that begins on a day: 6 March 2022; the week of 28 February 2022; March 2022; 2022."""
    match bucket:
        case "week":
            return f"the week of {write_day(day)}"
        case "month":
            return f"{day:%B} {day.year}"
        case "year":
            return str(day.year)
    return write_day(day)


def _records_query(url: PageUrl, bucket: str, first: date, *, has_coarser: bool) -> str:
    """Return the query of the records of a bucket, without those whose time is known less exactly, if there are any.
    Bounds of the page that are closer stay."""
    end = next_bucket(first, bucket)
    time = dated(url.resource)
    assert time is not None
    rows = parameters(url.version, url.resource)
    from_name, before_name = f"{time.name}_gte", f"{time.name}_lt"
    changes = {from_name: _closer(max, rows[from_name], url.texts.get(from_name, ""), first.isoformat())}
    if end is not None:
        changes[before_name] = _closer(min, rows[before_name], url.texts.get(before_name, ""), end.isoformat())
    if has_coarser and time.precision:
        row = rows[time.precision]
        given = url.texts.get(row.name)
        terms = split(given) if given else row.condition.type.of.terms()
        changes[row.name] = ",".join(term for term in terms if term not in TOO_COARSE[bucket])
    return url.narrowed(**changes)


def _closer(choose: Callable[..., str], row: Parameter, given: str, bound: str) -> str:
    """Return the text of the closer one of two bounds. Times with an offset are in no order as texts."""
    if not given:
        return bound
    kind = row.condition.type
    return choose(given, bound, key=lambda text: read_value(kind, text))
