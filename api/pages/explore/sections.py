"""Sections of a page: records that belong to the record, each in a line or two."""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Version
from api.pages.explore.columns import (
    Record,
    day_part,
    document_label,
    quote_words,
    role_part,
    says,
    source_label,
    term_meaning,
)
from api.pages.explore.page_url import write_query
from api.pages.explore.parts import (
    ListLink,
    Parts,
    RecordLink,
    Text,
    badge_part,
    open_dispute_part,
    record_part,
    text_part,
)
from api.pages.explore.words import (
    cut,
    humanize,
    sentence,
    write_figure,
    write_time,
)

RELATIONS = {"part_of": "Part of", "follows": "Follows", "responds_to": "Responds to"}


@dataclass(frozen=True)
class SectionEntry:
    """An entry of a section: its parts, and those of a second line."""

    parts: Parts
    note: Parts = ()


@dataclass(frozen=True)
class Section:
    """Records that belong to the record, and the address of the list with all of them, below the explorer."""

    title: str
    entries: tuple[SectionEntry, ...]
    more: str = ""


def more_of(linked: Record, plural: str, **filters: str) -> str:
    """Return the address of all linked records if the record shows only the first of them."""
    return f"{plural}{write_query(filters.items())}" if linked["has_more"] else ""


def list_link(text: str, plural: str, **filters: str) -> ListLink:
    """Return a link to a list with filters."""
    return ListLink(text, f"{plural}{write_query(filters.items())}")


def participants_section(version: Version, record: Record) -> Section:
    """Return who took part in an event."""
    resource = version["participant"]
    entries = []
    for participant in record["participants"]["data"]:
        parts: Parts = text_part(participant["name"])
        if participant.get("source"):
            parts = (RecordLink(participant["name"], "sources", participant["source_id"]),)
        entries.append(SectionEntry(parts, term_meaning(resource, "role", participant["role"])))
    more = more_of(record["participants"], "participants", event_id=record["id"])
    return Section("Participants", tuple(entries), more)


def figures_section(record: Record, filters: dict[str, str]) -> Section:
    """Return the figures of a record. The filters are those of the list with all of them."""
    entries = []
    for figure in record["figures"]["data"]:
        has_sources = any("source" in citation for citation in figure["citations"]["data"])
        note = says(figure) if has_sources else ()
        words = sentence(write_figure(figure))
        status = badge_part(figure["status"], None)
        entries.append(
            SectionEntry((RecordLink(words, "figures", figure["id"]), *status, *open_dispute_part(figure)), note)
        )
    return Section("Figures", tuple(entries), more_of(record["figures"], "figures", **filters))


def quotes_section(record: Record, filters: dict[str, str], title: str = "Quotes") -> Section:
    """Return the quotes of a record. The filters are those of the list with all of them."""
    entries = []
    for quote in record["quotes"]["data"]:
        speaker = quote["speaker"]
        note = record_part("sources", speaker, quote["speaker_id"], source_label(speaker)) + role_part(quote)
        entries.append(
            SectionEntry(
                (RecordLink(cut(quote_words(quote), 300), "quotes", quote["id"]), *open_dispute_part(quote)), note
            )
        )
    return Section(title, tuple(entries), more_of(record["quotes"], "quotes", **filters))


def events_section(record: Record, filters: dict[str, str], title: str) -> Section:
    """Return the events of a record. The filters are those of the list with all of them."""
    entries = []
    for event in record["events"]["data"]:
        when = Text(sentence(write_time(event["time"])), soft=True)
        entries.append(
            SectionEntry((RecordLink(event["title"], "events", event["id"]), *open_dispute_part(event)), (when,))
        )
    return Section(title, tuple(entries), more_of(record["events"], "events", **filters))


def related_section(record: Record) -> Section:
    """Return the events to which an event is related."""
    entries = []
    for relation in record["related"]["data"]:
        event = relation.get("event")
        how = Text(RELATIONS.get(relation["relation"], sentence(humanize(relation["relation"]))), soft=True)
        entries.append(
            SectionEntry(record_part("events", event, relation["event_id"], event["title"] if event else ""), (how,))
        )
    return Section("Other events", tuple(entries), more_of(record["related"], "relations", record_id=record["id"]))


def member_entry(member: Record) -> SectionEntry:
    """Return the entry of a source that belongs to another one."""
    return SectionEntry(
        (RecordLink(source_label(member), "sources", member["id"]),), text_part(member["role"], soft=True)
    )


def document_entry(document: Record) -> SectionEntry:
    """Return the entry of a document."""
    label = cut(document_label(document))
    return SectionEntry((RecordLink(label, "documents", document["id"]),), day_part(document["published_at"]))
