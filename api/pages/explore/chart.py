"""A chart of figures: a picture for all figures that count the same, with a colour for each source.

The pictures are SVG that the server makes. They work without script, and need no library: one would have to be taught
what matters here, namely open bounds, disputed figures, and lines that break.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from api.catalog import Dimension, Resource, Version, dimensions, series_dimensions
from api.catalog.dimensions import SOURCE
from api.pages.explore.page_url import PageUrl
from api.pages.explore.parts import Parts, record_part
from api.pages.explore.plot import NumberAxis, Tick, day_ticks, number_axis, percent, text_anchor
from api.pages.explore.words import MEASURES, cut, humanize, name_licence, sentence, write_amount, write_day
from api.query import (
    AsOf,
    ColumnField,
    CountBucket,
    CountGroups,
    CountKey,
    CountLabel,
    CountNumber,
    CountQuery,
    Filter,
    Item,
    Object,
    Query,
    SeriesField,
    SeriesList,
    SeriesQuery,
)
from api.query.counts import MAX_TOP
from api.query.series import LAST, always_keys

# What the figures of a picture have in common beside their measure and their unit, and what sets its lines apart.
BY = ("source_id", "population", "place_id")
# The most lines of all pictures together, those of one picture, and the most points that a page has.
MAX_LINES = 60
MAX_COLOURS = 8
MAX_POINTS = 1_500
MAX_RIGHTS = 8
# Room at both ends of the days, as a share of the width, and the distance between points of several sources at one day.
MARGIN = 0.04
DODGE = 0.008
UNNAMED = "no source named"
# The share of the width that half of a figure's words take.
WORDS_ROOM = 0.35


@dataclass(frozen=True)
class Mark:
    """A figure in a picture: its place, the ends of its whisker, how its words stand to it, and whether it is open at
    one end."""

    x: str
    y: str
    low: str
    high: str
    anchor: str
    has_value: bool
    opens_up: bool
    opens_down: bool
    is_disputed: bool
    is_corrected: bool
    day: str
    words: str
    id: str


@dataclass(frozen=True)
class Segment:
    """A piece of a line between two marks."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class Line:
    """The figures of a source, with the number of its colour."""

    source: Parts
    colour: int
    marks: tuple[Mark, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Picture:
    """The figures that count the same, by source. `more` is the number of sources that have no line."""

    title: str
    unit: str
    place: Parts
    lines: tuple[Line, ...]
    numbers: NumberAxis
    days: tuple[Tick, ...]
    more: int

    @property
    def is_single(self) -> bool:
        """True if all figures are of one day."""
        return len(self.days) == 1

    @property
    def has_one_mark(self) -> bool:
        """True if there is a single figure, which has room for its words."""
        return sum(len(line.marks) for line in self.lines) == 1


@dataclass(frozen=True)
class Chart:
    """The pictures of a list, the one with most figures first, and whose data they show."""

    pictures: tuple[Picture, ...]
    more_series: int
    more_figures: int
    earlier: int
    undated: int
    total: int
    rights: tuple[tuple[Parts, str, str], ...]


def series_with_names(version: Version, resource: Resource, filter: Filter, as_of: AsOf | None, bucket: str) -> Query:
    """Return the Query of the series of a list of figures, with the names of their sources and places, and with the
    briefings that they are from."""
    known = series_dimensions(version, resource)
    by = (*always_keys(version, resource), *(known[name] for name in BY))
    key = Item("key", Object(tuple(Item(dimension.name, CountKey(dimension)) for dimension in by)))
    last = Item("last", Object(tuple(Item(part.key, SeriesField(part.value)) for part in LAST)))
    point = (Item("bucket", CountBucket()), last, Item("corrections", SeriesField("corrections")))
    series = (key, Item("basis", SeriesField("basis")), Item("points", SeriesList("points", point)))
    whole = ("rest_series", "rest_figures", "total", "undated")
    selection = (Item("data", SeriesList("series", series)), *(Item(name, SeriesField(name)) for name in whole))
    root = SeriesQuery(resource.name, by, selection, filter, bucket or "day", MAX_LINES, as_of)
    counted = dimensions(version, resource)
    sources = _labels(resource, counted["citations.source_id"], ("name", "description"), filter, as_of)
    places = _labels(resource, counted["place_id"], ("name",), filter, as_of)
    briefings = _labels(resource, counted["briefing_id"], ("title", "attribution", "licence"), filter, as_of)
    roots = (Item("series", root), Item("sources", sources), Item("places", places), Item("briefings", briefings))
    return Query(version.name, Object(roots))


def _labels(
    resource: Resource, dimension: Dimension, columns: tuple[str, ...], filter: Filter, as_of: AsOf | None
) -> CountQuery:
    """Return the Query of the records that figures link to: the ids with some of their columns."""
    label = CountLabel(dimension, tuple(Item(name, ColumnField(name)) for name in columns))
    group = (Item("id", CountKey(dimension)), Item("record", label), Item("count", CountNumber("count")))
    return CountQuery(
        resource.name, (dimension,), (Item("data", CountGroups(group)),), filter, top=MAX_TOP, exact=True, as_of=as_of
    )


def draw_chart(url: PageUrl, answer: dict[str, Any]) -> Chart:
    """Return the chart of an answer to the Query of `series_with_names`."""
    series = answer["series"]
    left_out = cut_points(series["data"])
    names: dict[str, dict[str, Any] | None] = {}
    for group in (*answer["sources"]["data"], *answer["places"]["data"]):
        if group["id"]:
            names[group["id"]] = group["record"]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for entry in series["data"]:
        key = {name: value for name, value in entry["key"].items() if name != SOURCE.name}
        groups.setdefault(tuple(key.values()), []).append(entry)
    rights = [_right(group) for group in answer["briefings"]["data"][:MAX_RIGHTS] if group["record"]]
    return Chart(
        pictures=tuple(_picture(entries, names) for entries in groups.values()),
        more_series=series["rest_series"],
        more_figures=series["rest_figures"],
        earlier=left_out,
        undated=series["undated"],
        total=series["total"],
        rights=tuple(rights),
    )


def cut_points(entries: list[dict[str, Any]]) -> int:
    """Keep the newest points of each series, so that a page has a bounded number of them. Return how many were cut."""
    most = max(MAX_POINTS // max(len(entries), 1), 1)
    left_out = 0
    for entry in entries:
        left_out += max(len(entry["points"]) - most, 0)
        entry["points"] = entry["points"][-most:]
    return left_out


def _right(group: dict[str, Any]) -> tuple[Parts, str, str]:
    briefing = group["record"]
    title = record_part("briefings", briefing, group["id"], cut(briefing["title"]))
    return title, briefing["attribution"] or "", sentence(name_licence(briefing["licence"]))


def _picture(entries: list[dict[str, Any]], names: dict[str, dict[str, Any] | None]) -> Picture:
    key = entries[0]["key"]
    shown = entries[:MAX_COLOURS]
    points: list[dict[str, Any]] = []
    numbers: list[float] = []
    for entry in shown:
        for point in entry["points"]:
            points.append(point)
            numbers += _numbers(point["last"])
    # Room above the highest mark. If all are below zero, the axis ends at zero.
    axis = number_axis(min(numbers, default=0), max(max(numbers, default=1) * 1.08, 0))
    days = sorted({date.fromisoformat(point["last"]["as_of"]) for point in points})
    scale = _DayScale(days[0], days[-1])
    lines = []
    for number, entry in enumerate(shown):
        # Points of several sources at one day stand side by side.
        shift = DODGE * (number - (len(shown) - 1) / 2)
        lines.append(_line(entry, number + 1, axis, replace(scale, shift=shift), names, key["unit"]))
    place = key["place_id"]
    where = names.get(place)
    return Picture(
        title=_title(key),
        unit="" if key["unit"] in ("persons", "items") else key["unit"],
        place=record_part("places", where, place, where["name"]) if where else (),
        lines=tuple(lines),
        numbers=axis,
        days=day_ticks([(scale.share(day), day) for day in days], "day"),
        more=len(entries) - len(shown),
    )


@dataclass(frozen=True)
class _DayScale:
    """Places of days between the first and the last one."""

    first: date
    last: date
    shift: float = 0.0

    def share(self, day: date) -> float:
        span = (self.last - self.first).days
        inner = (day - self.first).days / span if span else 0.5
        return MARGIN + (1 - 2 * MARGIN) * inner + self.shift


def _title(key: dict[str, Any]) -> str:
    """Return what the figures of a picture count: "civilians: killed"."""
    measure = MEASURES.get(key["measure"], "") or humanize(key["measure"])
    population = key["population"]
    if not population:
        return sentence(measure)
    if measure.partition(" ")[0] in population:
        return sentence(population)
    return sentence(f"{population}: {humanize(key['measure'])}")


def _line(
    entry: dict[str, Any],
    colour: int,
    axis: NumberAxis,
    scale: _DayScale,
    names: dict[str, dict[str, Any] | None],
    unit: str,
) -> Line:
    source = entry["key"][SOURCE.name]
    record = names.get(source)
    label = UNNAMED
    if record:
        label = record["name"] or record["description"] or "an unnamed source"
    elif source and source not in names:
        # The names of so many sources are not read.
        record, label = {}, source
    marks = tuple(_mark(point, axis, scale, unit) for point in entry["points"])
    # A source that was withdrawn has no name.
    parts = record_part("sources", record, source, cut(label, 80)) if source else ()
    return Line(parts, colour, marks, tuple(_segments(entry, marks)))


def _numbers(last: dict[str, Any]) -> Iterator[float]:
    for name in ("value", "low", "high"):
        if last[name] is not None:
            yield last[name]


def _mark(point: dict[str, Any], axis: NumberAxis, scale: _DayScale, unit: str) -> Mark:
    last = point["last"]
    value, low, high = last["value"], last["low"], last["high"]
    middle = value if value is not None else low if low is not None else high
    day = date.fromisoformat(last["as_of"])
    has_bounds = low is not None or high is not None
    amount = {**last, "unit": unit, "text": None, "decimals": None}
    if last["quantifier"] != "between":
        amount["low"] = low if value is None else None
        amount["high"] = high if value is None else None
    return Mark(
        x=percent(scale.share(day)),
        y=axis.place(middle or 0),
        low=axis.place(low if low is not None else middle or 0),
        high=axis.place(high if high is not None else middle or 0),
        anchor=text_anchor(scale.share(day), WORDS_ROOM),
        has_value=value is not None,
        opens_up=has_bounds and high is None,
        opens_down=has_bounds and low is None,
        is_disputed=last["disputed"],
        is_corrected=point["corrections"] > 0,
        day=write_day(day),
        words=sentence(write_amount(amount)),
        id=last["id"],
    )


def _segments(entry: dict[str, Any], marks: tuple[Mark, ...]) -> Iterator[Segment]:
    """Yield the pieces of a line. There is none over a break: where a figure has no single number, where a source
    corrected what it said before, and in series of periods or of several kinds of counts, whose figures do not go on
    from one to the next."""
    if entry["basis"] not in ("cumulative", "stock"):
        return
    for before, after in pairwise(marks):
        if before.has_value and after.has_value and not after.is_corrected:
            yield Segment(before.x, before.y, after.x, after.y)
