"""The questions: for each one the requests of every contender that can answer it. Answers are brought into one form, so
that they can be compared before they are timed.

A question varies over some hundred requests, so that no contender can answer from a memory of the request before.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.bench.archive import HEAVY, KINDS, SEED, Sizes, Values, identifier
from tests.bench.client import get, post

VARIANTS = 200
# The positions of the questions in their list.
ONE, LIST, LINK, NESTED_EVENTS = range(4)
PAGE = 50
HOME = b"GET / HTTP/1.1\r\nhost: bench\r\naccept: text/html\r\n\r\n"
INSIDE = """{ nodes { id title kind startsAt citations { nodes { stance source { name kind } } }
    quotes { nodes { text speakerId } } figures { nodes { measure value valueText } } } } }"""
NESTED = "query Nested($briefing: ID!) { events(first: 20, filter: {briefingId: {in: [$briefing]}}) " + INSIDE
BY_IDS = "query ByIds($ids: [ID!]!) { events(first: 20, filter: {id: {in: $ids}}) " + INSIDE
POSTGRAPHILE = """query Nested($briefing: BriefingId!) {
  allEvents(first: 20, condition: {briefingId: $briefing}, orderBy: [STARTS_AT_DESC, ROW_ID_DESC]) { nodes {
    rowId title kind startsAt citationsByRecordId(first: 20) { nodes { stance sourceBySourceId { name kind } } }
    quotesByEventId(first: 10, orderBy: [SAID_AT_DESC, ROW_ID_DESC]) { nodes { text speakerId } }
    figuresByEventId(first: 10, orderBy: [AS_OF_DESC, ROW_ID_DESC]) { nodes { measure value valueText } } } } }"""
NAMES = {
    "rowId": "id",
    "allEvents": "events",
    "citationsByRecordId": "citations",
    "quotesByEventId": "quotes",
    "figuresByEventId": "figures",
    "sourceBySourceId": "source",
}
TERMS = ("kind", "stance", "measure")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.0+)?(?:Z|\+00:00)")


@dataclass(frozen=True)
class Question:
    """A question with its requests by contender, all in the same order."""

    name: str
    requests: dict[str, list[bytes]]


def rows(body: bytes) -> Any:
    """Return the rows of an answer, without the contender's spelling."""
    data = json.loads(body)["data"]
    return plain(data["events"] if isinstance(data, dict) and "events" in data else plain(data))


def plain(value: Any, key: str = "") -> Any:
    """Return a value in one spelling of names, sets, times, terms and numbers."""
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        if value.keys() <= {"nodes", "data", "has_more"}:
            return plain(value.get("nodes", value.get("data")))
        if value.keys() == {"allEvents"}:
            return plain(value["allEvents"])
        return {NAMES.get(name, name): plain(element, name) for name, element in value.items()}
    if key == "value" and value is not None:
        return float(value)
    if key in TERMS:
        return value.lower()
    if isinstance(value, str) and (time := TIME.fullmatch(value)):
        return f"{time[1]}Z"
    return value


def questions(events: int) -> list[Question]:
    """Return the questions, each for every contender that can answer it."""
    chance = random.Random(SEED)
    ids = [identifier("evt", chance.randrange(events)) for _ in range(VARIANTS)]
    briefings = [identifier("brf", chance.randrange(max(1, events // 30 - 1))) for _ in range(VARIANTS)]
    days = [f"20{10 + n % 15}-{1 + n % 12:02d}-{1 + n % 28:02d}T00:00:00Z" for n in range(VARIANTS)]
    common = [f"kind={KINDS[n % 3]}&starts_at_lt={day}&limit={PAGE}" for n, day in enumerate(days)]
    linked_filters = [f"country=UA&starts_at_lt={day}&limit={PAGE}" for day in days]
    return [
        _rest("one row by id", [f"/v1/events/{identifier}" for identifier in ids]),
        _rest("a list of 50 with a filter", [f"/v1/events?{query}" for query in common]),
        _rest("a list of 50, filter through a link", [f"/v1/events?{query}" for query in linked_filters]),
        Question(
            "20 events with sources, quotes and figures",
            {
                "service": [post("/v1/graphql", NESTED, {"briefing": briefing}) for briefing in briefings],
                "postgraphile": [post("/graphql", POSTGRAPHILE, {"briefing": briefing}) for briefing in briefings],
                "strawberry": [post("/v1/graphql", NESTED, {"briefing": briefing}) for briefing in briefings],
            },
        ),
    ]


def _rest(name: str, paths: list[str]) -> Question:
    return Question(name, {"service": _gets(paths), "fastapi": _gets(paths)})


def _gets(paths: Iterable[str]) -> list[bytes]:
    return [get(path) for path in paths]


def with_tag(request: bytes, tag: str) -> bytes:
    """Return the same request, from a client that has the answer already."""
    return request.replace(b"\r\n\r\n", b"\r\nif-none-match: " + tag.encode() + b"\r\n\r\n", 1)


def scaling_requests(events: int) -> dict[str, bytes]:
    """Return requests whose times must not grow with the store: lists, filters with a rare and with a common value,
    links."""
    paths = {
        "list": "",
        "kind, common": "&kind=attack",
        "kind, rare": "&kind=agreement",
        "country, common": "&country=UA",
        "country, rare": "&country=NR",
        "source, common": f"&source_id={identifier('src', 0)}",
        # In about ten events of a store of any size, like half of the sources.
        "source, rare": f"&source_id={identifier('src', Sizes(events).sources // 2)}",
        "briefing": f"&briefing_id={identifier('brf', 3)}",
        "figures.measure, common": "&figures.measure=killed",
        "since": "&starts_at_gte=2024-01-01T00:00:00Z",
        "disputed": "&disputed=true",
    }
    requests = {name: get(f"/v1/events?limit={PAGE}{more}") for name, more in paths.items()}
    requests["20 events with links"] = post("/v1/graphql", NESTED, {"briefing": identifier("brf", 3)})
    return requests


def searches(events: int) -> dict[str, bytes]:
    """Return searches for words that occur in 10, 1,000 and 100,000 records."""
    return {f"a word in {many}": get(f"/v1/events?q={word}") for word, many in Values(events).words.items()}


def counted() -> dict[str, tuple[bytes, float]]:
    """Return counts of all events, each with the milliseconds that it may take at a million: from a sample, and
    exactly."""
    paths = {
        "by kind": "by=kind",
        "by month": "bucket=month",
        "by country": "by=country",
        "by source": "by=citations.source_id",
    }
    requests = {}
    for name, query in paths.items():
        requests[f"{name}, sampled"] = (get(f"/v2/events/counts?{query}"), 150.0)
        requests[f"{name}, exact"] = (get(f"/v2/events/counts?{query}&quality=exact"), 2000.0)
    return requests


def heavy(events: int) -> tuple[bytes, bytes]:
    """Return a request for 20 events of which one has 20,000 figures, and one for 20 other events."""
    others = [identifier("evt", HEAVY + 1 + n) for n in range(20)]
    ask: Callable[[list[str]], bytes] = lambda ids: post("/v1/graphql", BY_IDS, {"ids": ids})  # noqa: E731
    return ask([identifier("evt", HEAVY), *others[1:]]), ask(others)
