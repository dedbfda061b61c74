"""Citations side by side: who stands behind a record, who denies it, and who is blamed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.catalog import Resource, Version
from api.compiler.series import STANDS_BEHIND
from api.pages.explore.columns import (
    Record,
    document_label,
    source_label,
    term_of,
    term_words,
)
from api.pages.explore.parts import (
    Parts,
    RecordLink,
    Text,
    join_parts,
    record_part,
    text_part,
    web_part,
)
from api.pages.explore.words import (
    cut,
    humanize,
    sentence,
)

SAYS_SO = "Says so"
# The group of those who say so with a reservation, and the certainties that are one.
RESERVED = "Calls it likely, possible or unlikely"
RESERVATIONS = ("likely", "possible", "unlikely")
# How citations are set side by side: the title of each group, and the stances in it.
STANCES = (
    (SAYS_SO, STANDS_BEHIND),
    ("Denies or disputes", ("denies", "disputes", "retracts")),
    ("Blames", ("blames",)),
    ("Neither confirms nor denies", ("could_not_verify", "declines_comment")),
)
SAID_BY_TITLE = ("asserts", "blames")
# What the sources of a stance do, one of them and several.
DENIALS = {
    "denies": ("denies it", "deny it"),
    "disputes": ("disputes it", "dispute it"),
    "retracts": ("takes back what it said", "take back what they said"),
}


@dataclass(frozen=True)
class CitationView:
    """A citation: who speaks, in which capacity and how surely; what is said; who relayed it; and where it was read."""

    source: Parts
    role: str
    stance: Parts
    blames: Parts
    certainty: str
    statement: str
    excerpt: dict[str, Any] | None
    relayed_by: tuple[Parts, ...]
    read_in: Parts
    medium: str


@dataclass(frozen=True)
class StanceGroup:
    """The citations that take the same side."""

    title: str
    citations: tuple[CitationView, ...]


def stance_groups(version: Version, record: Record) -> tuple[StanceGroup, ...]:
    """Return the citations of a record, those that take the same side together."""
    citations = record["citations"]["data"]
    resource = version["citation"]
    titles: dict[str, str] = {}
    for title, stances in STANCES:
        titles |= dict.fromkeys(stances, title)
    views: dict[str, list[CitationView]] = {title: [] for title in (SAYS_SO, RESERVED, *titles.values())}
    for citation in citations:
        title = titles.get(citation["stance"], "Other stances")
        if title == SAYS_SO and citation["certainty"] in RESERVATIONS:
            title = RESERVED
        views.setdefault(title, []).append(_view_citation(resource, citation))
    return tuple(StanceGroup(title, tuple(group)) for title, group in views.items() if group)


def agreement(resource: Resource, record: Record) -> Parts:
    """Return a sentence about how far the sources of a record agree: who denies it, or whom they blame."""
    status = record["dispute"]["status"]
    citations = record["citations"]["data"]
    if status == "undisputed":
        return text_part(
            "No source disputes that this was said." if resource.name == "quote" else "No source denies it."
        )
    if status == "blame_disputed":
        return text_part(_agreement_on_blame(resource, citations))
    parts: Parts = ()
    for stance, (verb, verb_of_several) in DENIALS.items():
        sources = _name_sources(citation for citation in citations if citation["stance"] == stance)
        if sources:
            joined = join_parts(sources)
            end = f"{verb if len(sources) == 1 else verb_of_several}."
            parts += (*joined, Text(end))
    # The citations of a page are the first ones of a record.
    return parts or text_part("A source denies or disputes it.")


def _agreement_on_blame(resource: Resource, citations: list[Record]) -> str:
    blames = {(citation["source_id"], citation["blames_id"]) for citation in citations if citation["blames_id"]}
    # The citations of a page are the first ones of a record.
    blame = "but sources blame different parties"
    if any((blamed, source) in blames for source, blamed in blames):
        blame = "they blame each other"
    return f"Nobody denies {'that it happened' if resource.name == 'event' else 'it'}; {blame}."


def _name_sources(citations: Iterable[Record]) -> list[Parts]:
    """Return the sources of citations, each once."""
    sources = {citation["source_id"]: citation.get("source") for citation in citations}
    names = []
    for identifier, source in sources.items():
        label = sentence(source_label(source))
        names.append(record_part("sources", source, identifier, label))
    return names


def _view_citation(resource: Resource, citation: Record) -> CitationView:
    source, blames, document = citation.get("source"), citation.get("blames"), citation.get("document")
    return CitationView(
        source=record_part("sources", source, citation["source_id"], source_label(source)),
        role=citation["source_role"] or "",
        # The title of its group says it of the others.
        stance=() if citation["stance"] in SAID_BY_TITLE else term_of(resource, citation, "stance"),
        blames=record_part("sources", blames, citation["blames_id"], source_label(blames)),
        certainty=humanize(citation["certainty"]) if citation["certainty"] else "",
        statement=citation["statement"] or "",
        excerpt=citation["excerpt"],
        relayed_by=tuple((RecordLink(source_label(via), "sources", via["id"]),) for via in citation.get("via") or []),
        read_in=_read_in(document, citation["document_id"]) if "document" in citation else (),
        medium=term_words(resource, "medium", citation["medium"]).rstrip("."),
    )


def _read_in(document: Record | None, identifier: str | None) -> Parts:
    label = cut(document_label(document), 80) if document else ""
    parts = record_part("documents", document, identifier, label)
    if document and document["url"]:
        parts += web_part(document["url"], "open")
    return parts
