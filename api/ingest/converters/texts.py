"""Conversions of texts and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

from api.ingest.converters.values import ConversionError, Convert, Converter, Tables, digest, text
from api.ingest.formatting import shown
from api.ingest.messages import closest

PATTERN_MEMORY = 1 << 23  # bytes that RE2 may use for a pattern


def _split(argument: str, _: Tables) -> Convert:
    mark = {"line": "\n", "": ","}.get(argument, argument)
    return lambda value: value if isinstance(value, list) else [part.strip() for part in text(value).split(mark)]


def _element(argument: str, _: Tables) -> Convert:
    plain = argument.removeprefix("-")
    if not (plain.isdecimal() and plain.isascii() and int(plain)):
        raise ConversionError("element takes a position, such as element:1 for the first or element:-1 for the last")
    position = int(argument) - (int(argument) > 0)

    def convert(value: Any) -> Any:
        parts = value if isinstance(value, list) else [value]
        found = parts[position] if -len(parts) <= position < len(parts) else None
        return found or None if isinstance(found, str) else found

    return convert


def _join(argument: str, _: Tables) -> Convert:
    mark = {"line": "\n", "": ", "}.get(argument, argument)

    def convert(value: Any) -> str | None:
        parts = value if isinstance(value, list) else [value]
        return mark.join(text(part) for part in parts if part not in (None, "")) or None

    return convert


def _mapped(argument: str, tables: Tables) -> Convert:
    if argument not in tables.maps:
        raise ConversionError(f"there is no [maps.{argument}]{closest(argument, tables.maps)}")
    terms = tables.maps[argument]
    starts = [(name[:-1], term) for name, term in terms.items() if name.endswith("*")]

    def convert(value: Any) -> Any:
        plain = text(value)
        if plain in terms:
            return terms[plain] or None
        for start, term in starts:
            if plain.startswith(start):
                return term or None
        raise ConversionError(
            f"expected one of {', '.join(map(shown, terms))} of [maps.{argument}], got {shown(value)}"
        )

    return convert


def _match(argument: str, tables: Tables) -> Convert:
    name, _, group = argument.partition(".")
    if name not in tables.patterns:
        raise ConversionError(f"there is no pattern {name} in [patterns]{closest(name, tables.patterns)}")
    pattern = compiled(tables.patterns[name])
    if group and group not in pattern.groupindex:
        raise ConversionError(f"the pattern {name} has no group {group}{closest(group, pattern.groupindex)}")
    if not group and pattern.groups > 1:
        raise ConversionError(
            f"the pattern {name} has several groups: name one, as in match:{name}.year for (?P<year>[0-9]+)"
        )
    wanted = group or min(pattern.groups, 1)

    def convert(value: Any) -> str | None:
        plain = text(value)
        try:
            found = pattern.search(plain)
        except UnicodeEncodeError:
            raise ConversionError("expected Unicode, and half of a surrogate pair is none") from None
        if not found:
            raise ConversionError(f"expected text with {pattern.pattern} [patterns.{name}] in it, got {shown(plain)}")
        part: str | None = found.group(wanted)
        return part or None

    return convert


def compiled(pattern: str) -> Any:
    """Compile a regular expression with RE2, which takes linear time. ConversionError if it is not valid."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ConversionError(f"expected a regular expression of RE2, got {shown(pattern)}: {detail}") from None


def _short(argument: str, _: Tables) -> Convert:
    if not argument.isdecimal() or not 0 < int(argument) <= 20_000:
        raise ConversionError("short takes a number of characters, such as short:200")
    most = int(argument)

    def convert(value: Any) -> str:
        plain = text(value)
        return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"

    return convert


def _hash(_: str, __: Tables) -> Convert:
    return lambda value: digest(text(value))[:32]


def _worded(change: Callable[[str, str], Any]) -> Callable[[str, Tables], Convert]:
    return lambda argument, _: lambda value: change(text(value), argument)


CONVERTERS: dict[str, Converter] = {
    "split": Converter("a list: the parts between the mark, a comma or `line` for a new line", _split, "may"),
    "element": Converter(
        "one element of a list: element:1 is the first, element:-1 the last", _element, "must", of_lists=True
    ),
    "join": Converter(
        "a text: the elements of a list with the mark between them, a comma by default", _join, "may", of_lists=True
    ),
    "map": Converter(
        "what [maps.NAME] has for it; `start*` is whatever begins so, and an empty term is nothing", _mapped, "must"
    ),
    "match": Converter(
        "the group of the regular expression [patterns] NAME, or all that matches; match:NAME.GROUP if it has several",
        _match,
        "must",
    ),
    "short": Converter("the text, cut to so many characters", _short, "must"),
    "lower": Converter("the text in lower case", _worded(lambda value, _: value.lower())),
    "upper": Converter("the text in upper case", _worded(lambda value, _: value.upper())),
    "words": Converter("the text on one line, with single spaces", _worded(lambda value, _: " ".join(value.split()))),
    "hash": Converter("32 hexadecimal digits that stand for the text (SHA-256), for keys", _hash),
    "trim": Converter("the text without these characters at its ends", _worded(str.strip), "must"),
    "only": Converter("the text if it is this one, else nothing", _worded(lambda a, b: a if a == b else None), "must"),
    "except": Converter("the text unless it is this one", _worded(lambda a, b: a if a != b else None), "must"),
}
