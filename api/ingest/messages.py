"""Describe problems with values to the author of a file: WORDS has a row for each type of error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from api.errors import Unknown
from api.ingest.formatting import shown
from api.ingest.scalar import MEANINGS
from api.model import ENTITIES, RECORDS
from api.suggest import Suggestions

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

_DERIVED = {field.name for one in RECORDS.values() for field in one.fields.values() if field.derived}
_COLUMNS = {link.column: link.name for one in ENTITIES.values() for link in one.references}


def _unknown(error: dict[str, Any], known: Iterable[str]) -> str:
    name = error["loc"][-1]
    if name in _DERIVED:
        return "the store derives this field: leave it out"
    if name in _COLUMNS:
        return f"unknown field; the link is called {_COLUMNS[name]}"
    return f"unknown field{closest(str(name), known)}"


def _term(error: dict[str, Any], _: Iterable[str]) -> str:
    terms = [part.strip("'") for part in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    return f"expected one of {', '.join(terms)}; {shown(error['input'])} is none{closest(str(error['input']), terms)}"


def _pattern(error: dict[str, Any], _: Iterable[str]) -> str:
    pattern = error["ctx"]["pattern"]
    return f"expected {MEANINGS.get(pattern, pattern)}, got {shown(error['input'])}"


def _saying(text: str) -> Callable[[dict[str, Any], Iterable[str]], str]:
    return lambda error, _: text.format(shown=shown(error["input"]), **error.get("ctx", {}))


WORDS: dict[str, Callable[[dict[str, Any], Iterable[str]], str]] = {
    "missing": _saying("expected, but it is missing"),
    "extra_forbidden": _unknown,
    "literal_error": _term,
    "refused": _saying("{detail}"),
    "string_type": _saying("expected text, got {shown}"),
    "string_unicode": _saying("expected Unicode, and half of a surrogate pair is none"),
    "string_too_short": _saying("expected some text; leave the field out where there is none"),
    "string_too_long": _saying("expected at most {max_length} characters"),
    "string_pattern_mismatch": _pattern,
    "list_type": _saying("expected a list, got {shown}"),
    "too_long": _saying("expected at most {max_length}, got {actual_length}"),
    "model_type": _saying("expected an object, got {shown}"),
    "dict_type": _saying("expected an object, got {shown}"),
}


def worded(error: Any, known: Iterable[str]) -> Problem:
    """Return an error of pydantic as a problem. `known` are the fields that the object may have."""
    return error["loc"], WORDS.get(error["type"], _saying(error["msg"].replace("{", "{{").replace("}", "}}")))(
        error, known
    )


def closest(word: str, known: Iterable[str]) -> str:
    """Return a guess at the word that was meant, to be appended to a sentence; empty if there is none."""
    found = Suggestions().nearest(Unknown(word, list(known)))
    return f"; did you mean {found}?" if found else ""


def joined(path: Path) -> str:
    """Return a path as text: citations[2].source."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
