"""Citations side by side: who stands behind a record, who denies it, and who is blamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.catalog import Resource, Version
from api.pages.explore.columns import (
    Record,
    source_label,
    term_of,
    term_words,
)
from api.pages.explore.parts import (
    Parts,
    RecordLink,
    record_part,
    web_part,
)
from api.pages.explore.words import (
    cut,
    humanize,
)

# How citations are set side by side: the title of each group, and the stances in it.
STANCES = (
    ("Says so", ("asserts", "confirms")),
    ("Denies or disputes", ("denies", "disputes", "retracts")),
    ("Blames", ("blames",)),
    ("Neither confirms nor denies", ("could_not_verify", "declines_comment")),
)
SAID_BY_TITLE = ("asserts", "blames")


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
    known = {stance for _, stances in STANCES for stance in stances}
    others = tuple(citation["stance"] for citation in citations if citation["stance"] not in known)
    groups = []
    for title, stances in (*STANCES, ("Other stances", others)):
        views = [_view_citation(resource, citation) for citation in citations if citation["stance"] in stances]
        if views:
            groups.append(StanceGroup(title, tuple(views)))
    return tuple(groups)


def _view_citation(resource: Resource, citation: Record) -> CitationView:
    source, blames, document = (citation.get(name) for name in ("source", "blames", "document"))
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
    label = (document["title"] or document["url"] or document["id"]) if document else ""
    parts = record_part("documents", document, identifier, cut(label, 80))
    if document and document["url"]:
        parts += web_part(document["url"], "open")
    return parts
