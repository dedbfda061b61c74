"""A store of any size, the same for the same size. It is filled by COPY directly into the tables, then indexed and
analysed.

Its shape follows real data. Sources, places and kinds are skewed (Zipf), links have long tails, and times become denser
towards today over 35 years. One event in a hundred has no time. Ids are hashes, so rows are in no order. Rare and
common values are known by name (`Values`), and one event has 20,000 figures.
"""

from __future__ import annotations

import asyncio
import random
import time
from base64 import b32encode
from bisect import bisect
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate

import asyncpg

from api.store.collation import sort_key

SEED = 6
HEAVY, HEAVY_FIGURES = 7, 20_000
CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")
LAST = datetime(2024, 12, 31, tzinfo=UTC)
SPAN_DAYS = 35 * 365
STORED = "2025-01-01T00:00:00Z"
KINDS = ("attack", "clash", "shelling", "air_strike", "explosion", "protest", "arrest", "meeting", "aid", "agreement")
COUNTRIES = ("UA", "SY", "AF", "MX", "IQ", "YE", "CF", "CD", "ML", "SD", "MM", "NG", "SO", "ET", "CO", "PK", "IN", "NR")
MEASURES = ("killed", "injured", "captured", "displaced", "missing", "equipment_lost")
SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is"))
CHUNK = 2000


@dataclass(frozen=True)
class Values:
    """Values to search a store of this size for: words and values by how often they occur in it."""

    events: int

    @property
    def words(self) -> dict[str, int]:
        """Words, each with the number of events that contain it."""
        return {f"word{n}x": n for n in (10, 1_000, 100_000) if n <= self.events // 10}

    def word(self, number: int) -> str:
        """Return the words that event `number` contains on purpose."""
        return "".join(f" {word}" for word, many in self.words.items() if number % (self.events // many) == 3)


@dataclass(frozen=True)
class Skewed:
    """Numbers below `count`, the first far more often than the last (Zipf)."""

    weights: tuple[float, ...]

    @classmethod
    def of(cls, count: int) -> Skewed:
        return cls(tuple(accumulate(1 / (n + 1) for n in range(count))))

    def pick(self, chance: random.Random) -> int:
        return bisect(self.weights, chance.random() * self.weights[-1])


@dataclass(frozen=True)
class Sizes:
    """The number of records of each resource, beside the events."""

    events: int

    @property
    def sources(self) -> int:
        return 200 + self.events // 50

    @property
    def places(self) -> int:
        return 200 + self.events // 40

    @property
    def briefings(self) -> int:
        return 1 + self.events // 30

    @property
    def documents(self) -> int:
        return 200 + self.events // 4


def identifier(prefix: str, number: int) -> str:
    """Return the id of the numbered record."""
    digest = b32encode(blake2b(b"%d" % number, digest_size=16, person=prefix.encode()).digest())[:26]
    return f"{prefix}_{digest.translate(CROCKFORD).decode()}"


def tail(chance: random.Random, shape: float, most: int) -> int:
    """Return 1 mostly, and now and then a very large number."""
    return min(most, int(chance.paretovariate(shape)))


def moment(chance: random.Random) -> datetime | None:
    """Return a day or a minute, more often a late one; now and then None."""
    if chance.random() < 0.01:
        return None
    day = LAST - timedelta(days=int(SPAN_DAYS * min(1.0, chance.expovariate(4))))
    return day + timedelta(minutes=chance.randrange(1440)) if chance.random() < 0.2 else day


def line(*cells: object) -> str:
    """Return a row in COPY's text format."""
    return "\t".join("\\N" if cell is None else str(cell) for cell in cells) + "\n"


def cell(value: bytes) -> str:
    """Return bytes as a cell of COPY's text format."""
    return f"\\\\x{value.hex()}"


class Maker:
    """Makes the rows, table by table, each from a seed of its own."""

    def __init__(self, events: int, heavy: int = HEAVY_FIGURES) -> None:
        self.heavy = heavy
        self.values = Values(events)
        self.sizes = Sizes(events)
        chance = random.Random(SEED)
        self.vocabulary = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(20_000)]
        self.zipf = Skewed.of(len(self.vocabulary)).weights
        self.source = Skewed.of(self.sizes.sources)
        self.place = Skewed.of(self.sizes.places)
        self.kind = Skewed.of(len(KINDS))
        self.figures = 0
        self.quotes = 0

    def text(self, chance: random.Random, least: int, most: int) -> str:
        """Return some words. A few words of the vocabulary make up most of any text."""
        words = chance.choices(self.vocabulary, cum_weights=self.zipf, k=chance.randint(least, most))
        return " ".join(words).capitalize()

    def a_source(self, chance: random.Random) -> str:
        return identifier("src", self.source.pick(chance))

    def sources(self, chance: random.Random) -> Iterator[str]:
        kinds = ("person", "outlet", "government", "military", "ngo", "news_agency")
        for n in range(self.sizes.sources):
            country = chance.choice(COUNTRIES)
            name = self.text(chance, 1, 4) + f" {n}"
            yield line(identifier("src", n), name, cell(sort_key(name)), chance.choice(kinds), country)

    def documents(self, chance: random.Random) -> Iterator[str]:
        for n in range(self.sizes.documents):
            when = moment(chance)
            yield line(identifier("doc", n), self.a_source(chance), self.text(chance, 5, 12), "article", "en", when)

    def places(self, chance: random.Random) -> Iterator[str]:
        for n in range(self.sizes.places):
            # The last country has only one place, which few events are at.
            country = COUNTRIES[-1] if n == self.sizes.places // 2 else COUNTRIES[min(n % 40, 16)]
            where = (chance.uniform(-60, 70), chance.uniform(-180, 180))
            name = self.text(chance, 1, 2)
            row = (name, cell(sort_key(name)), country, self.text(chance, 1, 1))
            yield line(identifier("plc", n), *row, *where, "near")

    def briefings(self, chance: random.Random) -> Iterator[str]:
        for n in range(self.sizes.briefings):
            title, summary = self.text(chance, 4, 10), self.text(chance, 15, 60)
            yield line(identifier("brf", n), title, summary, "en", self.a_source(chance), moment(chance) or LAST)

    def events(self, chance: random.Random) -> Iterator[str]:
        for n in range(self.sizes.events):
            starts = moment(chance)
            precision = "unknown" if starts is None else "day"
            title = self.text(chance, 4, 10) + self.values.word(n)
            summary = self.text(chance, 10, 70) if chance.random() < 0.8 else None
            tags = "{" + ",".join(chance.choices(self.vocabulary[:300], k=chance.randrange(3))) + "}"
            kind, briefing = KINDS[self.kind.pick(chance)], identifier("brf", n // 30)
            place = identifier("plc", self.place.pick(chance))
            disputed = chance.random() < 0.02
            yield line(
                *(identifier("evt", n), briefing, kind, title, summary, starts, precision, "occurred", place, tags),
                *("en", disputed),
            )

    def many_figures(self, chance: random.Random) -> Iterator[str]:
        for event in range(self.sizes.events):
            count = 0 if chance.random() < 0.3 else tail(chance, 1.7, 500)
            for _ in range(self.heavy if event == HEAVY else count):
                value, day = int(chance.paretovariate(0.7)) % 100_000, moment(chance)
                words = self.text(chance, 1, 4) if chance.random() < 0.5 else None
                row = (identifier("fig", self.figures), identifier("evt", event), identifier("brf", event // 30))
                measure = MEASURES[min(self.kind.pick(chance), 5)]
                yield line(*row, measure, "civilians", value, words, "persons", day and day.date(), "reported")
                self.figures += 1

    def many_quotes(self, chance: random.Random) -> Iterator[str]:
        for event in range(self.sizes.events):
            for _ in range(0 if chance.random() < 0.55 else tail(chance, 1.7, 200)):
                said_at = moment(chance)
                row = (identifier("quo", self.quotes), identifier("evt", event), identifier("brf", event // 30))
                precision = "unknown" if said_at is None else "day"
                yield line(*row, self.text(chance, 8, 40), "en", "direct", self.a_source(chance), said_at, precision)
                self.quotes += 1

    def citations(self, chance: random.Random) -> Iterator[str]:
        for prefix, count, shape in (
            ("evt", self.sizes.events, 2.5),
            ("fig", self.figures, 5),
            ("quo", self.quotes, 5),
        ):
            for n in range(count):
                record = identifier(prefix, n)
                for position in range(tail(chance, shape, 30)):
                    stance = "denies" if chance.random() < 0.01 else "asserts"
                    words = self.text(chance, 5, 25) if prefix == "evt" else None
                    document = identifier("doc", chance.randrange(self.sizes.documents))
                    yield line(record, position, self.a_source(chance), stance, words, document)

    def participants(self, chance: random.Random) -> Iterator[str]:
        for n in range(self.sizes.events):
            for position in range(chance.randrange(3)):
                role = ("initiator", "target")[position]
                yield line(identifier("evt", n), position, self.text(chance, 1, 3), role, self.a_source(chance))


# Each table with its columns and its maker. All tables but the children also have the columns of a record.
TABLES: tuple[tuple[str, str, Callable[[Maker, random.Random], Iterator[str]]], ...] = (
    ("source", "id name name_key kind country", Maker.sources),
    ("document", "id publisher_id title kind language published_at", Maker.documents),
    ("place", "id name name_key country admin1 latitude longitude geo_precision", Maker.places),
    ("briefing", "id title summary language publisher_id published_at", Maker.briefings),
    (
        "event",
        "id briefing_id kind title summary starts_at time_precision status place_id tags language disputed",
        Maker.events,
    ),
    ("figure", "id event_id briefing_id measure population value value_text unit as_of status", Maker.many_figures),
    ("quote", "id event_id briefing_id text language quote_type speaker_id said_at time_precision", Maker.many_quotes),
    ("citation", "record_id position source_id stance statement document_id", Maker.citations),
    ("participant", "record_id position name role source_id", Maker.participants),
)
CHILDREN = ("citation", "participant")
LOGGED = f"""
    insert into store.change (recorded_at, resource, id, revision, action, record)
    select '{STORED}', kind, kind || '_0', 1, 'created', '{{}}'
    from unnest(array['briefing', 'source', 'document', 'place', 'event', 'figure', 'quote']) as kind"""
SEARCHED = """
    select tgrelid::regclass::text as table, tgname::text as name from pg_trigger
    where tgname like '%\\_search' and not tgisinternal"""
# Earlier commits have no versions.
VERSIONED = """
    select attrelid::regclass::text as name from pg_attribute
    where attname = 'since' and attrelid in (
        select oid from pg_class where relnamespace = 'store'::regnamespace and relkind = 'r')"""
INDEXES = """
    select format('%I.%I', schemaname, indexname) as name, indexdef from pg_indexes
    where schemaname = 'store' and not exists (
        select from pg_constraint where conindid = format('%I.%I', schemaname, indexname)::regclass)"""


async def fill(url: str, events: int, heavy: int = HEAVY_FIGURES, only: Collection[str] = ()) -> None:
    """Fill a migrated, empty store, with `heavy` figures for one of its events, or `only` some of its tables. Records
    come first and indexes after. Only the triggers that fill the search columns run, because the rows are valid."""
    start_time = time.monotonic()
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    for setting in ("session_replication_role = replica", "maintenance_work_mem = '512MB'", "synchronous_commit = off"):
        await connection.execute(f"set {setting}")
    triggers = await connection.fetch(SEARCHED)
    for trigger in triggers:
        await connection.execute(f"alter table {trigger['table']} enable always trigger {trigger['name']}")
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    versioned = await connection.fetch(VERSIONED)
    for versions in versioned:
        await connection.execute(f"alter table {versions['name']} alter since set default 1")
    maker = Maker(events, heavy)
    for table, columns, make in TABLES:
        if only and table not in only:
            continue
        await _copy(connection, table, columns.split(), make(maker, random.Random(f"{SEED}{table}")))
        print(f"{time.monotonic() - start_time:6.1f} s  {table}", flush=True)
    for versions in versioned:
        await connection.execute(f"alter table {versions['name']} alter since drop default")
    await connection.execute(LOGGED)
    for index in indexes:
        await connection.execute(index["indexdef"])
    if await connection.fetchval("select to_regprocedure('store.refresh_counted()') is not null"):
        await connection.execute("select store.refresh_counted()")
    print(f"{time.monotonic() - start_time:6.1f} s  indexes", flush=True)
    for trigger in triggers:
        await connection.execute(f"alter table {trigger['table']} enable trigger {trigger['name']}")
    for table in ("source", "document", "place", "briefing", "event", "figure", "quote"):
        assert not await connection.fetchval(f"select exists (select from store.{table} where search is null)")
    await connection.execute("vacuum (analyze)")
    await connection.execute("checkpoint")
    print(f"{time.monotonic() - start_time:6.1f} s  {events} events, ready", flush=True)
    await connection.close()


async def _copy(connection: asyncpg.Connection, table: str, columns: list[str], rows: Iterator[str]) -> None:
    extra = "" if table in CHILDREN else f"\t{STORED}\t{STORED}\t\\\\x00"
    stamps = [] if table in CHILDREN else ["created_at", "updated_at", "digest"]

    async def chunks() -> AsyncIterator[bytes]:
        lines: list[str] = []
        for row in rows:
            lines.append(row if not extra else row[:-1] + extra + "\n")
            if len(lines) == CHUNK:
                yield "".join(lines).encode()
                lines.clear()
        yield "".join(lines).encode()

    names = [*columns, *stamps]
    await connection.copy_to_table(table, source=chunks(), columns=names, schema_name="store", format="text")


async def is_filled(url: str, events: int) -> bool:
    """Return True if the store contains these events and a change log, which is written after the rows."""
    connection = await asyncpg.connect(url)
    try:
        count = await connection.fetchval("select count(*) from store.event")
        return bool(count == events and await connection.fetchval("select count(*) from store.change"))
    finally:
        await connection.close()


def ensure(url: str, events: int) -> None:
    """Fill the store unless it contains these events already."""
    if not asyncio.run(is_filled(url, events)):
        asyncio.run(fill(url, events))
