"""Format values of a file for messages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def one(noun: str) -> str:
    """Return the noun with its article: a source, an event."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def shown(value: Any) -> str:
    """Return a value for a message: short, and without characters that would act on a terminal."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    return printable(text if len(text) <= 80 else text[:77] + "...")


def printable(text: str) -> str:
    """Return a text with escapes for the characters that would act on a terminal or are not Unicode."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
