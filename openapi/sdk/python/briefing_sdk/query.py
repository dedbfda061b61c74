"""Format parameters for a URL: lists as one value with commas, times in RFC 3339."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


def format_parameters(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters by their names in the URL: `figures__measure`, a filter through a link, becomes
    `figures.measure`, and `from_` becomes `from`, which is a keyword of Python."""
    return {
        name.removesuffix("_").replace("__", "."): format_value(value)
        for name, value in parameters.items()
        if value is not None
    }


def format_value(value: Any) -> str:
    """Return one value as text. TypeError if it cannot stand in a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(quote_item, map(format_value, value)))
    raise TypeError(f"{value!r} cannot stand in a URL: expected text, a number, a time, or a list of these.")


def quote_item(item: str) -> str:
    """Return an item of a list. It is in double quotes if it has a comma, quotation mark or line break, as in CSV."""
    return '"' + item.replace('"', '""') + '"' if any(character in item for character in ',"\r\n') else item
