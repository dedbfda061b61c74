"""Conversions of texts and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

from api.ingest.converters.values import ConversionError, Convert, Converter, MakeConvert, Tables, digest, text
from api.ingest.formatting import format_value
from api.ingest.messages import suggest_closest

PATTERN_MEMORY = 1 << 23  # bytes that RE2 may use for a pattern


def _make_split(argument: str, _: Tables) -> Convert:
    mark = {"line": "\n", "": ","}.get(argument, argument)

    def convert(value: Any) -> list[Any]:
        if isinstance(value, list):
            return value
        return [part.strip() for part in text(value).split(mark)]

    return convert


def _make_element(argument: str, _: Tables) -> Convert:
    digits = argument.removeprefix("-")
    is_number = digits.isdecimal() and digits.isascii()
    if not is_number or int(digits) == 0:
        raise ConversionError("element takes a position, such as element:1 for the first or element:-1 for the last")
    position = int(argument)
    index = position - 1 if position > 0 else position

    def convert(value: Any) -> Any:
        elements = _as_list(value)
        try:
            element = elements[index]
        except IndexError:
            return None
        return None if element == "" else element

    return convert


def _make_join(argument: str, _: Tables) -> Convert:
    mark = {"line": "\n", "": ", "}.get(argument, argument)

    def convert(value: Any) -> str | None:
        elements = _as_list(value)
        return mark.join(text(element) for element in elements if element not in (None, "")) or None

    return convert


def _as_list(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as a list of one element."""
    return value if isinstance(value, list) else [value]


def _make_map(argument: str, tables: Tables) -> Convert:
    if argument not in tables.maps:
        raise ConversionError(f"there is no [maps.{argument}]{suggest_closest(argument, tables.maps)}")
    terms = tables.maps[argument]
    prefixes = [(name[:-1], term) for name, term in terms.items() if name.endswith("*")]

    def convert(value: Any) -> Any:
        plain = text(value)
        if plain in terms:
            return terms[plain] or None
        for prefix, term in prefixes:
            if plain.startswith(prefix):
                return term or None
        expected = ", ".join(map(format_value, terms))
        raise ConversionError(f"expected one of {expected} of [maps.{argument}], got {format_value(value)}")

    return convert


def _make_match(argument: str, tables: Tables) -> Convert:
    name, _, group = argument.partition(".")
    if name not in tables.patterns:
        raise ConversionError(f"there is no pattern {name} in [patterns]{suggest_closest(name, tables.patterns)}")
    pattern = compiled(tables.patterns[name])
    if group and group not in pattern.groupindex:
        raise ConversionError(f"the pattern {name} has no group {group}{suggest_closest(group, pattern.groupindex)}")
    if not group and pattern.groups > 1:
        raise ConversionError(
            f"the pattern {name} has several groups: name one, as in match:{name}.year for (?P<year>[0-9]+)"
        )
    group_or_number: str | int = group or min(pattern.groups, 1)

    def convert(value: Any) -> str | None:
        plain = text(value)
        try:
            match = pattern.search(plain)
        except UnicodeEncodeError:
            raise ConversionError("expected Unicode, and half of a surrogate pair is none") from None
        if not match:
            raise ConversionError(
                f"expected text with {pattern.pattern} [patterns.{name}] in it, got {format_value(plain)}"
            )
        part: str | None = match.group(group_or_number)
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
        detail = str(error)
        if isinstance(error.args[0], bytes):
            detail = error.args[0].decode()
        raise ConversionError(f"expected a regular expression of RE2, got {format_value(pattern)}: {detail}") from None


def _make_short(argument: str, _: Tables) -> Convert:
    if not argument.isdecimal() or not 0 < int(argument) <= 20_000:
        raise ConversionError("short takes a number of characters, such as short:200")
    max_length = int(argument)

    def convert(value: Any) -> str:
        plain = text(value)
        if len(plain) <= max_length:
            return plain
        return plain[: max_length - 1].rstrip() + "…"

    return convert


def _text_converter(change: Callable[[str, str], str | None]) -> MakeConvert:
    """Make a conversion that passes the text of a value, and its own argument, to `change`."""

    def make(argument: str, _: Tables) -> Convert:
        def convert(value: Any) -> str | None:
            return change(text(value), argument)

        return convert

    return make


def _lower(plain: str, _: str) -> str:
    """Return the text in lower case."""
    return plain.lower()


def _upper(plain: str, _: str) -> str:
    """Return the text in upper case."""
    return plain.upper()


def _join_words(plain: str, _: str) -> str:
    """Return the text on one line, with single spaces."""
    return " ".join(plain.split())


def _hash(plain: str, _: str) -> str:
    """Return the first 32 hexadecimal digits of the SHA-256 of the text."""
    return digest(plain)[:32]


def _trim(plain: str, characters: str) -> str:
    """Return the text without these characters at its ends."""
    return plain.strip(characters)


def _only(plain: str, expected: str) -> str | None:
    """Return the text if it is the expected one, else None."""
    return plain if plain == expected else None


def _except(plain: str, excluded: str) -> str | None:
    """Return None if the text is the excluded one, else the text."""
    return None if plain == excluded else plain


CONVERTERS: dict[str, Converter] = {
    "split": Converter("a list: the parts between the mark, a comma or `line` for a new line", _make_split, "may"),
    "element": Converter(
        "one element of a list: element:1 is the first, element:-1 the last", _make_element, "must", of_lists=True
    ),
    "join": Converter(
        "a text: the elements of a list with the mark between them, a comma by default",
        _make_join,
        "may",
        of_lists=True,
    ),
    "map": Converter(
        "the term that [maps.NAME] has for the text; `start*` there matches all texts that begin with `start`, and an "
        "empty term gives nothing",
        _make_map,
        "must",
    ),
    "match": Converter(
        "the group of the regular expression [patterns] NAME, or all that matches; match:NAME.GROUP if it has several",
        _make_match,
        "must",
    ),
    "short": Converter("the text, cut to so many characters", _make_short, "must"),
    "lower": Converter("the text in lower case", _text_converter(_lower)),
    "upper": Converter("the text in upper case", _text_converter(_upper)),
    "words": Converter("the text on one line, with single spaces", _text_converter(_join_words)),
    "hash": Converter("32 hexadecimal digits that stand for the text (SHA-256), for keys", _text_converter(_hash)),
    "trim": Converter("the text without these characters at its ends", _text_converter(_trim), "must"),
    "only": Converter("the text if it is this one, else nothing", _text_converter(_only), "must"),
    "except": Converter("the text unless it is this one", _text_converter(_except), "must"),
}
