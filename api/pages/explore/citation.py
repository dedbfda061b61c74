"""Write how to cite a record: who says what, where it was read, and which state of the record was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from api.catalog import Resource
from api.pages.explore.columns import Record, assertions, document_label, source_label, speaker_role
from api.pages.explore.words import cut, plain_line, sentence, write_figure, write_moment, write_time
from api.pages.files import TITLE

# Sources that are named. There may be more.
MAX_SOURCES = 3
# Longest words of a quote or a title, in letters.
MAX_LETTERS = 400
# Ends of sentences. Others get a full stop.
ENDS = (".", "!", "?", ".”", "!”", "?”")


@dataclass(frozen=True)
class Seen:
    """The state that a reader sees: the permanent address of a record, the edition of the data, and the day in words.
    `day` is empty for a state that no load changes."""

    address: str
    edition: str
    day: str


def write_citation(resource: Resource, record: Record, title: str, seen: Seen) -> list[str]:
    """Return the citation of a record, as statements that follow each other."""
    write_own = OWN.get(resource.name)
    own = write_own(record) if write_own else plain_line(title)
    edition = f", edition {seen.edition}" if seen.edition else ""
    seen_in = f"{TITLE}, {resource.name} {record['id']}, revision {record['revision']}{edition}"
    # The address has no full stop, which would be a part of it.
    statements = [*map(_end, (own, *_read_in(record), seen_in)), seen.address]
    if seen.day:
        statements.append(_end(f"Accessed on {seen.day}"))
    return statements


def _end(statement: str) -> str:
    return statement if statement.endswith(ENDS) else f"{statement}."


def write_event(event: Record) -> str:
    """Return an event with its time and with the sources that say so."""
    said_by = _says_so(event)
    source = f", according to {said_by}" if said_by else ""
    return f"{_line(event['title'])}, {write_time(event['time'])}{source}"


def write_figure_of_source(figure: Record) -> str:
    """Return a figure with its day, after the sources that give it."""
    said_by = _says_so(figure)
    words = write_figure(figure)
    words = f"{sentence(said_by)}: {words}" if said_by else sentence(words)
    as_of = f", as of {write_moment(figure['as_of'], 'day')}" if figure["as_of"] else ""
    return f"{words}{as_of}"


def write_quote(quote: Record) -> str:
    """Return the words of a quote after their speaker, and when they were said."""
    speaker = sentence(source_label(quote["speaker"]))
    role = speaker_role(quote)
    words = _line(quote["text"]).rstrip(".") if quote["quote_type"] == "indirect" else f"“{_line(quote['text'])}”"
    paraphrase = " (paraphrase)" if quote["quote_type"] == "indirect" else ""
    said_at = f", said {_said(quote)}" if quote["said_at"] else ""
    return f"{speaker}{f' ({role})' if role else ''}: {words}{paraphrase}{said_at}"


def write_document(document: Record) -> str:
    """Return a document with its publisher and its day."""
    return ", ".join(_published(_line(document_label(document)), document))


OWN: dict[str, Callable[[Record], str]] = {
    "event": write_event,
    "figure": write_figure_of_source,
    "quote": write_quote,
    "document": write_document,
    "briefing": write_document,
}


def _said(quote: Record) -> str:
    words = write_moment(quote["said_at"], quote["time_precision"])
    return words if quote["time_precision"] in ("week", "month", "year") else f"on {words}"


def _read_in(record: Record) -> Iterator[str]:
    """Yield the document in which a record was read, as its sources name it; the briefing of the record if they name
    none, because that may have been published earlier."""
    if "citations" not in record:
        return
    document = _find_document(record)
    if document:
        yield "In: " + ", ".join(_published(f"“{_line(document_label(document))}”", document))
    elif record.get("briefing"):
        briefing = record["briefing"]
        yield "Briefing: " + ", ".join(_published(f"“{_line(document_label(briefing))}”", briefing))


def _find_document(record: Record) -> Record | None:
    """Return the first document of the sources that stand behind a record; None if they name none."""
    for citation in assertions(record):
        document: Record | None = citation.get("document")
        if document:
            return document
    return None


def _published(name: str, document: Record) -> Iterator[str]:
    yield name
    if document.get("publisher"):
        yield source_label(document["publisher"])
    if document.get("published_at"):
        yield write_moment(document["published_at"], "day")


def _says_so(record: Record) -> str:
    """Return the first sources that stand behind a record; empty if it names none."""
    sources = {citation["source_id"]: citation.get("source") for citation in assertions(record)}
    names = [_line(source_label(source)) for source in sources.values()]
    if len(names) > MAX_SOURCES:
        names = [*names[:MAX_SOURCES], "others"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _line(text: str) -> str:
    return cut(plain_line(text), MAX_LETTERS)
