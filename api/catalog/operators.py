"""The operators that a filter may have, each a row: how a URL spells it, how GraphQL does, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# The kinds of value that filters take.
ValueKind = Literal["list", "value", "boolean", "bbox", "near", "identifier"]


@dataclass(frozen=True)
class Operator:
    """An operator. `suffix` follows the field's name in a URL; `key` is the GraphQL input field; `meaning` is
    documentation; `takes` is the kind of its value."""

    name: str
    suffix: str
    key: str
    meaning: str
    takes: ValueKind = "value"


OPERATORS: dict[str, Operator] = {
    row.name: row
    for row in (
        Operator("in", "", "in", "Any of these values, separated by commas.", takes="list"),
        Operator("has", "", "has", "Holds any of these values, separated by commas.", takes="list"),
        Operator("is", "", "is", "Is so, or is not.", takes="boolean"),
        Operator("gte", "_gte", "gte", "At or after, at least."),
        Operator("after", "", "after", "After this number."),
        Operator("lt", "_lt", "lt", "Before, less than."),
        Operator("null", "_null", "isNull", "`true`: has no value; `false`: has one.", takes="boolean"),
        Operator("bbox", "", "bbox", "Inside west,south,east,north in degrees (RFC 7946).", takes="bbox"),
        Operator("near", "", "near", "Within a distance: latitude,longitude,kilometres.", takes="near"),
        Operator("identifier", "", "has", "Has this outside identifier, as scheme:value.", takes="identifier"),
        Operator("subject", "", "has", "Has this subject, as scheme:code.", takes="identifier"),
    )
}
