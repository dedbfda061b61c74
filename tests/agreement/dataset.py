"""A small store made to be awkward: ties and nulls in every sort key, skew, withdrawn records and links to them,
letters of many scripts, quotes and backslashes, places at the poles and on the antimeridian.

The same seed makes the same rows. They bypass the loader, which has tests of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg

from api.store.collation import sort_key

Row = dict[str, Any]
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
BEGUN = datetime(2022, 2, 24, tzinfo=UTC)
NAMES = [
    "Mariupol",
    "mariupol",
    "Zürich",
    "Zurich",
    "Łódź",
    "Київ",
    "東京",
    "القاهرة",
    'The "Gate"',
    "O'Hara's",
    "back\\slash",
    "Ötztal",
    "comma, inc",
    "😀 emoji 👩‍👩‍👧",
    "e\u0301 combined",
    "100%_$1 {}",
]
WORDS = [
    "corridor",
    "evacuation",
    "shelling",
    "humanitarian",
    "évacué",
    "running",
    "city",
    "réfugiés",
    "бої",
    "soldiers",
    "said",
    "tab\there",
    "line\nbreak",
    "quote'd",
    'double"d',
    "back\\slash",
    "\u2028",
    "🔥",
    "</script>",
    "%s",
    "$1",
]
TAGS = ["humanitarian-corridor", "aid", "a,b", "énergie", "x y", "Aid", "nuclear"]
COUNTRIES = ["UA", "UA", "UA", "RU", "PL", "FJ", "AQ"]
POINTS = [
    (90.0, 0.0),
    (-90.0, 12.5),
    (89.99, -170.0),
    (89.5, 10.0),
    (-89.7, -100.25),
    (0.1 + 0.2, 180.0),
    (-17.5, -180.0),
    (-17.7, 179.999999),
    (-18.1, -179.75),
    (1e-7, -0.0),
    (47.0971, 37.5434),
    (47.0971, 37.5434),
    (50.4501, 30.5234),
    (49.9935, 36.2304),
    (46.4825, 30.7233),
    (48.0, 37.8),
]
VALUES = ["0", "1", "1.50", "364", "364", "364", "-2", "0.000001", "999999999999999.999999", "1000000", "12.3456"]


@dataclass
class Dataset:
    """The rows of each table, as they are written to the store."""

    random: Random
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def ids(self, table: str) -> list[str]:
        """Return the ids of a table's records, including withdrawn ones."""
        return [row["id"] for row in self.tables[table]]

    def withdrawn(self, table: str) -> list[str]:
        """Return the ids of the withdrawn records."""
        return [row["id"] for row in self.tables[table] if row["withdrawn"]]


def make(seed: int = 20220306) -> Dataset:
    """Make the rows from a seed."""
    dataset = Dataset(Random(seed))
    for table, prefix, count, maker in (
        ("source", "src", 45, _source),
        ("document", "doc", 30, _document),
        ("place", "plc", 40, _place),
        ("briefing", "brf", 7, _briefing),
        ("event", "evt", 260, _event),
        ("figure", "fig", 320, _figure),
        ("quote", "quo", 220, _quote),
    ):
        dataset.tables[table] = []
        for place in range(count):
            common = _common(dataset, prefix, place)
            dataset.tables[table].append(common | maker(dataset, place))
    for row in dataset.tables["source"]:
        row["affiliation_id"] = _maybe(dataset, dataset.ids("source"), 0.5)
    _children(dataset)
    return dataset


async def write(connection: asyncpg.Connection[Any], dataset: Dataset) -> None:
    """Write all rows in one transaction, because links are checked at its end."""
    async with connection.transaction():
        for table, rows in dataset.tables.items():
            await insert(connection, table, rows)
    await connection.execute("analyze")


# The stances that make records disputed, used in turn.
STANCES = [["blames"], ["denies"], ["blames", "disputes", "retracts"]]


def written_key(name: str | None) -> str | None:
    """Return the collation key of a name, in the form in which Postgres reads bytes."""
    return None if name is None else f"\\x{sort_key(name).hex()}"


async def insert(connection: asyncpg.Connection[Any], table: str, rows: list[Row]) -> None:
    """Write some rows of a table. Each has the same columns."""
    if "disputed" in rows[0]:
        rows = [row | {"dispute_stances": STANCES[at % 3] if row["disputed"] else []} for at, row in enumerate(rows)]
    if table in ("source", "place"):
        rows = [row | {"name_key": written_key(row["name"])} for row in rows]
    rows = [row | {"since": None if row.get("withdrawn") else 1} for row in rows]
    columns = ", ".join(rows[0])
    await connection.execute(
        f"insert into store.{table} ({columns})"
        f" select {columns} from jsonb_populate_recordset(null::store.{table}, $1::jsonb)",
        json.dumps(rows),
    )


def identifier(random: Random, prefix: str) -> str:
    """Return a public id."""
    return f"{prefix}_{''.join(random.choices(LETTERS, k=26))}"


def _common(dataset: Dataset, prefix: str, place: int) -> Row:
    random = dataset.random
    created_at = BEGUN + timedelta(seconds=random.randrange(9), microseconds=random.choice([0, 0, 100000, 123450, 1]))
    # The skew is on the first three records, so they are never withdrawn.
    withdrawn = place > 2 and random.random() < 0.06
    return {
        "id": identifier(random, prefix),
        "revision": random.randint(1, 3),
        "created_at": created_at.isoformat(),
        "updated_at": (created_at + timedelta(seconds=random.randrange(3))).isoformat(),
        "digest": "\\x00",
        "withdrawn": 'Published in "error"; see \\ 訂正' if withdrawn else None,
    }


def _maybe(dataset: Dataset, values: list[Any], share: float = 0.6) -> Any:
    return dataset.random.choice(values) if dataset.random.random() < share else None


def _text(dataset: Dataset) -> str:
    return " ".join(dataset.random.choices(WORDS, k=dataset.random.randint(1, 8)))


def _line(dataset: Dataset, share: float = 0.5) -> str | None:
    return f"{dataset.random.choice(NAMES)} {_text(dataset)}" if dataset.random.random() < share else None


def _moment(dataset: Dataset, share: float = 0.8) -> str | None:
    random = dataset.random
    if random.random() > share:
        return None
    moment = BEGUN + timedelta(days=random.randrange(6), microseconds=random.choice([0, 0, 0, 500000, 123456]))
    return moment.isoformat()


def _identifiers(dataset: Dataset) -> list[Row]:
    pairs = [("wikidata", "Q1"), ("wikidata", "Q1065"), ("ucdp", "36210"), ("handle", "a:b,c")]
    return [
        {"value": value, "scheme": scheme}
        for scheme, value in dataset.random.sample(pairs, dataset.random.randrange(3))
    ]


def _subjects(place: int) -> list[Row]:
    """Return subjects that depend on the number of the record alone, so that all other values stay as they were."""
    pairs = [("medtop", "16000000", 'conflict, "war" and peace'), ("medtop", "11000000", None), ("a", "b:c,d", "Ünïté")]
    return [
        {"code": code, "scheme": scheme} | ({} if label is None else {"label": label})
        for scheme, code, label in pairs[place % 3 :][: place % 4]
    ]


def _source(dataset: Dataset, place: int) -> Row:
    random = dataset.random
    return {
        "name": random.choice(NAMES) if place % 4 else None,
        "description": _line(dataset, 1.0 if place % 4 == 0 else 0.3),
        "aliases": random.sample(NAMES, random.randrange(3)),
        "kind": random.choice(["person"] * 6 + ["government", "military", "news_agency", "de_facto_authority"]),
        "role": _line(dataset, 0.3),
        "country": _maybe(dataset, COUNTRIES),
        "url": _maybe(dataset, ["https://example.org/a?b=c&d='e'", "http://example.com/ü"], 0.4),
        "identifiers": _identifiers(dataset),
        "reliability": random.choice(["f", "f", "f", "a", "b"]),
    }


def _document(dataset: Dataset, place: int) -> Row:
    return {
        "publisher_id": _maybe(dataset, dataset.ids("source"), 0.7),
        "url": _maybe(dataset, ["https://example.org/1", "https://example.org/2"], 0.5),
        "title": _line(dataset),
        "kind": dataset.random.choice(["article", "post", "live_blog"]),
        "language": _maybe(dataset, ["en", "uk", "fr", "pt-BR"]),
        "published_at": _moment(dataset),
        "retrieved_at": _moment(dataset, 0.4),
    }


def _place(dataset: Dataset, place: int) -> Row:
    latitude, longitude = POINTS[place] if place < len(POINTS) else dataset.random.choice([*POINTS, (None, None)])
    return {
        "name": dataset.random.choice(NAMES),
        "name_as_reported": _line(dataset, 0.3),
        "country": _maybe(dataset, COUNTRIES, 0.8),
        "admin1": _maybe(dataset, ["Donetsk Oblast", "Kyiv, city", "Ölands"], 0.5),
        "latitude": latitude,
        "longitude": longitude,
        "geo_precision": dataset.random.choice(["exact", "near", "unknown"]),
        "identifiers": _identifiers(dataset),
    }


def _briefing(dataset: Dataset, place: int) -> Row:
    published_at = BEGUN + timedelta(days=dataset.random.randrange(3))
    return {
        "title": f"{dataset.random.choice(NAMES)} {_text(dataset)}",
        "summary": _maybe(dataset, [_text(dataset)]),
        "language": dataset.random.choice(["en", "fr"]),
        "publisher_id": _maybe(dataset, dataset.ids("source")),
        "url": _maybe(dataset, ["https://example.org/briefing"]),
        "published_at": published_at.isoformat(),
        "modified_at": _maybe(dataset, [(published_at + timedelta(hours=1)).isoformat()]),
        "licence": _maybe(dataset, ["CC-BY-4.0"]),
        "attribution": _maybe(dataset, ['© "Example"']),
        "subjects": _subjects(place),
    }


def _event(dataset: Dataset, place: int) -> Row:
    random = dataset.random
    starts = _moment(dataset)
    ends = BEGUN + timedelta(days=random.choice([7, 7, 8]))
    return {
        "briefing_id": _maybe(dataset, dataset.ids("briefing"), 0.8),
        "kind": random.choice(["shelling"] * 12 + ["air_strike", "phone_call", "evacuation", "other"]),
        "title": f"{random.choice(NAMES)} {_text(dataset)}",
        "summary": _maybe(dataset, [_text(dataset)]),
        "starts_at": starts,
        "ends_at": _maybe(dataset, [ends.isoformat()]),
        "time_precision": random.choice(["day", "hour", "minute"]) if starts else "unknown",
        "time_text": _line(dataset, 0.2),
        "status": random.choice(["occurred"] * 5 + ["planned", "failed"]),
        "place_id": _maybe(dataset, dataset.ids("place"), 0.8),
        "tags": random.sample(TAGS, random.randrange(4)),
        "language": random.choice(["en", "en", "fr", "uk"]),
        "identifiers": _identifiers(dataset),
        "subjects": _subjects(place),
        "disputed": random.random() < 0.2,
    }


def _figure(dataset: Dataset, place: int) -> Row:
    random = dataset.random
    shape = random.choice(["value", "value", "bounds", "magnitude", "between"])
    low, high = sorted(random.sample([0, 5, 200, 364, 999, 12.5], 2))
    value = random.choice(VALUES) if shape == "value" else low if shape == "between" else None
    bound = {"value": (None, None), "bounds": (low, None)}.get(shape, (low, high))
    # A third of the figures belong to the first event.
    event = dataset.ids("event")[0] if place % 3 == 0 else _maybe(dataset, dataset.ids("event"), 0.7)
    return {
        "briefing_id": _maybe(dataset, dataset.ids("briefing"), 0.8),
        "event_id": event,
        "place_id": _maybe(dataset, dataset.ids("place"), 0.6),
        "measure": random.choice(["killed"] * 5 + ["injured", "displaced", "money"]),
        "population": _maybe(dataset, ["civilians", "cruise missiles", 'so-called "volunteers"', "дітей"]),
        "value": value,
        "value_low": bound[0],
        "value_high": bound[1],
        "quantifier": shape if shape in ("magnitude", "between") else random.choice(["exact", "at_least"]),
        "value_text": _line(dataset, 0.5),
        "bounds_basis": None if shape == "value" else random.choice(["stated", "wording"]),
        "unit": random.choice(["persons", "persons", "items", "%", "EUR"]),
        "as_of": _maybe(dataset, ["2022-03-01", "2022-03-05", "2022-03-06", "1000-01-01", "9998-12-31"], 0.8),
        "period_start": _maybe(dataset, ["2022-02-24"], 0.3),
        "period_end": _maybe(dataset, ["2022-03-05"], 0.3),
        "basis": _maybe(dataset, ["stock", "flow", "cumulative"]),
        "status": random.choice(["reported", "claimed", "verified"]),
        "series": _maybe(dataset, ["ohchr-civilians-killed", "ohchr,injured"], 0.4),
        "caveat": _maybe(dataset, [_text(dataset)], 0.4),
        "disputed": random.random() < 0.2,
    }


def _quote(dataset: Dataset, place: int) -> Row:
    random = dataset.random
    said_at = _moment(dataset)
    original = _maybe(dataset, ["Ми не здамося 🔥", "« Nous restons »"], 0.4)
    return {
        "briefing_id": _maybe(dataset, dataset.ids("briefing"), 0.8),
        "event_id": _maybe(dataset, dataset.ids("event"), 0.6),
        "text": _text(dataset),
        "context": _maybe(dataset, [_text(dataset)], 0.4),
        "utterance": _maybe(dataset, ["u-1", "u-2", "u,3"], 0.4),
        "certainty": _maybe(dataset, ["stated", "likely", "unlikely"], 0.5),
        "certainty_text": _line(dataset, 0.2),
        "language": random.choice(["en", "en", "fr"]),
        "text_original": original,
        "language_original": random.choice(["uk", "fr"]) if original else _maybe(dataset, ["ru"], 0.2),
        "quote_type": random.choice(["direct", "direct", "partial", "indirect"]),
        "speaker_id": random.choice(dataset.ids("source")),
        "speaker_role": _line(dataset, 0.2),
        "cue": _maybe(dataset, ["said", "tweeted", "denied"]),
        "medium": _maybe(dataset, ["x_twitter", "telegram", "statement"]),
        "venue": _line(dataset, 0.2),
        "addressee_id": _maybe(dataset, dataset.ids("source"), 0.4),
        "said_at": said_at,
        "time_precision": random.choice(["day", "minute"]) if said_at else "unknown",
        "subjects": _subjects(place),
        "disputed": random.random() < 0.2,
    }


def _children(dataset: Dataset) -> None:
    random = dataset.random
    citations: list[Row] = []
    for table in ("event", "figure", "quote"):
        for place, record in enumerate(dataset.ids(table)):
            count = 60 if (table, place) == ("event", 0) else 21 if place == 1 else random.choice([0, 1, 1, 2, 4])
            citations += [_citation(dataset, record, position) for position in range(count)]
    participants = [
        _participant(dataset, event, position)
        for place, event in enumerate(dataset.ids("event"))
        for position in range(20 if place == 0 else random.choice([0, 0, 1, 3]))
    ]
    relations = [
        _relation(dataset, event, position)
        for event in dataset.ids("event")
        for position in range(random.choice([0, 0, 1, 2]))
    ]
    dataset.tables |= {"citation": citations, "participant": participants, "relation": relations}


def _participant(dataset: Dataset, event: str, position: int) -> Row:
    return {
        "record_id": event,
        "position": position,
        "name": dataset.random.choice(NAMES),
        "role": dataset.random.choice(["initiator", "target", "participant"]),
        "source_id": _maybe(dataset, dataset.ids("source")),
    }


def _relation(dataset: Dataset, event: str, position: int) -> Row:
    return {
        "record_id": event,
        "position": position,
        "relation": dataset.random.choice(["part_of", "follows"]),
        "event_id": dataset.random.choice([other for other in dataset.ids("event") if other != event]),
    }


def _citation(dataset: Dataset, record: str, position: int) -> Row:
    random = dataset.random
    stance = random.choice(["asserts"] * 4 + ["denies", "blames"])
    excerpts = [
        {"exact": "they fired “first”"},
        {"suffix": "\\ after", "exact": "it's", "prefix": 'he "said"'},
        {"exact": "x", "prefix": None},
    ]
    return {
        "record_id": record,
        "position": position,
        "source_id": random.choice(dataset.ids("source")),
        "source_role": _line(dataset, 0.2),
        "stance": stance,
        "blames_id": random.choice(dataset.ids("source")) if stance == "blames" else None,
        "certainty": _maybe(dataset, ["stated", "likely"], 0.4),
        "statement": _maybe(dataset, [_text(dataset)], 0.4),
        "medium": _maybe(dataset, ["statement", "telegram"], 0.5),
        "via_ids": random.sample(dataset.ids("source"), random.choice([0, 0, 1, 3])),
        "document_id": _maybe(dataset, dataset.ids("document"), 0.6),
        "excerpt": _maybe(dataset, excerpts, 0.5),
    }
