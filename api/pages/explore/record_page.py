"""The content of the page of a record: its facts in words, who asserts and who denies it, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.catalog import Field, Group, Resource, Version
from api.pages.explore.columns import (
    Record,
    day_part,
    document_label,
    role_part,
    source_label,
    term_meaning,
    term_of,
    term_words,
    wording_part,
    write_coordinates,
)
from api.pages.explore.facts import (
    Fact,
    certainty_fact,
    describe_figure,
    dispute_fact,
    event_fact,
    field_title,
    first_value,
    link_fact,
    period_fact,
    place_fact,
    precision_words,
    present_facts,
    said_dispute_fact,
    said_fact,
    series_fact,
    shared_facts,
    value_fact,
)
from api.pages.explore.parts import (
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
from api.pages.explore.sections import (
    Section,
    SectionEntry,
    document_entry,
    events_section,
    figures_section,
    list_link,
    member_entry,
    more_of,
    participants_section,
    quotes_section,
    related_section,
)
from api.pages.explore.stances import StanceGroup, agreement, stance_groups
from api.pages.explore.words import (
    TIME_PRECISION,
    country_name,
    sentence,
    write_bounds,
    write_figure,
    write_licence,
    write_time,
)
from api.rest.include import Tree

CITED = ("citations.source", "citations.blames", "citations.via", "citations.document.publisher")
# The links that the page of a record includes, as paths.
INCLUDED: dict[str, tuple[str, ...]] = {
    "event": (
        *("briefing.publisher", "participants.source", "related.event", "figures.citations.source", "quotes"),
        *CITED,
    ),
    "figure": ("briefing.publisher", "event", "place", *CITED),
    "quote": ("briefing.publisher", "event", "speaker.affiliation", "addressee", *CITED),
    "source": ("affiliation", "members", "quotes", "documents"),
    "document": ("publisher",),
    "place": ("events", "figures"),
    "briefing": ("publisher", "events", "figures"),
}


@dataclass(frozen=True)
class RecordPage:
    """The page of a record. `quotation` is the text of a quote, and `language` that of its words or its title."""

    title: str
    badges: Parts
    lead: str = ""
    language: str = ""
    quotation: str = ""
    facts: tuple[Fact, ...] = ()
    agreement: Parts = ()
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


def record_page(version: Version, resource: Resource, record: Record, *, in_series: bool = False) -> RecordPage:
    """Return what the page of a record shows. A figure that is `in_series` leads to the others of its series."""
    make_page = PAGES.get(resource.name, _any_page)
    page = make_page(version, resource, record)
    if not in_series:
        return page
    return replace(page, facts=(*page.facts, Fact("Series", series_fact(record))))


def _event_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    time = record["time"]
    when: list[Part] = [Text(sentence(write_time(time)))]
    if time["starts_at"]:
        when = [Time(sentence(write_time(time)), time["starts_at"])]
    when.append(Text(TIME_PRECISION[time["precision"]], soft=True))
    if time["text"]:
        when.append(Text(f"“{time['text']}”", soft=True))
    facts = [
        Fact("When", tuple(when)),
        Fact("Where", place_fact(record)),
        Fact("Status", term_meaning(resource, "status", record["status"])),
        Fact("Kind", term_meaning(resource, "kind", record["kind"])),
        Fact("Sources", dispute_fact(record)),
        *shared_facts(record),
    ]
    return RecordPage(
        title=record["title"],
        badges=term_of(resource, record, "kind") + term_of(resource, record, "status") + dispute_part(record),
        lead=record["summary"] or "",
        language=record["language"],
        facts=present_facts(facts),
        agreement=agreement(resource, record),
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
        Fact("How exact", term_meaning(resource, "quantifier", amount["quantifier"])),
        Fact("Bounds", text_part(sentence(bounds) if bounds else None) + text_part(basis_of_bounds, soft=True)),
        Fact("Unit", text_part(amount["unit"])),
        Fact("As of", day_part(record["as_of"])),
        Fact("Counts", period_fact(resource, record)),
        Fact("Status", term_meaning(resource, "status", record["status"])),
        Fact("Sources", dispute_fact(record)),
        Fact("Event", event_fact(record)),
        Fact("Where", place_fact(record)),
        Fact("Bear in mind", text_part(record["caveat"])),
        *shared_facts(record),
    ]
    return RecordPage(
        title=sentence(write_figure(record)),
        badges=badge_part(record["measure"], resource.fields["measure"].type.of)
        + term_of(resource, record, "status")
        + dispute_part(record),
        lead=describe_figure(record),
        facts=present_facts(facts),
        agreement=agreement(resource, record),
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
            record_part("sources", speaker, record["speaker_id"], label) + role_part(record),
        ),
        Fact(
            "To",
            record_part("sources", record["addressee"], record["addressee_id"], source_label(record["addressee"])),
        ),
        Fact("Said", said_fact(record)),
        Fact("Wording", term_meaning(resource, "quote_type", record["quote_type"])),
        Fact("How sure", certainty_fact(resource, record)),
        Fact("Made public", text_part(term_words(resource, "medium", record["medium"])) + text_part(record["venue"])),
        Fact("Around it", text_part(record["context"])),
        Fact("As first said", text_part(original["text"]) + text_part(original["language"], soft=True)),
        Fact("Sources", said_dispute_fact(record)),
        Fact("Event", event_fact(record)),
        *shared_facts(record),
    ]
    return RecordPage(
        title=f"{sentence(label)} {record['cue'] or 'said'}",
        badges=wording_part(record) + open_dispute_part(record),
        quotation=record["text"],
        language=record["language"],
        facts=present_facts(facts),
        agreement=agreement(resource, record),
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
        *shared_facts(record),
    ]
    members = [member_entry(member) for member in record["members"]["data"]]
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
        facts=present_facts(facts),
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
        *shared_facts(record),
    ]
    lists = (SectionEntry((list_link("What was read in it", "citations", document_id=record["id"]),)),)
    return RecordPage(
        title=document_label(record),
        badges=term_of(resource, record, "kind"),
        facts=present_facts(facts),
        sections=(Section("Where it is cited", lists),),
    )


def _place_page(version: Version, resource: Resource, record: Record) -> RecordPage:
    facts = [
        Fact("As reported", text_part(record["name_as_reported"])),
        Fact("Country", text_part(country_name(record["country"]) if record["country"] else None)),
        Fact("Region", text_part(record["admin1"])),
        Fact("Coordinates", text_part(write_coordinates(record)) + text_part(precision_words(record), soft=True)),
        *shared_facts(record),
    ]
    return RecordPage(
        title=record["name"],
        badges=term_of(resource, record, "geo_precision"),
        facts=present_facts(facts),
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
        *shared_facts(record),
    ]
    identifier = record["id"]
    quotes = (SectionEntry((list_link("What was said", "quotes", briefing_id=identifier),)),)
    return RecordPage(
        title=record["title"],
        badges=(),
        lead=record["summary"] or "",
        language=record["language"],
        facts=present_facts(facts),
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
    facts: list[Fact] = []
    for part in resource.layout:
        if isinstance(part, Field) and not part.derived and not part.identity:
            facts.append(Fact(field_title(part.name), value_fact(resource, part, record[part.name])))
        elif isinstance(part, Group):
            for key, member in resource.within(part).items():
                parts = value_fact(resource, member, record[part.name][key])
                facts.append(Fact(field_title(member.name), parts))
    links = [link for link in resource.links.values() if link.single]
    facts += [Fact(field_title(link.name), link_fact(version, link, record)) for link in links]
    facts += shared_facts(record)
    names = (*resource.label, "title", "name", "text")
    title = first_value(record, names) or record["id"]
    stances = stance_groups(version, record) if "citations" in record else ()
    return RecordPage(title=str(title), badges=(), facts=present_facts(facts), stances=stances)


PAGES: dict[str, Callable[[Version, Resource, Record], RecordPage]] = {
    "event": _event_page,
    "figure": _figure_page,
    "quote": _quote_page,
    "source": _source_page,
    "document": _document_page,
    "place": _place_page,
    "briefing": _briefing_page,
}


def _present_sections(sections: Sequence[Section]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section.entries)


def _more_citations(resource: Resource, record: Record) -> str:
    return more_of(record["citations"], "citations", **{f"{resource.name}_id": record["id"]})


def _rights(record: Record) -> dict[str, Any]:
    """Return the credit line and the licence of a record: those of its briefing."""
    briefing = record.get("briefing")
    if not briefing:
        return {}
    return {
        "credit": briefing["attribution"] or "",
        "licence": sentence(write_licence(briefing["licence"])),
        "briefing": (RecordLink(briefing["title"], "briefings", briefing["id"]),),
    }
