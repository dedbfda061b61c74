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
    made = Dataset(Random(seed))
    for table, prefix, count, maker in (
        ("source", "src", 45, _source),
        ("document", "doc", 30, _document),
        ("place", "plc", 40, _place),
        ("briefing", "brf", 7, _briefing),
        ("event", "evt", 260, _event),
        ("figure", "fig", 320, _figure),
        ("quote", "quo", 220, _quote),
    ):
        made.tables[table] = []
        for place in range(count):
            common = _common(made, prefix, place)
            made.tables[table].append(common | maker(made, place))
    for row in made.tables["source"]:
        row["affiliation_id"] = _maybe(made, made.ids("source"), 0.5)
    _children(made)
    return made


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
        rows = [one | {"dispute_stances": STANCES[at % 3] if one["disputed"] else []} for at, one in enumerate(rows)]
    if table in ("source", "place"):
        rows = [one | {"name_key": written_key(one["name"])} for one in rows]
    rows = [one | {"since": None if one.get("withdrawn") else 1} for one in rows]
    columns = ", ".join(rows[0])
    await connection.execute(
        f"insert into store.{table} ({columns})"
        f" select {columns} from jsonb_populate_recordset(null::store.{table}, $1::jsonb)",
        json.dumps(rows),
    )


def identifier(random: Random, prefix: str) -> str:
    """Return a public id."""
    return f"{prefix}_{''.join(random.choices(LETTERS, k=26))}"


def _common(made: Dataset, prefix: str, place: int) -> Row:
    random = made.random
    created = BEGUN + timedelta(seconds=random.randrange(9), microseconds=random.choice([0, 0, 100000, 123450, 1]))
    # The skew is on the first three records, so they are never withdrawn.
    withdrawn = place > 2 and random.random() < 0.06
    return {
        "id": identifier(random, prefix),
        "revision": random.randint(1, 3),
        "created_at": created.isoformat(),
        "updated_at": (created + timedelta(seconds=random.randrange(3))).isoformat(),
        "digest": "\\x00",
        "withdrawn": 'Published in "error"; see \\ 訂正' if withdrawn else None,
    }


def _maybe(made: Dataset, values: list[Any], share: float = 0.6) -> Any:
    return made.random.choice(values) if made.random.random() < share else None


def _text(made: Dataset) -> str:
    return " ".join(made.random.choices(WORDS, k=made.random.randint(1, 8)))


def _line(made: Dataset, share: float = 0.5) -> str | None:
    return f"{made.random.choice(NAMES)} {_text(made)}" if made.random.random() < share else None


def _moment(made: Dataset, share: float = 0.8) -> str | None:
    random = made.random
    if random.random() > share:
        return None
    moment = BEGUN + timedelta(days=random.randrange(6), microseconds=random.choice([0, 0, 0, 500000, 123456]))
    return moment.isoformat()


def _identifiers(made: Dataset) -> list[Row]:
    pairs = [("wikidata", "Q1"), ("wikidata", "Q1065"), ("ucdp", "36210"), ("handle", "a:b,c")]
    return [{"value": value, "scheme": scheme} for scheme, value in made.random.sample(pairs, made.random.randrange(3))]


def _subjects(place: int) -> list[Row]:
    """Return subjects that depend on the number of the record alone, so that all other values stay as they were."""
    pairs = [("medtop", "16000000", 'conflict, "war" and peace'), ("medtop", "11000000", None), ("a", "b:c,d", "Ünïté")]
    return [
        {"code": code, "scheme": scheme} | ({} if label is None else {"label": label})
        for scheme, code, label in pairs[place % 3 :][: place % 4]
    ]


def _source(made: Dataset, place: int) -> Row:
    random = made.random
    return {
        "name": random.choice(NAMES) if place % 4 else None,
        "description": _line(made, 1.0 if place % 4 == 0 else 0.3),
        "aliases": random.sample(NAMES, random.randrange(3)),
        "kind": random.choice(["person"] * 6 + ["government", "military", "news_agency", "de_facto_authority"]),
        "role": _line(made, 0.3),
        "country": _maybe(made, COUNTRIES),
        "url": _maybe(made, ["https://example.org/a?b=c&d='e'", "http://example.com/ü"], 0.4),
        "identifiers": _identifiers(made),
        "reliability": random.choice(["f", "f", "f", "a", "b"]),
    }


def _document(made: Dataset, place: int) -> Row:
    return {
        "publisher_id": _maybe(made, made.ids("source"), 0.7),
        "url": _maybe(made, ["https://example.org/1", "https://example.org/2"], 0.5),
        "title": _line(made),
        "kind": made.random.choice(["article", "post", "live_blog"]),
        "language": _maybe(made, ["en", "uk", "fr", "pt-BR"]),
        "published_at": _moment(made),
        "retrieved_at": _moment(made, 0.4),
    }


def _place(made: Dataset, place: int) -> Row:
    latitude, longitude = POINTS[place] if place < len(POINTS) else made.random.choice([*POINTS, (None, None)])
    return {
        "name": made.random.choice(NAMES),
        "name_as_reported": _line(made, 0.3),
        "country": _maybe(made, COUNTRIES, 0.8),
        "admin1": _maybe(made, ["Donetsk Oblast", "Kyiv, city", "Ölands"], 0.5),
        "latitude": latitude,
        "longitude": longitude,
        "geo_precision": made.random.choice(["exact", "near", "unknown"]),
        "identifiers": _identifiers(made),
    }


def _briefing(made: Dataset, place: int) -> Row:
    published = BEGUN + timedelta(days=made.random.randrange(3))
    return {
        "title": f"{made.random.choice(NAMES)} {_text(made)}",
        "summary": _maybe(made, [_text(made)]),
        "language": made.random.choice(["en", "fr"]),
        "publisher_id": _maybe(made, made.ids("source")),
        "url": _maybe(made, ["https://example.org/briefing"]),
        "published_at": published.isoformat(),
        "modified_at": _maybe(made, [(published + timedelta(hours=1)).isoformat()]),
        "licence": _maybe(made, ["CC-BY-4.0"]),
        "attribution": _maybe(made, ['© "Example"']),
        "subjects": _subjects(place),
    }


def _event(made: Dataset, place: int) -> Row:
    random = made.random
    starts = _moment(made)
    ends = BEGUN + timedelta(days=random.choice([7, 7, 8]))
    return {
        "briefing_id": _maybe(made, made.ids("briefing"), 0.8),
        "kind": random.choice(["shelling"] * 12 + ["air_strike", "phone_call", "evacuation", "other"]),
        "title": f"{random.choice(NAMES)} {_text(made)}",
        "summary": _maybe(made, [_text(made)]),
        "starts_at": starts,
        "ends_at": _maybe(made, [ends.isoformat()]),
        "time_precision": random.choice(["day", "hour", "minute"]) if starts else "unknown",
        "time_text": _line(made, 0.2),
        "status": random.choice(["occurred"] * 5 + ["planned", "failed"]),
        "place_id": _maybe(made, made.ids("place"), 0.8),
        "tags": random.sample(TAGS, random.randrange(4)),
        "language": random.choice(["en", "en", "fr", "uk"]),
        "identifiers": _identifiers(made),
        "subjects": _subjects(place),
        "disputed": random.random() < 0.2,
    }


def _figure(made: Dataset, place: int) -> Row:
    random = made.random
    shape = random.choice(["value", "value", "bounds", "magnitude", "between"])
    low, high = sorted(random.sample([0, 5, 200, 364, 999, 12.5], 2))
    value = random.choice(VALUES) if shape == "value" else low if shape == "between" else None
    bound = {"value": (None, None), "bounds": (low, None)}.get(shape, (low, high))
    # A third of the figures belong to the first event.
    event = made.ids("event")[0] if place % 3 == 0 else _maybe(made, made.ids("event"), 0.7)
    return {
        "briefing_id": _maybe(made, made.ids("briefing"), 0.8),
        "event_id": event,
        "place_id": _maybe(made, made.ids("place"), 0.6),
        "measure": random.choice(["killed"] * 5 + ["injured", "displaced", "money"]),
        "population": _maybe(made, ["civilians", "cruise missiles", 'so-called "volunteers"', "дітей"]),
        "value": value,
        "value_low": bound[0],
        "value_high": bound[1],
        "quantifier": shape if shape in ("magnitude", "between") else random.choice(["exact", "at_least"]),
        "value_text": _line(made, 0.5),
        "bounds_basis": None if shape == "value" else random.choice(["stated", "wording"]),
        "unit": random.choice(["persons", "persons", "items", "%", "EUR"]),
        "as_of": _maybe(made, ["2022-03-01", "2022-03-05", "2022-03-06", "1000-01-01", "9998-12-31"], 0.8),
        "period_start": _maybe(made, ["2022-02-24"], 0.3),
        "period_end": _maybe(made, ["2022-03-05"], 0.3),
        "basis": _maybe(made, ["stock", "flow", "cumulative"]),
        "status": random.choice(["reported", "claimed", "verified"]),
        "series": _maybe(made, ["ohchr-civilians-killed", "ohchr,injured"], 0.4),
        "caveat": _maybe(made, [_text(made)], 0.4),
        "disputed": random.random() < 0.2,
    }


def _quote(made: Dataset, place: int) -> Row:
    random = made.random
    said = _moment(made)
    original = _maybe(made, ["Ми не здамося 🔥", "« Nous restons »"], 0.4)
    return {
        "briefing_id": _maybe(made, made.ids("briefing"), 0.8),
        "event_id": _maybe(made, made.ids("event"), 0.6),
        "text": _text(made),
        "context": _maybe(made, [_text(made)], 0.4),
        "utterance": _maybe(made, ["u-1", "u-2", "u,3"], 0.4),
        "certainty": _maybe(made, ["stated", "likely", "unlikely"], 0.5),
        "certainty_text": _line(made, 0.2),
        "language": random.choice(["en", "en", "fr"]),
        "text_original": original,
        "language_original": random.choice(["uk", "fr"]) if original else _maybe(made, ["ru"], 0.2),
        "quote_type": random.choice(["direct", "direct", "partial", "indirect"]),
        "speaker_id": random.choice(made.ids("source")),
        "speaker_role": _line(made, 0.2),
        "cue": _maybe(made, ["said", "tweeted", "denied"]),
        "medium": _maybe(made, ["x_twitter", "telegram", "statement"]),
        "venue": _line(made, 0.2),
        "addressee_id": _maybe(made, made.ids("source"), 0.4),
        "said_at": said,
        "time_precision": random.choice(["day", "minute"]) if said else "unknown",
        "subjects": _subjects(place),
        "disputed": random.random() < 0.2,
    }


def _children(made: Dataset) -> None:
    random = made.random
    citations: list[Row] = []
    for table in ("event", "figure", "quote"):
        for place, record in enumerate(made.ids(table)):
            count = 60 if (table, place) == ("event", 0) else 21 if place == 1 else random.choice([0, 1, 1, 2, 4])
            citations += [_citation(made, record, position) for position in range(count)]
    participants = [
        _participant(made, event, position)
        for place, event in enumerate(made.ids("event"))
        for position in range(20 if place == 0 else random.choice([0, 0, 1, 3]))
    ]
    relations = [
        _relation(made, event, position)
        for event in made.ids("event")
        for position in range(random.choice([0, 0, 1, 2]))
    ]
    made.tables |= {"citation": citations, "participant": participants, "relation": relations}


def _participant(made: Dataset, event: str, position: int) -> Row:
    return {
        "record_id": event,
        "position": position,
        "name": made.random.choice(NAMES),
        "role": made.random.choice(["initiator", "target", "participant"]),
        "source_id": _maybe(made, made.ids("source")),
    }


def _relation(made: Dataset, event: str, position: int) -> Row:
    return {
        "record_id": event,
        "position": position,
        "relation": made.random.choice(["part_of", "follows"]),
        "event_id": made.random.choice([one for one in made.ids("event") if one != event]),
    }


def _citation(made: Dataset, record: str, position: int) -> Row:
    random = made.random
    stance = random.choice(["asserts"] * 4 + ["denies", "blames"])
    excerpts = [
        {"exact": "they fired “first”"},
        {"suffix": "\\ after", "exact": "it's", "prefix": 'he "said"'},
        {"exact": "x", "prefix": None},
    ]
    return {
        "record_id": record,
        "position": position,
        "source_id": random.choice(made.ids("source")),
        "source_role": _line(made, 0.2),
        "stance": stance,
        "blames_id": random.choice(made.ids("source")) if stance == "blames" else None,
        "certainty": _maybe(made, ["stated", "likely"], 0.4),
        "statement": _maybe(made, [_text(made)], 0.4),
        "medium": _maybe(made, ["statement", "telegram"], 0.5),
        "via_ids": random.sample(made.ids("source"), random.choice([0, 0, 1, 3])),
        "document_id": _maybe(made, made.ids("document"), 0.6),
        "excerpt": _maybe(made, excerpts, 0.5),
    }
