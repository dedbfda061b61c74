"""The content of the page of a record: its facts in words, who asserts and who denies it, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.catalog import Field, Group, Link, Resource, Version
from api.pages.explore.columns import (
    Record,
    day_part,
    place_parts,
    says,
    source_label,
    term_meaning,
    term_of,
    term_words,
    write_coordinates,
)
from api.pages.explore.parts import (
    Badge,
    Part,
    Parts,
    RecordLink,
    Text,
    Time,
    badge_part,
    dispute_part,
    record_part,
    text_part,
    web_part,
)
from api.pages.explore.sections import (
    Section,
    SectionEntry,
    document_entry,
    events_section,
    figures_section,
    list_link,
    more_of,
    participants_section,
    quotes_section,
    related_section,
)
from api.pages.explore.stances import StanceGroup, stance_groups
from api.pages.explore.words import (
    DISPUTES,
    PRECISION,
    country_name,
    humanize,
    sentence,
    write_bounds,
    write_figure,
    write_moment,
    write_time,
)
from api.rest.include import Tree

CITED = ("citations.source", "citations.blames", "citations.via", "citations.document")
# The links that the page of a record includes, as paths.
INCLUDED: dict[str, tuple[str, ...]] = {
    "event": (
        *("briefing", "participants.source", "related.event", "figures.citations.source", "quotes"),
        *CITED,
    ),
    "figure": ("briefing", "event", "place", *CITED),
    "quote": ("briefing", "event", "speaker.affiliation", "addressee", *CITED),
    "source": ("affiliation", "members", "quotes", "documents"),
    "document": ("publisher",),
    "place": ("events", "figures"),
    "briefing": ("publisher", "events", "figures"),
}
UNSTATED = {None: "not stated", "NOASSERTION": "not asserted"}


@dataclass(frozen=True)
class Fact:
    """A fact about a record: its name, and its parts."""

    name: str
    parts: Parts


@dataclass(frozen=True)
class RecordPage:
    """The page of a record. `quotation` is the text of a quote, and `language` that of its words or its title."""

    title: str
    badges: Parts
    lead: str = ""
    language: str = ""
    quotation: str = ""
    facts: tuple[Fact, ...] = ()
    stances: tuple[StanceGroup, ...] = ()
    sections: tuple[Section, ...] = ()
    more_citations: str = ""
    credit: str = ""
    licence: str = ""
    briefing: Parts = field(default=())


def included_links(version: Version, resource: Resource) -> Tree:
    """Return the links that the page of a record includes: those of `INCLUDED`, or all links to one record."""
    paths = INCLUDED.get(resource.name)
    if paths is None:
        paths = tuple(link.name for link in resource.links.values() if link.single)
    tree: Tree = {}
    for path in paths:
        branch = tree
        for name in path.split("."):
            branch = branch.setdefault(name, {})
    return tree


def record_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    """Return what the page of a record shows."""
    make_page = PAGES.get(resource.name, _any_page)
    return make_page(version, resource, record)


def _event_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    time = record["time"]
    when: list[Part] = [Text(sentence(write_time(time)))]
    if time["starts_at"]:
        when = [Time(sentence(write_time(time)), time["starts_at"])]
    precision = term_words(resource, "time_precision", time["precision"])
    when.append(Text(precision, soft=True))
    if time["text"]:
        when.append(Text(f"“{time['text']}”", soft=True))
    facts = [
        Fact("When", tuple(when)),
        Fact("Where", _place_fact(version, record)),
        Fact("Status", term_meaning(resource, "status", record["status"])),
        Fact("Kind", term_meaning(resource, "kind", record["kind"])),
        Fact("Sources", _dispute_fact(record)),
        *_shared_facts(record),
    ]
    return RecordPage(
        title=record["title"],
        badges=term_of(resource, record, "kind") + term_of(resource, record, "status") + dispute_part(record),
        lead=record["summary"] or "",
        language=record["language"],
        facts=_present(facts),
        stances=stance_groups(version, record),
        more_citations=_more_citations(resource, record),
        sections=_present_sections(
            (
                participants_section(version, record),
                figures_section(record, {"event_id": record["id"]}),
                quotes_section(record, {"event_id": record["id"]}),
                related_section(record),
            )
        ),
        **_rights(record),
    )


def _figure_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    amount = record["amount"]
    bounds = write_bounds(amount)
    basis_of_bounds = term_words(resource, "bounds_basis", record["bounds_basis"])
    facts = [
        Fact("As printed", text_part(f"“{amount['text']}”" if amount["text"] else None)),
        Fact("The words bind it", term_meaning(resource, "quantifier", amount["quantifier"])),
        Fact("Bounds", text_part(sentence(bounds) if bounds else None) + text_part(basis_of_bounds, soft=True)),
        Fact("Unit", text_part(amount["unit"])),
        Fact("As of", day_part(record["as_of"])),
        Fact("Counts", _period(resource, record)),
        Fact("Status", term_meaning(resource, "status", record["status"])),
        Fact("Sources", _dispute_fact(record)),
        Fact("Event", _linked_event(record)),
        Fact("Where", _place_fact(version, record)),
        Fact("Bear in mind", text_part(record["caveat"])),
        Fact("Series", _series(record)),
        *_shared_facts(record),
    ]
    return RecordPage(
        title=sentence(write_figure(record)),
        badges=badge_part(record["measure"], resource.fields["measure"].type.of)
        + term_of(resource, record, "status")
        + dispute_part(record),
        lead=_describe_figure(record),
        facts=_present(facts),
        stances=stance_groups(version, record),
        more_citations=_more_citations(resource, record),
        **_rights(record),
    )


def _quote_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    original = record["original"]
    speaker = record["speaker"]
    label = source_label(speaker)
    facts = [
        Fact(
            "Speaker",
            record_part("sources", speaker, record["speaker_id"], label) + text_part(record["speaker_role"], soft=True),
        ),
        Fact(
            "To",
            record_part("sources", record["addressee"], record["addressee_id"], source_label(record["addressee"])),
        ),
        Fact("Said", _said(resource, record)),
        Fact("Given", term_meaning(resource, "quote_type", record["quote_type"])),
        Fact(
            "How sure", term_meaning(resource, "certainty", record["certainty"]) + text_part(record["certainty_text"])
        ),
        Fact("Made public", term_meaning(resource, "medium", record["medium"]) + text_part(record["venue"])),
        Fact("Around it", text_part(record["context"])),
        Fact("As first said", text_part(original["text"]) + text_part(original["language"], soft=True)),
        Fact("Sources", _dispute_fact(record)),
        Fact("Event", _linked_event(record)),
        *_shared_facts(record),
    ]
    return RecordPage(
        title=f"{sentence(label)} {record['cue'] or 'said'}",
        badges=term_of(resource, record, "quote_type") + dispute_part(record),
        quotation=record["text"],
        language=record["language"],
        facts=_present(facts),
        stances=stance_groups(version, record),
        more_citations=_more_citations(resource, record),
        **_rights(record),
    )


def _source_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    identifier = record["id"]
    facts = [
        Fact("Kind", term_meaning(resource, "kind", record["kind"])),
        Fact("Role", text_part(record["role"])),
        Fact(
            "Belongs to",
            record_part(
                "sources", record["affiliation"], record["affiliation_id"], source_label(record["affiliation"])
            ),
        ),
        Fact("Country", text_part(country_name(record["country"]) if record["country"] else None)),
        Fact("Also called", text_part(", ".join(record["aliases"]))),
        Fact("Reliability", term_meaning(resource, "reliability", record["reliability"])),
        Fact("Site", web_part(record["url"])),
        *_shared_facts(record),
    ]
    members = [
        SectionEntry((RecordLink(source_label(member), "sources", member["id"]),), text_part(member["role"], soft=True))
        for member in record["members"]["data"]
    ]
    documents = [document_entry(document) for document in record["documents"]["data"]]
    more_members = more_of(record["members"], "sources", affiliation_id=identifier)
    more_documents = more_of(record["documents"], "documents", publisher_id=identifier)
    lists = [
        SectionEntry((list_link("Events that it speaks to", "events", source_id=identifier),)),
        SectionEntry((list_link("Figures that it gives", "figures", source_id=identifier),)),
        SectionEntry((list_link("All of its stances", "citations", source_id=identifier),)),
    ]
    return RecordPage(
        title=sentence(source_label(record)),
        badges=term_of(resource, record, "kind"),
        lead=(record["description"] or "") if record["name"] else "",
        facts=_present(facts),
        sections=_present_sections(
            (
                quotes_section(record, {"speaker_id": identifier}, "What it said"),
                Section("Belong to it", tuple(members), more_members),
                Section("What it published", tuple(documents), more_documents),
                Section("Where it appears", tuple(lists)),
            )
        ),
    )


def _document_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    publisher = record["publisher"]
    facts = [
        Fact("Read it", web_part(record["url"])),
        Fact("Kind", term_meaning(resource, "kind", record["kind"])),
        Fact("Publisher", record_part("sources", publisher, record["publisher_id"], source_label(publisher))),
        Fact("Published", day_part(record["published_at"])),
        Fact("Retrieved", day_part(record["retrieved_at"])),
        Fact("Language", text_part(record["language"])),
        *_shared_facts(record),
    ]
    lists = (SectionEntry((list_link("What was read in it", "citations", document_id=record["id"]),)),)
    return RecordPage(
        title=record["title"] or record["url"] or record["id"],
        badges=term_of(resource, record, "kind"),
        facts=_present(facts),
        sections=(Section("Where it is cited", lists),),
    )


def _place_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    facts = [
        Fact("As reported", text_part(record["name_as_reported"])),
        Fact("Country", text_part(country_name(record["country"]) if record["country"] else None)),
        Fact("Region", text_part(record["admin1"])),
        Fact("Coordinates", text_part(write_coordinates(record)) + text_part(_precision(record), soft=True)),
        *_shared_facts(record),
    ]
    return RecordPage(
        title=record["name"],
        badges=term_of(resource, record, "geo_precision"),
        facts=_present(facts),
        sections=_present_sections(
            (
                events_section(record, {"place_id": record["id"]}, "What happened there"),
                figures_section(record, {"place_id": record["id"]}),
            )
        ),
    )


def _briefing_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    publisher = record["publisher"]
    facts = [
        Fact("Publisher", record_part("sources", publisher, record["publisher_id"], source_label(publisher))),
        Fact("Published", day_part(record["published_at"])),
        Fact("Changed", day_part(record["modified_at"])),
        Fact("Read it", web_part(record["url"])),
        *_shared_facts(record),
    ]
    identifier = record["id"]
    quotes = (SectionEntry((list_link("What was said", "quotes", briefing_id=identifier),)),)
    return RecordPage(
        title=record["title"],
        badges=(),
        lead=record["summary"] or "",
        language=record["language"],
        facts=_present(facts),
        sections=_present_sections(
            (
                events_section(record, {"briefing_id": identifier}, "What happened"),
                figures_section(record, {"briefing_id": identifier}),
                Section("Quotes", quotes),
            )
        ),
        **_rights({"briefing": record}),
    )


def _any_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    """Return the page of a resource without a page of its own: all of its fields, and what it links to."""
    facts = []
    for part in resource.layout:
        if isinstance(part, Field) and not part.derived and not part.identity:
            facts.append(Fact(_field_title(part.name), _any_value(resource, part, record[part.name])))
        elif isinstance(part, Group):
            for key, member in resource.within(part).items():
                parts = _any_value(resource, member, record[part.name][key])
                facts.append(Fact(_field_title(member.name), parts))
    links = [link for link in resource.links.values() if link.single]
    facts += [Fact(_field_title(link.name), _any_link(version, link, record)) for link in links]
    names = (*resource.label, "title", "name", "text")
    title = next((record[name] for name in names if record.get(name)), record["id"])
    stances = stance_groups(version, record) if "citations" in record else ()
    return RecordPage(title=str(title), badges=(), facts=_present([*facts, *_shared_facts(record)]), stances=stances)


PAGES: dict[str, Callable[[Version, Resource, Record], RecordPage]] = {
    "event": _event_page,
    "figure": _figure_page,
    "quote": _quote_page,
    "source": _source_page,
    "document": _document_page,
    "place": _place_page,
    "briefing": _briefing_page,
}


def _present(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.parts)


def _present_sections(sections: Sequence[Section]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section.entries)


def _field_title(name: str) -> str:
    return sentence(humanize(name))


def _any_value(resource: Resource, field: Field, value: Any) -> Parts:
    if value is None or value == []:
        return ()
    if field.type.many:
        return text_part(", ".join(str(member) for member in value if not isinstance(member, dict)))
    if field.type.name == "vocabulary":
        return term_meaning(resource, field.name, value)
    if field.type.name in ("timestamp", "date"):
        return day_part(value)
    return () if isinstance(value, dict) else text_part(str(value))


def _any_link(version: Version, link: Link, record: Record) -> Parts:
    target = record.get(link.name)
    resource = version[link.target]
    names = (*resource.label, "title", "name")
    label = next((target[name] for name in names if target and target.get(name)), record.get(link.by) or "")
    return record_part(resource.plural, target, record.get(link.by), str(label))


def _precision(place: Record) -> str:
    return sentence(PRECISION.get(place["geo_precision"], humanize(place["geo_precision"])))


def _place_fact(version: Version, record: Record) -> Parts:
    parts = place_parts(record)
    place = record.get("place")
    if place:
        parts += text_part(_precision(place), soft=True)
    return parts


def _dispute_fact(record: Record) -> Parts:
    badge = next(part for part in dispute_part(record) if isinstance(part, Badge))
    return (Text(badge.text), Text(badge.meaning, soft=True))


def _describe_figure(record: Record) -> str:
    """Return who says a figure and how sure it is: "Says the office; confirmed; not disputed; as of 6 March 2022."."""
    speakers = [part.text for part in says(record) if isinstance(part, RecordLink)]
    statements = [f"says {' and '.join(speakers)}"] if speakers else []
    dispute, _ = DISPUTES.get(record["dispute"]["status"], (humanize(record["dispute"]["status"]), ""))
    statements += [humanize(record["status"]), dispute.lower()]
    if record["as_of"]:
        statements.append(f"as of {write_moment(record['as_of'] + 'T00:00:00Z', 'day')}")
    return sentence("; ".join(statements)) + "."


def _period(resource: Resource, record: Record) -> Parts:
    start, end, basis = record["period_start"], record["period_end"], record["basis"]
    parts: Parts = ()
    if start and end:
        parts = (*text_part("From"), *day_part(start), *text_part("to"), *day_part(end))
    elif start:
        parts = (*text_part("From"), *day_part(start))
    elif end:
        parts = (*text_part("Until"), *day_part(end))
    return parts + text_part(term_words(resource, "basis", basis), soft=True)


def _series(record: Record) -> Parts:
    if not record["series"]:
        return ()
    return (list_link("All figures of the series", "figures", series=_quoted(record["series"]), sort="as_of"),)


def _quoted(value: str) -> str:
    """Return a value as one of a list: in double quotes if it contains a comma or a quotation mark."""
    if "," in value or '"' in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def _said(resource: Resource, record: Record) -> Parts:
    precision = record["time_precision"]
    return day_part(record["said_at"], precision) + text_part(
        term_words(resource, "time_precision", precision) if record["said_at"] else None, soft=True
    )


def _linked_event(record: Record) -> Parts:
    event = record["event"]
    return record_part("events", event, record["event_id"], event["title"] if event else "")


def _shared_facts(record: Record) -> Iterator[Fact]:
    """Yield the facts that records of most kinds have."""
    tags = record.get("tags")
    if tags:
        yield Fact("Tags", tuple(list_link(tag, "events", tag=_quoted(tag)) for tag in tags))
    subjects = record.get("subjects")
    if subjects:
        yield Fact("About", tuple(Text(subject["label"] or subject["code"]) for subject in subjects))
    identifiers = record.get("identifiers")
    if identifiers:
        yield Fact("Elsewhere", tuple(Text(f"{name['scheme']}: {name['value']}") for name in identifiers))


def _more_citations(resource: Resource, record: Record) -> str:
    return more_of(record["citations"], "citations", **{f"{resource.name}_id": record["id"]})


def _rights(record: Record) -> dict[str, Any]:
    """Return the credit line and the licence of a record: those of its briefing."""
    briefing = record.get("briefing")
    if not briefing:
        return {}
    licence = briefing["licence"]
    return {
        "credit": briefing["attribution"] or "",
        "licence": UNSTATED.get(licence, licence),
        "briefing": (RecordLink(briefing["title"], "briefings", briefing["id"]),),
    }
