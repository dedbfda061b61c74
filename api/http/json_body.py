"""Read JSON strictly: a name that is given twice is refused, as in a URL.

JSON readers differ in which of the two values they take, so a proxy that checks a body may have seen the other one.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_NAME = 100


def read_json(text: bytes | str) -> Any:
    """Return the value of a JSON text. ValueError says what is wrong with the text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"Expected JSON: {error}.") from None
    try:
        # orjson drops repeated names silently; Python's reader passes on every pair. Numbers stay text, because they
        # may have thousands of digits.
        json.loads(text, object_pairs_hook=_check_names, parse_int=str, parse_float=str)
    except RecursionError:
        raise ValueError("Expected less deeply nested JSON.") from None
    return value


def _check_names(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"Expected each name once in an object; {name[:MAX_NAME]!r} is given twice.")
        seen.add(name)
