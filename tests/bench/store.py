"""A store of several pages: the sample, and a generated briefing of 600 events with figures, quotes and citations."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KINDS = ("shelling", "air_strike", "clash", "attack", "evacuation", "meeting")
WORDS = (
    *("river", "bridge", "convoy", "hospital", "district", "talks", "column", "depot"),
    *("village", "school", "power", "station", "corridor", "bus", "market"),
)


def briefing(events: int = 600, seed: int = 6) -> dict[str, Any]:
    """Return a load document. The same seed gives the same document."""
    chance = random.Random(seed)
    sources = [
        {"key": f"s{n}", "name": f"Source {n}", "kind": chance.choice(("person", "outlet", "military"))}
        for n in range(60)
    ]
    places = [
        {"key": f"p{n}", "name": f"Place {n}", "country": "UA", "latitude": 45 + n % 7, "longitude": 23 + n % 16}
        for n in range(80)
    ]
    return {
        "format": "briefing/1",
        "dataset": "bench",
        "briefing": {"key": "bench", "title": "Bench", "language": "en", "published_at": "2022-03-06T00:00:00Z"},
        "sources": sources,
        "documents": [
            {"key": f"d{n}", "kind": "article", "publisher": f"s{n}", "title": f"Document {n}"} for n in range(20)
        ],
        "places": places,
        "events": [_event(chance, n, events) for n in range(events)],
        "figures": [_figure(chance, n, events) for n in range(events * 2)],
        "quotes": [_quote(chance, n, events) for n in range(events * 2)],
    }


def lines(events: int, seed: int = 6) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file in the load format: as many events, twice as many figures, and twice as many quotes."""
    chance, base = random.Random(seed), briefing(0)
    records_of = {"source": base["sources"], "place": base["places"], "document": base["documents"]}
    records_of["briefing"] = [base["briefing"]]
    for resource, records in records_of.items():
        yield from ({"resource": resource, "dataset": base["dataset"], **record} for record in records)
    belonging = {"dataset": base["dataset"], "briefing": base["briefing"]["key"]}
    for resource, make, times in (("event", _event, 1), ("figure", _figure, 2), ("quote", _quote, 2)):
        for n in range(events * times):
            yield {"resource": resource, **belonging, **make(chance, n, events)}


def write(folder: Path) -> Path:
    """Write the document to a file."""
    path = folder / "bench.json"
    path.write_text(json.dumps(briefing()), encoding="utf-8")
    return path


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(words)).capitalize()


def _citations(chance: random.Random, most: int) -> list[dict[str, Any]]:
    return [
        {"source": f"s{chance.randrange(60)}", "document": f"d{chance.randrange(20)}", "statement": _text(chance, 12)}
        for _ in range(chance.randint(1, most))
    ]


def _event(chance: random.Random, n: int, _: int) -> dict[str, Any]:
    day = f"2022-{1 + n % 12:02d}-{1 + n % 28:02d}T00:00:00Z"
    return {
        "key": f"e{n}",
        "kind": chance.choice(KINDS),
        "title": _text(chance, 6),
        "summary": _text(chance, 30),
        "starts_at": day,
        "time_precision": "day",
        "status": "occurred",
        "place": f"p{chance.randrange(80)}",
        "tags": [chance.choice(WORDS)],
        "participants": [{"name": "Somebody", "role": "initiator", "source": f"s{chance.randrange(60)}"}],
        "citations": _citations(chance, 4),
    }


def _figure(chance: random.Random, n: int, events: int) -> dict[str, Any]:
    return {
        "key": f"f{n}",
        "event": f"e{chance.randrange(events)}",
        "measure": "killed",
        "population": "civilians",
        "value": chance.randrange(500),
        "unit": "persons",
        "as_of": "2022-03-06",
        "citations": _citations(chance, 2),
    }


def _quote(chance: random.Random, n: int, events: int) -> dict[str, Any]:
    return {
        "key": f"q{n}",
        "event": f"e{chance.randrange(events)}",
        "text": _text(chance, 20),
        "quote_type": "direct",
        "speaker": f"s{chance.randrange(60)}",
        "said_at": "2022-03-06T00:00:00Z",
        "time_precision": "day",
        "citations": _citations(chance, 2),
    }
