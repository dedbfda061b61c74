"""A feed as a value: its entries and its tombstones, made of the answer of the store. The writers of `atom.py` and
`json_feed.py` know nothing of records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from api.catalog import Resource, Version
from api.pages.explore.columns import Column, table_of
from api.pages.explore.page_url import PageUrl, write_query
from api.pages.explore.parts import Parts, RecordLink
from api.pages.explore.words import cut, list_title, plain_title
from api.pages.files import TITLE
from api.rest.feeds import FeedFormat
from api.rest.request import NEWEST_CHANGES

Record = dict[str, Any]
# Longest words of a record in an entry, in letters.
MAX_WORDS = 2000
# The time of a feed without entries, which Atom requires.
NEVER = "1970-01-01T00:00:00Z"
NAMESPACE = uuid5(NAMESPACE_URL, "urn:briefing")
# The vocabularies of these fields become categories of entries.
CATEGORIES = ("kind", "status", "measure", "quote_type")


@dataclass(frozen=True)
class FeedEntry:
    """A record: its title, its facts as lines, and the credit line that goes with it. Times are as answers write
    them."""

    id: str
    title: str
    text: str
    page: str
    data: str
    published: str
    updated: str
    language: str = ""
    categories: tuple[str, ...] = ()
    rights: str = ""


@dataclass(frozen=True)
class Tombstone:
    """A record that was withdrawn."""

    id: str
    page: str
    withdrawn_at: str
    reason: str


@dataclass(frozen=True)
class Feed:
    """A page of a feed with its addresses: its own, that of the table with the same records, and that of the next page,
    which is empty on the last one."""

    id: str
    title: str
    address: str
    table: str
    next: str
    entries: tuple[FeedEntry, ...]
    tombstones: tuple[Tombstone, ...]

    @property
    def updated(self) -> str:
        """The time of the newest change."""
        times = [entry.updated for entry in self.entries]
        times += [stone.withdrawn_at for stone in self.tombstones]
        # Answers write all times alike, but for the fraction of the second.
        return max(times, key=_sort_key, default=NEVER)


def included(version: Version, resource: Resource) -> tuple[str, ...]:
    """Return the links that entries need: those of the table, and the briefing with its credit line."""
    include = table_of(version, resource).include
    return (*include, "briefing") if "briefing" in resource.links else include


def make_feed(url: PageUrl, form: FeedFormat, answer: Record, origin: str) -> Feed:
    """Return the feed of an answer to `feed_query`."""
    version, resource = url.version, url.resource
    base = f"{origin}/{version.name}/{resource.plural}.{form.suffix}"
    first_page = f"{base}{url.query(cursor='')}"
    cursor = answer["records"]["next_cursor"]
    table_query = write_query([*url.filters, ("sort", NEWEST_CHANGES)])
    entries = [_make_entry(version, resource, record, origin) for record in answer["records"]["data"]]
    tombstones = []
    for record in answer.get("withdrawn", {"data": []})["data"]:
        page = f"{origin}/explore/{resource.plural}/{record['id']}"
        tombstones.append(Tombstone(_urn(record["id"]), page, record["withdrawn_at"], record["reason"]))
    return Feed(
        # The same for every page of the feed, and for either format.
        id=_urn(first_page.replace(f".{form.suffix}", "", 1)),
        title=f"{plain_title(list_title(resource.plural) + _describe_filters(url))} – {TITLE}",
        address=f"{base}{url.query()}",
        table=f"{origin}/explore/{resource.plural}{table_query}",
        next=f"{base}{url.query(cursor=cursor)}" if cursor else "",
        entries=tuple(entries),
        tombstones=tuple(tombstones),
    )


def _make_entry(version: Version, resource: Resource, record: Record, origin: str) -> FeedEntry:
    identifier = record["id"]
    cells = [(column, column.cell(resource, record)) for column in table_of(version, resource).columns]
    briefing = record.get("briefing") or {}
    return FeedEntry(
        id=_urn(identifier),
        title=plain_title(_find_title(cells, identifier)) or identifier,
        text="\n".join(_describe(record, cells, identifier)),
        page=f"{origin}/explore/{resource.plural}/{identifier}",
        data=f"{origin}/{version.name}/{resource.plural}/{identifier}",
        published=record["created_at"],
        updated=record["updated_at"],
        language=record.get("language") or "",
        categories=tuple(record[name] for name in CATEGORIES if isinstance(record.get(name), str)),
        rights=briefing.get("attribution") or "",
    )


def _find_title(cells: list[tuple[Column, Parts]], identifier: str) -> str:
    """Return the text of the cell that links to the record itself."""
    for _, parts in cells:
        for part in parts:
            if isinstance(part, RecordLink) and part.id == identifier:
                return part.text
    return ""


def _describe(record: Record, cells: list[tuple[Column, Parts]], identifier: str) -> Iterator[str]:
    """Yield the words of the record, and what its row of the table says beside the title: "When: 6 March 2022"."""
    words = record.get("summary") or record.get("text")
    if words:
        yield cut(words, MAX_WORDS)
    for column, parts in cells:
        if parts and not any(isinstance(part, RecordLink) and part.id == identifier for part in parts):
            texts = [part.text for part in parts]
            yield f"{column.title}: {', '.join(texts)}"


def _describe_filters(url: PageUrl) -> str:
    filters = [f"{name}={text}" for name, text in url.filters]
    return f" ({', '.join(filters)})" if filters else ""


def _urn(name: str) -> str:
    """Return a name that stays the same wherever the record is served, as Atom requires of ids."""
    return uuid5(NAMESPACE, name).urn


def _sort_key(moment: str) -> tuple[str, str]:
    second, _, fraction = moment.removesuffix("Z").partition(".")
    return second, fraction
