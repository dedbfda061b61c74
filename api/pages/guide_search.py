"""Search the guide: its sections that contain all words, those with the words in their headings first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from api.pages.guide import GuidePage, GuideSection, list_pages

MAX_WORDS = 10
MAX_HITS = 30
# Letters around the first word in an excerpt.
AROUND = 110
WORD = re.compile(r"[\w.-]*\w")
# How much a word counts: in the heading of a section, in the title of its page, and each time in its text.
IN_HEADING, IN_TITLE, IN_TEXT = 20, 5, 1
MAX_IN_TEXT = 5


@dataclass(frozen=True)
class Piece:
    """A piece of an excerpt, and whether it is one of the words."""

    text: str
    is_word: bool


@dataclass(frozen=True)
class Hit:
    """A section that was found, with an excerpt of its text."""

    page: GuidePage
    section: GuideSection
    excerpt: tuple[Piece, ...]


def search_guide(query: str) -> list[Hit]:
    """Return the best sections for a query: each contains all of its words, in any case and as parts of other words."""
    words = list(dict.fromkeys(word.lower() for word in WORD.findall(query)))
    # Single letters say nothing beside words.
    words = ([word for word in words if len(word) > 1] or words[:1])[:MAX_WORDS]
    if not words:
        return []
    scored = []
    for page in list_pages():
        for section in page.sections:
            score = _score(words, page, section)
            if score:
                scored.append((score, page, section))
    # The sort is stable: equal sections stay in the order of the guide.
    scored.sort(key=lambda entry: -entry[0])
    return [Hit(page, section, _excerpt(words, section.text)) for _, page, section in scored[:MAX_HITS]]


def _score(words: list[str], page: GuidePage, section: GuideSection) -> int:
    """Return how well a section fits; 0 if it lacks a word."""
    heading, title = section.heading.text.lower(), page.title.lower()
    if not all(word in section.lower_text or word in heading or word in title for word in words):
        return 0
    total = 0
    for word in words:
        score = IN_TEXT * _count(word, section.lower_text)
        score += IN_HEADING * (word in heading)
        total += score + IN_TITLE * (word in title)
    return total


def _count(word: str, text: str) -> int:
    """Return how often a word is in a text, at most so often: a search is free, and a letter is everywhere."""
    place = -1
    for number in range(MAX_IN_TEXT):
        place = text.find(word, place + 1)
        if place < 0:
            return number
    return MAX_IN_TEXT


def _excerpt(words: list[str], text: str) -> tuple[Piece, ...]:
    """Return the text around the first of the words, cut between words."""
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    first = pattern.search(text)
    place = first.start() if first else 0
    start = max(0, place - AROUND)
    if start:
        start = text.find(" ", start, place) + 1 or place
    end = start + 2 * AROUND
    if end < len(text):
        end = text.rfind(" ", place, end) if " " in text[place:end] else end
    pieces = list(_split(pattern, text[start:end]))
    if start:
        pieces.insert(0, Piece("… ", is_word=False))
    if end < len(text):
        pieces.append(Piece(" …", is_word=False))
    return tuple(pieces)


def _split(pattern: re.Pattern[str], text: str) -> Iterator[Piece]:
    place = 0
    for match in pattern.finditer(text):
        if match.start() > place:
            yield Piece(text[place : match.start()], is_word=False)
        yield Piece(match[0], is_word=True)
        place = match.end()
    if place < len(text):
        yield Piece(text[place:], is_word=False)
