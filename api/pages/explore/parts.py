"""The parts that cells and facts of pages consist of. The template `parts.html` has the HTML of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from api.model import Vocabulary
from api.pages.explore.words import DISPUTES, cut, humanize, sentence

Tone = Literal["plain", "warn", "alert", "good"]
WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Text:
    """A text of a record. A soft one is less important than the others."""

    text: str
    soft: bool = False
    part: str = "text"


@dataclass(frozen=True)
class RecordLink:
    """A link to the page of a record."""

    text: str
    plural: str
    id: str
    part: str = "record"


@dataclass(frozen=True)
class ListLink:
    """A link to a list with filters: its path and query below the explorer."""

    text: str
    address: str
    part: str = "list"


@dataclass(frozen=True)
class WebLink:
    """A link to a page of another site."""

    text: str
    url: str
    part: str = "web"


@dataclass(frozen=True)
class Badge:
    """A term of a vocabulary, with its meaning."""

    text: str
    meaning: str = ""
    tone: Tone = "plain"
    part: str = "badge"


@dataclass(frozen=True)
class Time:
    """A time in words, and as a machine reads it."""

    text: str
    moment: str
    part: str = "time"


Part = Text | RecordLink | ListLink | WebLink | Badge | Time
Parts = tuple[Part, ...]


def text_part(text: str | None, *, soft: bool = False) -> Parts:
    """Return a text as parts; none without a text."""
    return (Text(text, soft),) if text else ()


def web_part(url: str | None, text: str = "") -> Parts:
    """Return a link to another site. An address of another scheme than HTTP is only shown."""
    if not url:
        return ()
    if not WEB.match(url):
        return (Text(url),)
    return (WebLink(text or cut(url, 60), url),)


def badge_part(term: str | None, vocabulary: type[Vocabulary] | None, tone: Tone = "plain") -> Parts:
    """Return a term as a badge, with its meaning in the vocabulary; none without a term."""
    if not term:
        return ()
    meaning = vocabulary.terms().get(term, "") if vocabulary else ""
    return (Badge(humanize(term), meaning, tone),)


def dispute_part(record: dict[str, Any]) -> Parts:
    """Return a badge that says whether sources disagree about a record, and how."""
    status = record["dispute"]["status"]
    tones: dict[str, Tone] = {"undisputed": "good", "disputed": "alert", "blame_disputed": "warn"}
    text, meaning = DISPUTES.get(status, (sentence(humanize(status)), ""))
    return (Badge(text, meaning, tones.get(status, "plain")),)


def open_dispute_part(record: dict[str, Any]) -> Parts:
    """Return the badge of a dispute; none if sources do not disagree."""
    return () if record["dispute"]["status"] == "undisputed" else dispute_part(record)


def join_parts(members: Sequence[Parts]) -> Parts:
    """Return parts with "and" between them."""
    joined: list[Part] = []
    for place, parts in enumerate(members):
        if place:
            joined.append(Text("and"))
        joined += parts
    return tuple(joined)


def record_part(plural: str, record: dict[str, Any] | None, identifier: str | None, label: str) -> Parts:
    """Return a link to a linked record; a note without a link if it was withdrawn; none if the link has no id."""
    if not identifier:
        return ()
    if record is None:
        return (Text("withdrawn", soft=True),)
    return (RecordLink(label, plural, identifier),)
