"""Format values of a file for messages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

MAX_LENGTH = 80


def with_article(noun: str) -> str:
    """Return the noun with its article: a source, an event."""
    article = "an" if noun[0] in "aeiou" else "a"
    return f"{article} {noun}"


def format_value(value: Any) -> str:
    """Return a value for a message: short, and without characters that would act on a terminal."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 3] + "..."
    return printable(text)


def printable(text: str) -> str:
    """Return a text with escapes for the characters that would act on a terminal or are not Unicode."""
    if text.isprintable():
        return text
    return "".join(map(_escape, text))


def blank_unprintable(text: str) -> str:
    """Return a text with a space for each character that is not printable."""
    chars: list[str] = []
    for char in text:
        if char.isprintable():
            chars.append(char)
        else:
            chars.append(" ")
    return "".join(chars)


def _escape(char: str) -> str:
    return char if char.isprintable() else f"\\u{ord(char):04x}"
