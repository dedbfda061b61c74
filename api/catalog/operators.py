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


_DECLARED = (
    Operator("in", "", "in", "Matches any of these values, separated by commas.", takes="list"),
    Operator("has", "", "has", "Matches lists that contain any of these values, separated by commas.", takes="list"),
    Operator("is", "", "is", "Matches records with this value.", takes="boolean"),
    Operator("gte", "_gte", "gte", "Matches values equal to or greater than this one."),
    Operator("after", "", "after", "Matches numbers greater than this one."),
    Operator("lt", "_lt", "lt", "Matches values less than this one."),
    Operator(
        "null",
        "_null",
        "isNull",
        "`true` matches records without a value, `false` records with one.",
        takes="boolean",
    ),
    Operator("bbox", "", "bbox", "Given as west,south,east,north in degrees [RFC 7946].", takes="bbox"),
    Operator("near", "", "near", "Given as latitude,longitude,kilometres.", takes="near"),
    Operator(
        "identifier", "", "has", "Matches records with this identifier, given as scheme:value.", takes="identifier"
    ),
    Operator("subject", "", "has", "Matches records with this subject, given as scheme:code.", takes="identifier"),
)
OPERATORS: dict[str, Operator] = {operator.name: operator for operator in _DECLARED}
