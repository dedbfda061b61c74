"""The home page: what the service holds, its latest events, an event that sources disagree about, and links to begin
with. It needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import orjson

from api.catalog import Resource, Version
from api.compiler import compile_query
from api.compiler.summary import MAX_EVENTS, summary, with_records
from api.errors import Unavailable
from api.http.assets import HTML
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, plain_tags, respond, unchanged
from api.middleware.authentication import Authentication
from api.pages.explore.columns import day_part, open_status_part, place_parts, source_label
from api.pages.explore.page_url import write_query
from api.pages.explore.parts import Part, Parts, RecordLink, Text, dispute_part, open_dispute_part, record_part
from api.pages.explore.place_map import MappedPlace, count_of, have, map_place
from api.pages.explore.stances import StanceGroup, agreement, stance_groups
from api.pages.explore.words import (
    cut,
    humanize,
    name_licence,
    read_moment,
    sentence,
    write_day,
    write_figure,
    write_time,
)
from api.pages.origin import VARY, find_origin
from api.pages.templating import GUARDED, Templates
from api.query import (
    EVERYTHING,
    ColumnField,
    Filter,
    Item,
    ListQuery,
    Nodes,
    Object,
    Page,
    Query,
    Selection,
    price,
    read_sort,
)
from api.query.filters import test_of_condition
from api.rest.include import Tree, record_selection
from api.service import PreparedQuery, Service

# Points for the numbers: the statement counts a sample of each list, and the newest events by day.
NUMBERS = 20
LATEST = 6
# Records of a linked list that a card shows, and citations of the disputed event.
OF_A_CARD = 1
OF_A_DISPUTE = 12
DAYS = 60
LEAST_DAYS = 20
# The size of the bars, in units of the picture.
BAR, GAP, HEIGHT = 8, 2, 80


@dataclass(frozen=True)
class Card:
    """An event among the latest: its parts, and who says so. `badges` say if it did not occur or is disputed."""

    title: Part
    when: str
    place: Parts
    figure: Parts
    badges: Parts
    source: Parts


@dataclass(frozen=True)
class Bar:
    """A day of the picture: where its bar stands, its height, that of the disputed part, and what it says."""

    x: int
    y: float
    height: float
    disputed: float
    text: str


@dataclass(frozen=True)
class DayChart:
    """Events by the day on which they began. `coarser` and `undated` say how many of the newest events have no day."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    first: str
    last: str
    number: int
    coarser: str
    undated: str
    query: str


class Home:
    """The page of the newest version. Its statement is charged like other answers, and kept until the data changes."""

    def __init__(
        self, service: Service, authentication: Authentication, versions: Sequence[Version], templates: Templates
    ) -> None:
        self._service = service
        self._authentication = authentication
        self._versions = versions
        self._templates = templates
        self._query = home_query(service, versions[-1])

    async def answer(self, request: HttpRequest) -> BytesResponse:
        """Return the page; 304 if the browser has it, 503 without numbers if the store does not answer."""
        origin = find_origin(request, self._service.settings.public_url, self._authentication.proxies)
        response = await self._answer(request, origin)
        response.headers.append(VARY)
        return response

    async def _answer(self, request: HttpRequest, origin: str) -> BytesResponse:
        # The tag depends on the origin too, because the page shows its own address.
        served = " ".join(version.name for version in self._versions)
        identity = b"\0".join((request.target, HTML, origin.encode(), self._templates.digest, served.encode()))
        try:
            caller = await self._authentication.admit(request)
            not_modified = unchanged(request, partial(self._service.is_current, request.context, identity))
            if not_modified is not None:
                return not_modified
            self._service.check(self._query.cost, caller)
            outcome = await self._service.execute(self._query, request.context, identity, plain_tags(request))
        except Unavailable as error:
            return self._without_numbers(request, origin, error)
        page = self._render(request, origin, orjson.loads(outcome.reply.body))
        return await respond(request, CachedBody(page), GUARDED, HTML, outcome.tag)

    def _without_numbers(self, request: HttpRequest, origin: str, error: Unavailable) -> BytesResponse:
        response = BytesResponse(self._render(request, origin, None), HTML, 503)
        retry_after = str(error.retry_after).encode()
        response.headers += [*GUARDED, (b"retry-after", retry_after), (b"cache-control", b"no-store")]
        return response

    def _render(self, request: HttpRequest, origin: str, answer: dict[str, Any] | None) -> bytes:
        """Return the page with this answer of the store; without numbers and records if it is None."""
        version = self._versions[-1]
        values: dict[str, Any] = {"counts": [], "cards": [], "rights": [], "timeline": None, "disputed": None}
        values |= {"places": [], "briefing": None}
        if answer is not None:
            event, numbers, records = version["event"], answer["numbers"], answer["records"]
            places, number = _map_places(numbers["places"]), numbers["newest"]["events"]
            placed = sum(place.number for place in places)
            rights = [_describe_right(right) for right in numbers["rights"]]
            cards = [_describe_card(event, latest) for latest in records["latest"]["data"]]
            values = {
                "counts": _read_counts(version, numbers["counts"]),
                "changed_at": read_moment(numbers["changed_at"]) if numbers["changed_at"] else None,
                "rights": rights,
                "timeline": _draw_days(event, numbers["days"], numbers["newest"]),
                "places": places,
                "unplaced": have(event, number - placed),
                "which_events": f"{'all' if number < MAX_EVENTS else 'the newest'} {count_of(event, number)}",
                "briefing": _describe_briefing(records["briefing"]["data"]),
                "cards": cards,
                "disputed": _describe_dispute(version, records["disputed"]["data"]),
            }
        return self._templates.render(
            "home.html",
            request,
            "home",
            known=answer is not None,
            origin=origin,
            versions=self._versions[::-1],
            **values,
        )


def home_query(service: Service, version: Version) -> PreparedQuery:
    """Return the one statement of the page with its price."""
    query = records_query(version)
    return service.fixed(NUMBERS + price(query), with_records(summary(version, NUMBERS), compile_query(query)))


def records_query(version: Version) -> Query:
    """Return the Query of the records on the page: the newest briefing, the latest events, and the latest one that is
    disputed."""
    event = version["event"]
    is_disputed = test_of_condition(version.conditions["event"]["disputed", "is"], True)
    tree: Tree = {"figures": {}, "citations": {"source": {}}}
    card = _shrink(record_selection(version, event, tree), OF_A_CARD)
    dispute_tree: Tree = {"citations": {"source": {}, "blames": {}}}
    dispute = _shrink(record_selection(version, event, dispute_tree), OF_A_DISPUTE)
    briefing = tuple(Item(name, ColumnField(name)) for name in ("id", "title", "published_at"))
    roots = (
        Item("briefing", _newest(version["briefing"], "-published_at", 1, briefing)),
        Item("latest", _newest(event, event.sort, LATEST, card)),
        Item("disputed", _newest(event, event.sort, 1, dispute, is_disputed)),
    )
    return Query(version.name, Object(roots))


def _newest(resource: Resource, order: str, size: int, selection: Selection, filter: Filter = EVERYTHING) -> ListQuery:
    """Return the Query of the first records of a list in an order."""
    sort = read_sort(resource, order)
    assert sort is not None
    return ListQuery(resource.name, Page(size), sort, (Item("data", Nodes(selection)),), filter)


def _shrink(selection: Selection, size: int) -> Selection:
    """Return a selection with at most so many records of each link to many. Participants and relations are left out."""
    items = []
    for item in selection:
        if item.key in ("participants", "related"):
            continue
        value = item.value
        if isinstance(value, ListQuery):
            value = replace(value, page=Page(size))
        items.append(Item(item.key, value))
    return tuple(items)


def _read_counts(version: Version, counts: dict[str, list[Any]]) -> list[tuple[str, str, str]]:
    """Return for each resource its list, its number of records and what it is called: events, about 1,200, events."""
    entries = []
    for resource in version.resources.values():
        number, estimated = counts[resource.name]
        name = resource.name if number == 1 else resource.plural
        entries.append((resource.plural, f"{number:,}", f"about {name}" if estimated else name))
    return entries


def _describe_right(right: dict[str, str | None]) -> tuple[str, str]:
    licence = right["licence"]
    credit = right["attribution"] or "No attribution is stated."
    return credit, name_licence(licence)


def _describe_briefing(briefings: list[dict[str, Any]]) -> tuple[Part, Parts] | None:
    """Return the newest briefing: its link, and the day on which it was published."""
    if not briefings:
        return None
    briefing = briefings[0]
    return RecordLink(briefing["title"], "briefings", briefing["id"]), day_part(briefing["published_at"])


def _describe_card(resource: Resource, event: dict[str, Any]) -> Card:
    figures = event["figures"]["data"]
    figure: Parts = ()
    if figures:
        figure = (RecordLink(sentence(write_figure(figures[0])), "figures", figures[0]["id"]),)
    source: Parts = ()
    for citation in event["citations"]["data"][:1]:
        label = cut(source_label(citation["source"]), 80)
        says = Text(humanize(citation["stance"]), soft=True)
        source = (*record_part("sources", citation["source"], citation["source_id"], label), says)
    return Card(
        title=RecordLink(event["title"], "events", event["id"]),
        when=sentence(write_time(event["time"])),
        place=place_parts(event),
        figure=figure,
        badges=open_status_part(resource, event) + open_dispute_part(event),
        source=source,
    )


def _describe_dispute(
    version: Version, events: list[dict[str, Any]]
) -> tuple[RecordLink, str, Parts, Parts, tuple[StanceGroup, ...]] | None:
    """Return the event that sources disagree about: its link, its summary, its badge, how far sources agree, and who
    says what."""
    if not events:
        return None
    event = events[0]
    link = RecordLink(event["title"], "events", event["id"])
    return (
        link,
        event["summary"] or "",
        dispute_part(event),
        agreement(version["event"], event),
        stance_groups(version, event),
    )


def _map_places(places: list[dict[str, Any]]) -> list[MappedPlace]:
    """Return the places of the newest events, those without coordinates left out."""
    mapped = []
    for place in places:
        query = write_query([("place_id", place["id"])])
        mapped_place = map_place(place["id"], place, place["events"], query)
        if mapped_place is not None:
            mapped.append(mapped_place)
    return mapped


def _draw_days(event: Resource, days: list[tuple[str, int, int]], newest: dict[str, int]) -> DayChart | None:
    """Return the bars of the last days up to that of the newest event; None if no event has a day."""
    if not days:
        return None
    numbers = {date.fromisoformat(day): (events, disputed) for day, events, disputed in days}
    last = max(numbers)
    first = max(min(numbers), last - timedelta(days=DAYS - 1))
    # The axis has room for this many bars at least, and its ends are days.
    first = min(first, last - timedelta(days=LEAST_DAYS - 1))
    shown = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    highest = max(numbers.get(day, (0, 0))[0] for day in shown)
    bars = []
    for place, day in enumerate(shown):
        events, disputed = numbers.get(day, (0, 0))
        if events:
            height = max(2.0, round(HEIGHT * events / highest, 1))
            words = f"{write_day(day)}: {count_of(event, events)}"
            if disputed:
                words += f", {disputed:,} disputed"
            part = round(height * disputed / events, 1)
            bars.append(Bar(place * (BAR + GAP), HEIGHT - height, height, part, words))
    number = sum(numbers[day][0] for day in shown if day in numbers)
    query = f"?starts_at_gte={first}&starts_at_lt={last + timedelta(days=1)}"
    width = len(shown) * (BAR + GAP) - GAP
    return DayChart(
        bars=tuple(bars),
        width=width,
        height=HEIGHT,
        first=write_day(first),
        last=write_day(last),
        number=number,
        coarser=have(event, newest["coarser"]),
        undated=have(event, newest["undated"]),
        query=query,
    )
