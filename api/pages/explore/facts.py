"""The facts on the pages of records.

A function whose name ends in `_fact` returns the parts of a fact. There are none if the record does not have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.catalog import Field, Link, Resource, Version
from api.pages.explore.columns import Record, day_part, place_parts, says, term_meaning, term_words
from api.pages.explore.parts import (
    Badge,
    Parts,
    RecordLink,
    Text,
    dispute_part,
    open_dispute_part,
    record_part,
    text_part,
)
from api.pages.explore.sections import list_link
from api.pages.explore.words import DISPUTES, PRECISION, TIME_PRECISION, humanize, sentence, write_moment
from api.query import AsOf, ColumnField, Item, ListQuery, Nodes, Page, Test, read_sort
from api.rest.parameters import quote_value


@dataclass(frozen=True)
class Fact:
    """A fact about a record: its name, and its parts."""

    name: str
    parts: Parts


def present_facts(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts that have parts."""
    return tuple(fact for fact in facts if fact.parts)


def place_fact(record: Record) -> Parts:
    """Return the place of a record, with how exactly it is known."""
    parts = place_parts(record)
    place = record.get("place")
    if place:
        parts += text_part(precision_words(place), soft=True)
    return parts


def precision_words(place: Record) -> str:
    """Return how exactly the coordinates of a place are known, in words."""
    return sentence(PRECISION.get(place["geo_precision"], humanize(place["geo_precision"])))


def dispute_fact(record: Record) -> Parts:
    """Return how much the sources of a record agree, in words."""
    badge = next(part for part in dispute_part(record) if isinstance(part, Badge))
    return (Text(badge.text), Text(badge.meaning, soft=True))


def certainty_fact(resource: Resource, quote: Record) -> Parts:
    """Return how sure the speaker of a quote is, with the word that says so."""
    word = quote["certainty_text"]
    return text_part(term_words(resource, "certainty", quote["certainty"])) + text_part(
        f"“{word}”" if word else None, soft=True
    )


def said_dispute_fact(quote: Record) -> Parts:
    """Return whether sources dispute that a quote was said."""
    if quote["dispute"]["status"] == "undisputed":
        return text_part("No source disputes that this was said.")
    return dispute_fact(quote)


def event_fact(record: Record) -> Parts:
    """Return the event of a record, with a badge if sources disagree about it."""
    event = record["event"]
    if event is None:
        return record_part("events", None, record["event_id"], "")
    return (*record_part("events", event, record["event_id"], event["title"]), *open_dispute_part(event))


def period_fact(resource: Resource, record: Record) -> Parts:
    """Return the time in which a figure counts, and how it counts."""
    start, end, basis = record["period_start"], record["period_end"], record["basis"]
    parts: Parts = ()
    if start and end:
        parts = (*text_part("From"), *day_part(start), *text_part("to"), *day_part(end))
    elif start:
        parts = (*text_part("From"), *day_part(start))
    elif end:
        parts = (*text_part("Until"), *day_part(end))
    return parts + text_part(term_words(resource, "basis", basis), soft=True)


def series_root(resource: Resource, identifier: str, as_of: AsOf | None) -> Item | None:
    """Return the root of a Query that finds out if there are other figures in the series of a figure; None for records
    without series."""
    if "series" not in resource.fields:
        return None
    sort = read_sort(resource, resource.sort)
    assert sort is not None
    in_series = Test("series", "same_as", (resource.name, identifier))
    first_two = (Item("ids", Nodes((Item("id", ColumnField("id")),))),)
    return Item("series", ListQuery(resource.name, Page(2), sort, first_two, in_series, as_of=as_of))


def has_other_figures(answer: dict[str, Any]) -> bool:
    """Return True if the series of a figure has other figures, by an answer with the root of `series_root`."""
    return len(answer["series"]["ids"]) > 1 if "series" in answer else False


def series_fact(record: Record) -> Parts:
    """Return the link to the other figures of the series of a figure."""
    return (list_link("All figures of the series", "figures", series=quote_value(record["series"]), sort="as_of"),)


def said_fact(record: Record) -> Parts:
    """Return when a quote was said."""
    precision = record["time_precision"]
    return day_part(record["said_at"], precision) + text_part(
        TIME_PRECISION[precision] if record["said_at"] else None, soft=True
    )


def describe_figure(record: Record) -> str:
    """Return who says a figure and how sure it is: "Says the office; confirmed; not disputed; as of 6 March 2022."."""
    speakers = [part.text for part in says(record) if isinstance(part, RecordLink)]
    statements = [f"says {' and '.join(speakers)}"] if speakers else []
    dispute, _ = DISPUTES.get(record["dispute"]["status"], (humanize(record["dispute"]["status"]), ""))
    statements += [humanize(record["status"]), dispute.lower()]
    if record["as_of"]:
        statements.append(f"as of {write_moment(record['as_of'], 'day')}")
    return sentence("; ".join(statements)) + "."


def shared_facts(record: Record) -> Iterator[Fact]:
    """Yield the facts that records of most kinds have."""
    tags = record.get("tags")
    if tags:
        yield Fact("Tags", tuple(list_link(tag, "events", tag=quote_value(tag)) for tag in tags))
    subjects = record.get("subjects")
    if subjects:
        yield Fact("About", tuple(Text(subject["label"] or subject["code"]) for subject in subjects))
    identifiers = record.get("identifiers")
    if identifiers:
        yield Fact("Elsewhere", tuple(Text(f"{name['scheme']}: {name['value']}") for name in identifiers))


def field_title(name: str) -> str:
    """Return the title of a field, from its name."""
    return sentence(humanize(name))


def value_fact(resource: Resource, field: Field, value: Any) -> Parts:
    """Return the value of a field of any type."""
    if value is None or value == []:
        return ()
    if field.type.many:
        return text_part(", ".join(str(member) for member in value if not isinstance(member, dict)))
    if field.type.name == "vocabulary":
        return term_meaning(resource, field.name, value)
    if field.type.name in ("timestamp", "date"):
        return day_part(value)
    return () if isinstance(value, dict) else text_part(str(value))


def link_fact(version: Version, link: Link, record: Record) -> Parts:
    """Return the record at the end of a link, by its name."""
    target = record.get(link.name)
    resource = version[link.target]
    label = first_value(target or {}, (*resource.label, "title", "name")) or record.get(link.by) or ""
    return record_part(resource.plural, target, record.get(link.by), str(label))


def first_value(record: Record, names: Sequence[str]) -> Any:
    """Return the first value of these fields that is not empty; None if all are."""
    for name in names:
        if record.get(name):
            return record[name]
    return None
