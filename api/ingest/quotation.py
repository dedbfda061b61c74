"""A value out of a file, as a message about it can hold it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def shown(value: Any) -> str:
    """A value as a message can hold it: short, and without characters that would act on a terminal."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= 80 else text[:77] + "..."
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
