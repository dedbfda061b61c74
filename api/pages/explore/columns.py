"""The columns of the tables: for each resource the titles, and the parts of each cell. Resources without columns of
their own get some of their fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from api.catalog import Field, Resource, Version
from api.compiler.series import STANDS_BEHIND
from api.pages.explore.parts import (
    Badge,
    Part,
    Parts,
    RecordLink,
    Text,
    Time,
    badge_part,
    dispute_part,
    open_dispute_part,
    record_part,
    text_part,
    web_part,
)
from api.pages.explore.words import (
    QUOTE_TYPES,
    country_name,
    cut,
    humanize,
    sentence,
    write_figure,
    write_licence,
    write_moment,
    write_time,
)

Record = dict[str, Any]
Width = Literal["wide", "plain", "narrow"]
# Columns of a resource without columns of its own, and letters of a text in a cell.
MAX_COLUMNS = 5
CELL = 200


@dataclass(frozen=True)
class Column:
    """A column: its title, the parts of its cell in the row of a record, and how much room it takes."""

    title: str
    cell: Callable[[Resource, Record], Parts]
    width: Width = "plain"


@dataclass(frozen=True)
class Table:
    """The columns of a resource, and the links that its records have to include for them."""

    columns: tuple[Column, ...]
    include: tuple[str, ...] = ()

    def row(self, resource: Resource, record: Record) -> list[Parts]:
        """Return the cells of a record."""
        return [column.cell(resource, record) for column in self.columns]


def table_of(version: Version, resource: Resource) -> Table:
    """Return the table of a resource."""
    table = TABLES.get(resource.name)
    if table is None:
        return _default_table(version, resource)
    return table


def source_label(source: Record | None) -> str:
    """Return the name of a source, or the description of an unnamed one."""
    if source is None:
        return "a withdrawn source"
    return source.get("name") or source.get("description") or "an unnamed source"


def term_of(resource: Resource, record: Record, name: str) -> Parts:
    """Return the badge of a field with a vocabulary."""
    return badge_part(record.get(name), resource.fields[name].type.of)


def open_status_part(resource: Resource, event: Record) -> Parts:
    """Return the badge of an event's status; none if it occurred, as most did."""
    return () if event["status"] == "occurred" else term_of(resource, event, "status")


def term_meaning(resource: Resource, name: str, term: str | None) -> Parts:
    """Return a term of a vocabulary with its meaning beside it; none without a term."""
    if term is None:
        return ()
    return (Text(sentence(humanize(term))), Text(term_words(resource, name, term), soft=True))


def term_words(resource: Resource, name: str, term: str | None) -> str:
    """Return the meaning of a term of a vocabulary; empty without a term."""
    if term is None:
        return ""
    return str(resource.fields[name].type.of.terms().get(term, ""))


def own_link(resource: Resource, record: Record, text: str) -> Parts:
    """Return the link to the page of the record itself."""
    return (RecordLink(cut(text) or record["id"], resource.plural, record["id"]),)


def day_part(day: str | None, precision: str = "day") -> Parts:
    """Return a day or a moment of an answer as a part."""
    if day is None:
        return ()
    return (Time(write_moment(day, precision), day),)


def _event_time(resource: Resource, record: Record) -> Parts:
    time = record["time"]
    words = sentence(write_time(time))
    return (Time(words, time["starts_at"]) if time["starts_at"] else Text(words, soft=True),)


def _event_title(resource: Resource, record: Record) -> Parts:
    summary = text_part(cut(record["summary"], CELL) if record["summary"] else None, soft=True)
    return own_link(resource, record, record["title"]) + summary


def place_parts(record: Record) -> Parts:
    """Return the place of a record with its country."""
    place = record.get("place")
    label = place["name"] if place else ""
    parts = record_part("places", place, record.get("place_id"), label)
    if place and place["country"] and country_name(place["country"]) != label:
        parts += text_part(country_name(place["country"]), soft=True)
    return parts


def _event_kind(resource: Resource, record: Record) -> Parts:
    return term_of(resource, record, "kind") + open_status_part(resource, record)


def _dispute(resource: Resource, record: Record) -> Parts:
    parts = dispute_part(record)
    if record["dispute"]["status"] == "undisputed":
        # Most records are: a badge in each row would say nothing.
        return tuple(Text(part.text, soft=True) for part in parts)
    return parts


def _edition_name(resource: Resource, record: Record) -> Parts:
    return (Text(f"e{record['number']}"),)


def _datasets(resource: Resource, record: Record) -> Parts:
    return text_part(", ".join(record["datasets"]) or None)


def _number(name: str) -> Callable[[Resource, Record], Parts]:
    def cell(resource: Resource, record: Record) -> Parts:
        return (Text(f"{record[name]:,}"),)

    return cell


def _figure_words(resource: Resource, record: Record) -> Parts:
    return own_link(resource, record, sentence(write_figure(record)))


def assertions(record: Record) -> list[Record]:
    """Return the citations whose sources stand behind a record."""
    return [citation for citation in record["citations"]["data"] if citation["stance"] in STANDS_BEHIND]


def says(record: Record) -> Parts:
    """Return the first of the sources that say so, and how many there are besides."""
    citations = assertions(record)
    parts: list[Part] = []
    for citation in citations[:2]:
        label = source_label(citation.get("source"))
        parts += record_part("sources", citation.get("source"), citation["source_id"], label)
    if len(citations) > 2:
        more = "more" if record["citations"]["has_more"] else f"{len(citations) - 2} more"
        parts.append(Text(f"and {more}", soft=True))
    return tuple(parts)


def _says(resource: Resource, record: Record) -> Parts:
    parts: list[Part] = []
    for part in says(record):
        if isinstance(part, RecordLink):
            parts.append(replace(part, text=cut(part.text, CELL)))
        else:
            parts.append(part)
    return tuple(parts)


def _linked(name: str, plural: str, label: Callable[[Record], str]) -> Callable[[Resource, Record], Parts]:
    """Return a cell with the record that a link leads to."""

    def cell(resource: Resource, record: Record) -> Parts:
        target = record.get(name)
        return record_part(plural, target, record.get(f"{name}_id"), cut(label(target)) if target else "")

    return cell


def document_label(document: Record) -> str:
    """Return the title of a document or of a briefing; its address or its id if it has none."""
    return str(document["title"] or document.get("url") or document["id"])


def _title(record: Record) -> str:
    return str(record["title"])


def _term(name: str) -> Callable[[Resource, Record], Parts]:
    return lambda resource, record: term_of(resource, record, name)


def _text(name: str, *, own: bool = False) -> Callable[[Resource, Record], Parts]:
    """Return a cell with the text of a field; a link to the record itself if it is its `own` name."""

    def cell(resource: Resource, record: Record) -> Parts:
        text = record.get(name)
        if own:
            return own_link(resource, record, text or "")
        return text_part(cut(str(text), CELL) if text is not None else None)

    return cell


def _country(resource: Resource, record: Record) -> Parts:
    return text_part(country_name(record["country"]) if record["country"] else None)


def _day(name: str, precision: str = "day") -> Callable[[Resource, Record], Parts]:
    return lambda resource, record: day_part(record.get(name), precision)


def quote_words(quote: Record) -> str:
    """Return the text of a quote: between quotation marks if it has words of the speaker."""
    return str(quote["text"]) if quote["quote_type"] == "indirect" else f"“{quote['text']}”"


def _quote_words(resource: Resource, record: Record) -> Parts:
    return (RecordLink(cut(quote_words(record), CELL), resource.plural, record["id"]),)


def _quote_time(resource: Resource, record: Record) -> Parts:
    return day_part(record["said_at"], record["time_precision"])


def _speaker(resource: Resource, record: Record) -> Parts:
    speaker = record["speaker"]
    parts = record_part("sources", speaker, record["speaker_id"], cut(source_label(speaker), CELL))
    return parts + role_part(record)


def role_part(quote: Record) -> Parts:
    """Return the role of the speaker of a quote: as the quote gives it, or as the source does."""
    return text_part(speaker_role(quote) or None, soft=True)


def speaker_role(quote: Record) -> str:
    """Return the role of the speaker of a quote in words; empty if it is not known."""
    speaker = quote["speaker"] or {}
    return quote["speaker_role"] or speaker.get("role") or ""


def wording_part(quote: Record) -> Parts:
    """Return a badge that says whether a quote has the words of its speaker."""
    return (Badge(QUOTE_TYPES.get(quote["quote_type"], humanize(quote["quote_type"]))),)


def _source_name(resource: Resource, record: Record) -> Parts:
    return own_link(resource, record, source_label(record))


def write_coordinates(place: Record) -> str:
    """Return the coordinates of a place: 47.1°N 37.55°E; empty if they are not known."""
    latitude, longitude = place["latitude"], place["longitude"]
    if latitude is None or longitude is None:
        return ""
    north, east = ("N" if latitude >= 0 else "S"), ("E" if longitude >= 0 else "W")
    return f"{abs(latitude):g}°{north} {abs(longitude):g}°{east}"


def _coordinates(resource: Resource, record: Record) -> Parts:
    return text_part(write_coordinates(record))


def _record_of(field: str) -> Callable[[Resource, Record], Parts]:
    def cell(resource: Resource, record: Record) -> Parts:
        identifier = record[field]
        plural = PLURALS.get(identifier.partition("_")[0])
        if plural is None:
            return text_part(identifier)
        return (RecordLink(plural[:-1], plural, identifier), Text(identifier, soft=True))

    return cell


def _withdrawn(resource: Resource, record: Record) -> Parts:
    return (Badge(humanize(record["resource"])), Text(record["id"], soft=True))


# The list of a record by the beginning of its id, for children that name their record by its id alone.
PLURALS = {"evt": "events", "fig": "figures", "quo": "quotes"}
EVENT_LINK = _linked("event", "events", _title)
TABLES: dict[str, Table] = {
    "event": Table(
        (
            Column("When", _event_time),
            Column("Event", _event_title, "wide"),
            Column("Where", lambda resource, record: place_parts(record)),
            Column("Kind", _event_kind, "narrow"),
            Column("Sources", _dispute, "narrow"),
        )
    ),
    "figure": Table(
        (
            Column("Figure", _figure_words, "wide"),
            Column("As of", _day("as_of")),
            Column("Says", _says),
            Column("Event", EVENT_LINK),
            Column("Status", _term("status"), "narrow"),
            Column("Sources", _dispute, "narrow"),
        ),
        ("event", "citations.source"),
    ),
    "quote": Table(
        (
            Column("Words", _quote_words, "wide"),
            Column("Speaker", _speaker),
            Column("Said", _quote_time),
            # That nobody disputes the words says nothing of what they are about, so no badge says it.
            Column("Wording", lambda resource, record: wording_part(record) + open_dispute_part(record), "narrow"),
        )
    ),
    "source": Table(
        (
            Column("Source", _source_name, "wide"),
            Column("Kind", _term("kind"), "narrow"),
            Column("Role", _text("role")),
            Column("Country", _country),
            Column("Belongs to", _linked("affiliation", "sources", source_label)),
        ),
        ("affiliation",),
    ),
    "document": Table(
        (
            Column("Document", _text("title", own=True), "wide"),
            Column("Kind", _term("kind"), "narrow"),
            Column("Publisher", _linked("publisher", "sources", source_label)),
            Column("Published", _day("published_at")),
            Column("Read", lambda resource, record: web_part(record["url"], "Open"), "narrow"),
        ),
        ("publisher",),
    ),
    "place": Table(
        (
            Column("Place", _text("name", own=True), "wide"),
            Column("Country", _country),
            Column("Region", _text("admin1")),
            Column("Coordinates", _coordinates),
            Column("Precision", _term("geo_precision"), "narrow"),
        )
    ),
    "briefing": Table(
        (
            Column("Briefing", _text("title", own=True), "wide"),
            Column("Published", _day("published_at")),
            Column("Publisher", _linked("publisher", "sources", source_label)),
            Column("Licence", lambda resource, record: text_part(sentence(write_licence(record["licence"])))),
        ),
        ("publisher",),
    ),
    "citation": Table(
        (
            Column("About", _record_of("record_id")),
            Column("Source", _linked("source", "sources", source_label)),
            Column("Stance", _term("stance"), "narrow"),
            Column("Says", _text("statement"), "wide"),
            Column("Read in", _linked("document", "documents", document_label)),
        ),
        ("source", "document"),
    ),
    "participant": Table(
        (
            Column("Event", _record_of("record_id")),
            Column("Participant", _text("name")),
            Column("Part", _term("role"), "narrow"),
            Column("Source", _linked("source", "sources", source_label)),
        ),
        ("source",),
    ),
    "relation": Table(
        (
            Column("Event", _record_of("record_id")),
            Column("Relation", _term("relation"), "narrow"),
            Column("Other event", EVENT_LINK),
        ),
        ("event",),
    ),
    "edition": Table(
        (
            Column("Edition", _edition_name),
            Column("Known since", _day("known_from", "minute")),
            Column("Datasets", _datasets, "wide"),
            Column("New", _number("created"), "narrow"),
            Column("Changed", _number("updated"), "narrow"),
            Column("Withdrawn", _number("withdrawn"), "narrow"),
        )
    ),
    "withdrawal": Table(
        (
            Column("Record", _withdrawn),
            Column("Withdrawn", _day("withdrawn_at", "minute")),
            Column("Reason", _text("reason"), "wide"),
            Column("Change", _text("change"), "narrow"),
        )
    ),
}


def _default_table(version: Version, resource: Resource) -> Table:
    """Return some fields of a resource: its label first, then its other scalars in their order."""
    scalars: list[Field] = []
    for part in resource.layout:
        if not isinstance(part, Field) or part.derived or part.identity:
            continue
        if part.type.name != "value" and not part.type.many:
            scalars.append(part)
    scalars.sort(key=lambda field: field.name not in resource.label)
    columns = []
    for place, field in enumerate(scalars[:MAX_COLUMNS]):
        is_own_link = place == 0 and bool(resource.prefix)
        columns.append(Column(sentence(humanize(field.name)), _default_cell(field, own=is_own_link)))
    return Table(tuple(columns))


def _default_cell(field: Field, *, own: bool) -> Callable[[Resource, Record], Parts]:
    if field.type.name == "vocabulary" and not own:
        return _term(field.name)
    if field.type.name in ("timestamp", "date") and not own:
        return _day(field.name)
    return _text(field.name, own=own)
