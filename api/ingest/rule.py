"""Rules between the fields of one record, each a row of a table. The tables in sql/migrations check the same, except
for rules `for_changes`.

`schema` is the rule in JSON Schema, if that language can express it: it cannot compare two values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from api.model.units import SPELLINGS

# Measures that count persons, in any unit.
OF_PERSONS = frozenset(
    ("killed", "injured", "killed_or_injured", "missing", "captured", "displaced", "refugees", "people_at_risk")
)


@dataclass(frozen=True)
class Rule:
    """A rule between fields. `detail` is the text of the fault at `field` if a record breaks the rule.

    A rule `for_changes` was added after the format was defined. It applies to records that are created or changed, not
    to those that a store has already, nor to snapshots of it. So neither the tables nor the JSON Schema check it.
    """

    field: str
    detail: str
    holds: Callable[[Any], bool]
    schema: dict[str, Any] = dataclasses.field(default_factory=dict)
    for_changes: bool = False


def _ordered(low: Any, high: Any) -> bool:
    """Return True if `low` is at most `high`, or if one of them is missing. Times are text in UTC. Without the Z, they
    sort as text."""
    if isinstance(low, str) and isinstance(high, str):
        return low.rstrip("Z") <= high.rstrip("Z")
    return low is None or high is None or low <= high


def _bounded(row: Any) -> bool:
    return row.value_low is not None or row.value_high is not None


def _present(*names: str) -> dict[str, Any]:
    return {"properties": {name: {"not": {"type": "null"}} for name in names}, "required": list(names)}


def _any(*names: str) -> dict[str, Any]:
    return {"anyOf": [_present(name) for name in names]}


def _when(condition: dict[str, Any], consequence: dict[str, Any]) -> dict[str, Any]:
    return {"if": condition, "then": consequence}


def _is(name: str, *terms: str) -> dict[str, Any]:
    return {"properties": {name: {"enum": list(terms)}}, "required": [name]}


def _time_needed(name: str) -> dict[str, Any]:
    precise = {"properties": {"time_precision": {"not": {"const": "unknown"}}}, "required": ["time_precision"]}
    return _when(precise, _present(name))


def _dated(name: str) -> Rule:
    """Require the printed date if a time is given by the day or more coarsely. Another zone could change the day."""
    return Rule(
        name,
        "expected the printed date at 00:00:00Z, as it is told by the day or more coarsely",
        lambda row: (
            getattr(row, name) is None
            or row.time_precision not in ("day", "week", "month", "year")
            or getattr(row, name).endswith("T00:00:00Z")
        ),
    )


def _whole_persons(name: str, row: Any) -> bool:
    value = getattr(row, name)
    return value is None or row.unit.casefold() not in SPELLINGS["persons"] or (value >= 0 and value == int(value))


def _persons(name: str, row: Any) -> bool:
    """Return False if a count of persons in another unit, such as households or thousands, is negative."""
    value = getattr(row, name)
    if value is None or row.measure not in OF_PERSONS or row.unit.casefold() in SPELLINGS["persons"]:
        return True
    return bool(value >= 0)


def _share(name: str, row: Any) -> bool:
    value = getattr(row, name)
    return row.measure != "share" or value is None or row.value_text is not None or 0 <= value <= 100


def _sensible(check: Callable[[str, Any], bool], detail: str) -> tuple[Rule, ...]:
    """Return a rule for the value of a figure and one for each of its bounds."""
    names = ("value", "value_low", "value_high")
    return tuple(Rule(name, detail, partial(check, name), for_changes=True) for name in names)


def _says(row: Any, *quantifiers: str) -> bool:
    return row.quantifier in quantifiers


_BOUNDS = _any("value_low", "value_high")

RULES: dict[str, tuple[Rule, ...]] = {
    "source": (
        Rule(
            "name",
            "expected a name, or a description of an unnamed source",
            lambda row: row.name is not None or row.description is not None,
            _any("name", "description"),
        ),
    ),
    "place": (
        Rule(
            "latitude",
            "latitude and longitude come together",
            lambda row: (row.latitude is None) == (row.longitude is None),
            {"anyOf": [_present("latitude", "longitude"), {"not": _any("latitude", "longitude")}]},
        ),
    ),
    "briefing": (
        Rule(
            "modified_at",
            "expected a time at or after published_at",
            lambda row: _ordered(row.published_at, row.modified_at),
        ),
    ),
    "event": (
        Rule(
            "ends_at",
            "expected a time after starts_at: the end is exclusive",
            lambda row: _ordered(row.starts_at, row.ends_at) and (row.ends_at is None or row.starts_at != row.ends_at),
        ),
        Rule(
            "time_precision",
            "expected unknown, as there is no starts_at",
            lambda row: row.starts_at is not None or row.time_precision == "unknown",
            _time_needed("starts_at"),
        ),
        _dated("starts_at"),
    ),
    "figure": (
        Rule(
            "value",
            "expected a value, or a low or high bound",
            lambda row: row.value is not None or _bounded(row),
            _any("value", "value_low", "value_high"),
        ),
        Rule(
            "value_low",
            "expected at most value_high",
            lambda row: _ordered(row.value_low, row.value_high),
        ),
        Rule(
            "value",
            "expected a value from value_low to value_high",
            lambda row: (
                None in (row.value_low, row.value_high)
                or (_ordered(row.value_low, row.value) and _ordered(row.value, row.value_high))
            ),
        ),
        Rule(
            "bounds_basis",
            "expected with bounds, and only with them",
            lambda row: (row.bounds_basis is not None) == _bounded(row),
            {
                "anyOf": [
                    {"allOf": [_BOUNDS, _present("bounds_basis")]},
                    {"not": {"anyOf": [_BOUNDS, _present("bounds_basis")]}},
                ]
            },
        ),
        Rule(
            "quantifier",
            "between and magnitude need value_low and value_high",
            lambda row: row.quantifier not in ("between", "magnitude") or None not in (row.value_low, row.value_high),
            _when(_is("quantifier", "between", "magnitude"), _present("value_low", "value_high")),
        ),
        Rule(
            "value",
            "a magnitude has no value, only bounds",
            lambda row: row.quantifier != "magnitude" or row.value is None,
            _when(_is("quantifier", "magnitude"), {"not": _present("value")}),
        ),
        *_sensible(_whole_persons, "expected a whole number that is not negative, as it counts persons"),
        *_sensible(_persons, "expected a number that is not negative, as it counts persons"),
        *_sensible(_share, "expected a share from 0 to 100; where the text says otherwise, value_text gives its words"),
        Rule(
            "value",
            "expected a value from value_low to value_high",
            lambda row: _ordered(row.value_low, row.value) and _ordered(row.value, row.value_high),
            for_changes=True,
        ),
        Rule(
            "value_low",
            "expected at least the value, as the quantifier says that it is no less",
            lambda row: not _says(row, "at_least", "more_than") or _ordered(row.value, row.value_low),
            for_changes=True,
        ),
        Rule(
            "value_high",
            "expected at most the value, as the quantifier says that it is no more",
            lambda row: not _says(row, "at_most", "less_than") or _ordered(row.value_high, row.value),
            for_changes=True,
        ),
        Rule(
            "value",
            "expected a value or value_low, as the quantifier gives a least number",
            lambda row: not _says(row, "at_least", "more_than") or not row.value is row.value_low is None,
            for_changes=True,
        ),
        Rule(
            "value",
            "expected a value or value_high, as the quantifier gives a greatest number",
            lambda row: not _says(row, "at_most", "less_than") or not row.value is row.value_high is None,
            for_changes=True,
        ),
        Rule(
            "period_end",
            "expected a day at or after period_start",
            lambda row: _ordered(row.period_start, row.period_end),
        ),
    ),
    "quote": (
        Rule(
            "time_precision",
            "expected unknown, as there is no said_at",
            lambda row: row.said_at is not None or row.time_precision == "unknown",
            _time_needed("said_at"),
        ),
        _dated("said_at"),
        Rule(
            "citations",
            "expected at least one: who vouches for the words",
            lambda row: bool(row.citations),
            {"properties": {"citations": {"minItems": 1}}, "required": ["citations"]},
        ),
        Rule(
            "language_original",
            "expected the language of text_original",
            lambda row: row.text_original is None or row.language_original is not None,
            _when(_present("text_original"), _present("language_original")),
        ),
    ),
    "citation": (
        Rule(
            "blames",
            "expected whom the source blames, as its stance is blames",
            lambda row: row.stance != "blames" or row.blames is not None,
            _when(_is("stance", "blames"), _present("blames")),
        ),
        Rule(
            "blames",
            "expected only where the stance is blames",
            lambda row: row.blames is None or row.stance == "blames",
            _when(_present("blames"), _is("stance", "blames")),
        ),
    ),
}

# The names that each record needs. Only a line of NDJSON needs a `dataset`, because a document names it once.
NAMED: tuple[Rule, ...] = (
    Rule(
        "key",
        "expected a key or a public id",
        lambda row: row.key is not None or row.id is not None,
        _any("key", "id"),
    ),
)
PLACED: tuple[Rule, ...] = (
    Rule(
        "dataset",
        "expected the dataset that the key belongs to",
        lambda row: row.key is None or row.dataset is not None,
        _when(_present("key"), _present("dataset")),
    ),
)
