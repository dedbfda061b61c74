"""Read what records are counted by: the groups, the buckets of time, and the buckets that are filled with zeros.

REST and GraphQL share these readers, and the tables of what an answer contains. A reader raises a ValueError that says
what was expected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import islice
from zoneinfo import ZoneInfo

from api.catalog import Dated, Dimension, Resource, Version, dated, dimensions
from api.errors import UnknownName
from api.model import Vocabulary
from api.query.filters import Filter, Test, conjuncts
from api.query.group_query import CountName
from api.query.parse import listed
from api.query.parts import COUNT, Part

# The most values by which records are grouped together.
MAX_BY = 3
TOP = 20
MAX_TOP = 2_000
# The most groups in an answer: a bucket of a kind is one.
MAX_GROUPS = 10_000
BUCKETS = ("day", "week", "month", "year")
# The most fields whose values are counted beside a list, and the values that are shown of each.
MAX_FACETS = 5
FACET_TOP = 20
# Records that are counted one by one. More are counted from a sample, unless `quality=exact` is requested.
SAMPLE_FROM = 200_000
DAY = timedelta(days=1)
# Precisions of a time that are too coarse for a bucket.
TOO_COARSE = {
    "day": ("week", "month", "year", "unknown"),
    "week": ("month", "year", "unknown"),
    "month": ("year", "unknown"),
    "year": ("unknown",),
}
# The most days of a bucket.
LENGTHS = {"day": 1, "week": 7, "month": 31, "year": 366}


class CountQuality(Vocabulary):
    """The method of counting."""

    exact = "Every record was counted."
    sampled = "The records of a sample were counted, about 5,000 to 10,000 in a list without a filter."


COUNT_PARTS: tuple[Part[CountName], ...] = (
    Part("count", "count", COUNT, "The number of records. With a sample, an estimate."),
    Part("low", "low", COUNT, "The lower bound of the 95% confidence interval."),
    Part("high", "high", COUNT, "The upper bound. Both bounds equal `count` if it is exact."),
)
REST_PARTS: tuple[Part[CountName], ...] = (
    Part("groups", "rest_groups", COUNT, "The number of groups beyond `top`, or with fewer than ten sampled records."),
    Part("count", "rest_count", COUNT, "The number of records in these groups."),
)
UNPLACED_PARTS: tuple[Part[CountName], ...] = (
    Part("undated", "undated", COUNT, "The number of records without a known time."),
    Part("coarser", "coarser", COUNT, "The number of records whose time is less precise than the bucket."),
)
# What objects of both APIs contain, by the names of their types.
MEANINGS = {
    "CountRest": "The groups that `data` does not contain.",
    "CountUnplaced": "The records that are in no bucket, and therefore in no group.",
    "Facets": "The numbers of records by the values of fields.",
    "Facet": "The values of a field and their numbers of records.",
    "FacetValue": "A value and its number of records.",
}


@dataclass(frozen=True)
class Grouping:
    """The groups of a request for counts, read one by one and not yet checked together."""

    by: tuple[Dimension, ...] = ()
    bucket: str = ""
    time_zone: str = ""
    top: int = 0
    fill: bool = False


def read_by(version: Version, resource: Resource, names: Sequence[str]) -> tuple[Dimension, ...]:
    """Return the dimensions of these names."""
    found = _dimensions(version, resource, names)
    if len(found) > MAX_BY:
        raise ValueError(f"Expected at most {MAX_BY} fields: further ones make too many groups. Use filters instead.")
    return found


def read_facets(version: Version, resource: Resource, names: Sequence[str]) -> tuple[Dimension, ...]:
    """Return the dimensions of these names, whose values are counted each by themselves."""
    found = _dimensions(version, resource, names)
    if not found:
        raise ValueError("Name at least one field.")
    if len(found) > MAX_FACETS:
        raise ValueError(f"Expected at most {MAX_FACETS} fields.")
    return found


def _dimensions(version: Version, resource: Resource, names: Sequence[str]) -> tuple[Dimension, ...]:
    known = dimensions(version, resource)
    found: list[Dimension] = []
    for name in names:
        if name not in known:
            raise UnknownName(f"{resource.plural} are not counted by {name[:50]!r}: {listed(known)}.", name, known)
        if known[name] in found:
            raise ValueError(f"{name} is given twice.")
        found.append(known[name])
    return tuple(found)


def read_choice(text: str, choices: Collection[str]) -> str:
    """Return one of the choices."""
    if text not in choices:
        raise UnknownName(f"Expected one of {listed(choices)}.", text, choices)
    return text


def check_top(top: int) -> int:
    """Return the number of groups if it is not too large."""
    if not 1 <= top <= MAX_TOP:
        raise ValueError(f"Expected a whole number of groups from 1 to {MAX_TOP:,}.")
    return top


def read_time_zone(text: str) -> str:
    """Return the name of a time zone. Postgres would read `Foo+3` as a zone, too, so names are checked here."""
    zones = time_zones()
    if text not in zones:
        message = f"There is no time zone {text[:50]!r}. Expected one of the tz database, such as Europe/Kyiv or UTC."
        raise UnknownName(message, text, zones)
    return text


@cache
def time_zones() -> frozenset[str]:
    """Return the names of time zones in the package tzdata."""
    text = files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(text.split())


def check_grouping(resource: Resource, grouping: Grouping, filter: Filter) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with parameters that are each right, under the name of the parameter."""
    time = dated(resource)
    if not grouping.by and not grouping.bucket:
        buckets = "" if time is None else ", or a bucket of time"
        yield "by", f"Say how to group: a field, as in by=kind{buckets}."
    if grouping.top and not grouping.by:
        yield "top", "Needs by beside it, because it is the number of these groups."
    if grouping.time_zone and not grouping.bucket:
        yield "time_zone", "Needs bucket beside it: a time zone says where its days begin."
    if not grouping.fill:
        return
    if time is None or not grouping.bucket:
        yield "fill", "Needs bucket beside it: it shows the buckets without records, too."
        return
    bounds = _bounds(time, filter)
    if bounds is None:
        yield "fill", f"Needs {time.name}_gte and {time.name}_lt beside it: it fills all buckets from one to the other."
        return
    groups = _top(grouping) if grouping.by else 1
    most = MAX_GROUPS // groups
    # Long times are not walked through.
    least = (bounds[1] - bounds[0]).days // LENGTHS[grouping.bucket]
    if least > most or len(list(islice(_buckets_between(grouping, *bounds), most + 1))) > most:
        remedy = f"Bring {time.name}_gte and {time.name}_lt closer together, or ask for a larger bucket"
        if groups > 1:
            remedy += f", or for a top below {groups}"
        yield "fill", f"Expected at most {MAX_GROUPS:,} buckets of all groups together. {remedy}."


def filled(resource: Resource, grouping: Grouping, filter: Filter) -> tuple[date, ...]:
    """Return the first days of the buckets that are shown although no record is in them."""
    time = dated(resource)
    if not grouping.fill or time is None:
        return ()
    bounds = _bounds(time, filter)
    assert bounds is not None
    return tuple(_buckets_between(grouping, *bounds))


def top_of(grouping: Grouping) -> int:
    """Return the number of groups of a request that was checked; 0 if it groups by time alone."""
    return _top(grouping) if grouping.by else 0


def _top(grouping: Grouping) -> int:
    return grouping.top or TOP


def _bounds(time: Dated, filter: Filter) -> tuple[date, date] | None:
    """Return the bounds that a filter sets to the time; None unless it sets both. The second one is excluded."""
    first: list[date] = []
    last: list[date] = []
    for test in conjuncts(filter):
        if isinstance(test, Test) and test.column == time.name:
            if test.operator == "gte":
                first.append(test.value)
            elif test.operator == "lt":
                last.append(test.value)
    if not first or not last:
        return None
    return max(first), min(last)


def _buckets_between(grouping: Grouping, begin: date, end: date) -> Iterator[date]:
    if end <= begin:
        return
    if isinstance(begin, datetime) and isinstance(end, datetime):
        zone = ZoneInfo(grouping.time_zone or "UTC")
        begin_day, end_day = _local_day(begin, zone), _local_day(end - timedelta(microseconds=1), zone)
    else:
        begin_day, end_day = begin, end - DAY
    day = _first_day(begin_day, grouping.bucket)
    while day <= end_day:
        yield day
        following = next_bucket(day, grouping.bucket)
        if following is None:
            return
        day = following


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        # The last hours of the year 9999 are in the year 10000 east of Greenwich.
        return moment.astimezone(UTC).date()


def _first_day(day: date, bucket: str) -> date:
    if bucket == "week":
        return day - day.weekday() * DAY
    if bucket == "month":
        return day.replace(day=1)
    if bucket == "year":
        return day.replace(month=1, day=1)
    return day


def next_bucket(day: date, bucket: str) -> date | None:
    """Return the first day of the bucket after the one that begins on a day; None after the year 9999."""
    if date.max - day < LENGTHS[bucket] * DAY:
        return None
    return _first_day(day + LENGTHS[bucket] * DAY, bucket)
