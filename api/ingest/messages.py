"""Describe problems with values to the author of a file: WORDS has a row for each type of error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pydantic_core import ErrorDetails

from api.errors import Unknown
from api.ingest.formatting import format_value
from api.ingest.scalar import MEANINGS
from api.model import ENTITIES, RECORDS
from api.suggest import Suggestions

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
Wording = Callable[[ErrorDetails, Iterable[str]], str]


def _derived_fields() -> set[str]:
    names: set[str] = set()
    for record in RECORDS.values():
        names.update(field.name for field in record.fields.values() if field.derived)
    return names


def _links_by_column() -> dict[str, str]:
    links: dict[str, str] = {}
    for entity in ENTITIES.values():
        links.update({link.column: link.name for link in entity.references})
    return links


_DERIVED = _derived_fields()
_COLUMNS = _links_by_column()


def _describe_unknown(error: ErrorDetails, known: Iterable[str]) -> str:
    name = error["loc"][-1]
    if name in _DERIVED:
        return "the store derives this field: leave it out"
    if name in _COLUMNS:
        return f"unknown field; the link is called {_COLUMNS[str(name)]}"
    return f"unknown field{suggest_closest(str(name), known)}"


def _describe_term(error: ErrorDetails, _: Iterable[str]) -> str:
    value = error["input"]
    expected: str = error["ctx"]["expected"]
    terms = [term.strip("'") for term in expected.replace(" or ", ", ").split(", ")]
    return f"expected one of {', '.join(terms)}; {format_value(value)} is none{suggest_closest(str(value), terms)}"


def _describe_pattern(error: ErrorDetails, _: Iterable[str]) -> str:
    pattern = error["ctx"]["pattern"]
    return f"expected {MEANINGS.get(pattern, pattern)}, got {format_value(error['input'])}"


def _fill_in(text: str, error: ErrorDetails, _: Iterable[str]) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    return text.format(format_value=format_value(error["input"]), **context)


def _saying(text: str) -> Wording:
    return partial(_fill_in, text)


WORDS: dict[str, Wording] = {
    "missing": _saying("expected, but it is missing"),
    "extra_forbidden": _describe_unknown,
    "literal_error": _describe_term,
    "refused": _saying("{detail}"),
    "string_type": _saying("expected text, got {format_value}"),
    "string_unicode": _saying("expected Unicode, and half of a surrogate pair is none"),
    "string_too_short": _saying("expected some text; leave the field out where there is none"),
    "string_too_long": _saying("expected at most {max_length} characters"),
    "string_pattern_mismatch": _describe_pattern,
    "list_type": _saying("expected a list, got {format_value}"),
    "too_long": _saying("expected at most {max_length}, got {actual_length}"),
    "model_type": _saying("expected an object, got {format_value}"),
    "dict_type": _saying("expected an object, got {format_value}"),
}


def worded(error: ErrorDetails, known: Iterable[str]) -> Problem:
    """Return an error of pydantic as a problem. `known` are the fields that the object may have."""
    describe = WORDS.get(error["type"])
    if describe is None:
        text = error["msg"].replace("{", "{{").replace("}", "}}")
        describe = _saying(text)
    return error["loc"], describe(error, known)


def suggest_closest(word: str, known: Iterable[str]) -> str:
    """Return a guess at the word that was meant, to be appended to a sentence; empty if there is none."""
    suggestion = Suggestions().nearest(Unknown(word, list(known)))
    return f"; did you mean {suggestion}?" if suggestion else ""


def joined(path: Path) -> str:
    """Return a path as text: citations[2].source."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}"
    return text.lstrip(".")
