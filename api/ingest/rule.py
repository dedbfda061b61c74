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
LEAST = ("at_least", "more_than")  # quantifiers that give a least number
GREATEST = ("at_most", "less_than")


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


def _is_ordered(low: Any, high: Any) -> bool:
    """Return True if `low` is at most `high`, or if one of them is missing. Times are text in UTC. Without the Z, they
    sort as text."""
    if low is None or high is None:
        return True
    if isinstance(low, str) and isinstance(high, str):
        return low.rstrip("Z") <= high.rstrip("Z")
    return bool(low <= high)


def _has_name_or_description(source: Any) -> bool:
    return source.name is not None or source.description is not None


def _has_both_coordinates_or_none(place: Any) -> bool:
    return (place.latitude is None) == (place.longitude is None)


def _is_modified_after_publication(briefing: Any) -> bool:
    return _is_ordered(briefing.published_at, briefing.modified_at)


def _ends_after_start(event: Any) -> bool:
    if event.ends_at is not None and event.ends_at == event.starts_at:
        return False
    return _is_ordered(event.starts_at, event.ends_at)


def _has_start_or_unknown_precision(event: Any) -> bool:
    return event.starts_at is not None or event.time_precision == "unknown"


def _is_date_if_imprecise(name: str, row: Any) -> bool:
    time = getattr(row, name)
    if time is None or row.time_precision not in ("day", "week", "month", "year"):
        return True
    return bool(time.endswith("T00:00:00Z"))


def _has_a_bound(figure: Any) -> bool:
    return figure.value_low is not None or figure.value_high is not None


def _has_both_bounds(figure: Any) -> bool:
    return figure.value_low is not None and figure.value_high is not None


def _has_value_or_bound(figure: Any) -> bool:
    return figure.value is not None or _has_a_bound(figure)


def _has_ordered_bounds(figure: Any) -> bool:
    return _is_ordered(figure.value_low, figure.value_high)


def _is_within_given_bounds(figure: Any) -> bool:
    return _is_ordered(figure.value_low, figure.value) and _is_ordered(figure.value, figure.value_high)


def _is_within_both_bounds(figure: Any) -> bool:
    return not _has_both_bounds(figure) or _is_within_given_bounds(figure)


def _has_basis_only_with_bounds(figure: Any) -> bool:
    return (figure.bounds_basis is not None) == _has_a_bound(figure)


def _has_bounds_if_range(figure: Any) -> bool:
    return figure.quantifier not in ("between", "magnitude") or _has_both_bounds(figure)


def _has_no_value_if_magnitude(figure: Any) -> bool:
    return figure.quantifier != "magnitude" or figure.value is None


def _has_no_number_below_least(figure: Any) -> bool:
    return figure.quantifier not in LEAST or _is_ordered(figure.value, figure.value_low)


def _has_no_number_above_greatest(figure: Any) -> bool:
    return figure.quantifier not in GREATEST or _is_ordered(figure.value_high, figure.value)


def _has_least_number(figure: Any) -> bool:
    return figure.quantifier not in LEAST or figure.value is not None or figure.value_low is not None


def _has_greatest_number(figure: Any) -> bool:
    return figure.quantifier not in GREATEST or figure.value is not None or figure.value_high is not None


def _ends_on_or_after_start(figure: Any) -> bool:
    return _is_ordered(figure.period_start, figure.period_end)


def _is_whole_number_of_persons(name: str, figure: Any) -> bool:
    value = getattr(figure, name)
    if value is None or figure.unit.casefold() not in SPELLINGS["persons"]:
        return True
    return bool(value >= 0 and value == int(value))


def _is_number_of_persons(name: str, figure: Any) -> bool:
    """Return False if a count of persons in another unit, such as households or thousands, is negative."""
    value = getattr(figure, name)
    if value is None or figure.measure not in OF_PERSONS or figure.unit.casefold() in SPELLINGS["persons"]:
        return True
    return bool(value >= 0)


def _is_share(name: str, figure: Any) -> bool:
    value = getattr(figure, name)
    if figure.measure != "share" or value is None or figure.value_text is not None:
        return True
    return bool(0 <= value <= 100)


def _has_saying_time_or_unknown_precision(quote: Any) -> bool:
    return quote.said_at is not None or quote.time_precision == "unknown"


def _has_citations(quote: Any) -> bool:
    return bool(quote.citations)


def _has_language_of_original(quote: Any) -> bool:
    return quote.text_original is None or quote.language_original is not None


def _names_the_blamed(citation: Any) -> bool:
    return citation.stance != "blames" or citation.blames is not None


def _blames_only_by_stance(citation: Any) -> bool:
    return citation.blames is None or citation.stance == "blames"


def _has_key_or_id(record: Any) -> bool:
    return record.key is not None or record.id is not None


def _has_dataset_of_key(record: Any) -> bool:
    return record.key is None or record.dataset is not None


def _require(*names: str) -> dict[str, Any]:
    return {"properties": {name: {"not": {"type": "null"}} for name in names}, "required": list(names)}


def _require_any(*names: str) -> dict[str, Any]:
    return {"anyOf": [_require(name) for name in names]}


def _when(condition: dict[str, Any], consequence: dict[str, Any]) -> dict[str, Any]:
    return {"if": condition, "then": consequence}


def _require_term(name: str, *terms: str) -> dict[str, Any]:
    return {"properties": {name: {"enum": list(terms)}}, "required": [name]}


def _require_time_if_precise(name: str) -> dict[str, Any]:
    precise = {"properties": {"time_precision": {"not": {"const": "unknown"}}}, "required": ["time_precision"]}
    return _when(precise, _require(name))


def _require_printed_date(name: str) -> Rule:
    """Require the printed date if a time is given by the day or more coarsely. Another zone could change the day."""
    return Rule(
        name,
        "expected the printed date at 00:00:00Z, because its precision is a day or coarser",
        partial(_is_date_if_imprecise, name),
    )


def _for_value_and_bounds(holds: Callable[[str, Any], bool], detail: str) -> tuple[Rule, ...]:
    """Return a rule for the value of a figure and one for each of its bounds."""
    names = ("value", "value_low", "value_high")
    return tuple(Rule(name, detail, partial(holds, name), for_changes=True) for name in names)


_BOUNDS = _require_any("value_low", "value_high")

RULES: dict[str, tuple[Rule, ...]] = {
    "source": (
        Rule(
            "name",
            "expected a name, or a description of an unnamed source",
            _has_name_or_description,
            _require_any("name", "description"),
        ),
    ),
    "place": (
        Rule(
            "latitude",
            "latitude and longitude come together",
            _has_both_coordinates_or_none,
            {"anyOf": [_require("latitude", "longitude"), {"not": _require_any("latitude", "longitude")}]},
        ),
    ),
    "briefing": (
        Rule(
            "modified_at",
            "expected a time at or after published_at",
            _is_modified_after_publication,
        ),
    ),
    "event": (
        Rule(
            "ends_at",
            "expected a time after starts_at: the end is exclusive",
            _ends_after_start,
        ),
        Rule(
            "time_precision",
            "expected unknown, as there is no starts_at",
            _has_start_or_unknown_precision,
            _require_time_if_precise("starts_at"),
        ),
        _require_printed_date("starts_at"),
    ),
    "figure": (
        Rule(
            "value",
            "expected a value, or a low or high bound",
            _has_value_or_bound,
            _require_any("value", "value_low", "value_high"),
        ),
        Rule(
            "value_low",
            "expected at most value_high",
            _has_ordered_bounds,
        ),
        Rule(
            "value",
            "expected a value from value_low to value_high",
            _is_within_both_bounds,
        ),
        Rule(
            "bounds_basis",
            "expected with bounds, and only with them",
            _has_basis_only_with_bounds,
            {
                "anyOf": [
                    {"allOf": [_BOUNDS, _require("bounds_basis")]},
                    {"not": {"anyOf": [_BOUNDS, _require("bounds_basis")]}},
                ]
            },
        ),
        Rule(
            "quantifier",
            "between and magnitude need value_low and value_high",
            _has_bounds_if_range,
            _when(_require_term("quantifier", "between", "magnitude"), _require("value_low", "value_high")),
        ),
        Rule(
            "value",
            "a magnitude has no value, only bounds",
            _has_no_value_if_magnitude,
            _when(_require_term("quantifier", "magnitude"), {"not": _require("value")}),
        ),
        *_for_value_and_bounds(
            _is_whole_number_of_persons, "expected a whole number that is not negative, as it counts persons"
        ),
        *_for_value_and_bounds(_is_number_of_persons, "expected a number that is not negative, as it counts persons"),
        *_for_value_and_bounds(
            _is_share, "expected a share from 0 to 100; where the text says otherwise, value_text gives its words"
        ),
        Rule(
            "value",
            "expected a value from value_low to value_high",
            _is_within_given_bounds,
            for_changes=True,
        ),
        Rule(
            "value_low",
            "expected at least the value, as the quantifier says that it is no less",
            _has_no_number_below_least,
            for_changes=True,
        ),
        Rule(
            "value_high",
            "expected at most the value, as the quantifier says that it is no more",
            _has_no_number_above_greatest,
            for_changes=True,
        ),
        Rule(
            "value",
            "expected a value or value_low, as the quantifier gives a least number",
            _has_least_number,
            for_changes=True,
        ),
        Rule(
            "value",
            "expected a value or value_high, as the quantifier gives a greatest number",
            _has_greatest_number,
            for_changes=True,
        ),
        Rule(
            "period_end",
            "expected a day at or after period_start",
            _ends_on_or_after_start,
        ),
    ),
    "quote": (
        Rule(
            "time_precision",
            "expected unknown, as there is no said_at",
            _has_saying_time_or_unknown_precision,
            _require_time_if_precise("said_at"),
        ),
        _require_printed_date("said_at"),
        Rule(
            "citations",
            "expected at least one: who vouches for the words",
            _has_citations,
            {"properties": {"citations": {"minItems": 1}}, "required": ["citations"]},
        ),
        Rule(
            "language_original",
            "expected the language of text_original",
            _has_language_of_original,
            _when(_require("text_original"), _require("language_original")),
        ),
    ),
    "citation": (
        Rule(
            "blames",
            "expected whom the source blames, as its stance is blames",
            _names_the_blamed,
            _when(_require_term("stance", "blames"), _require("blames")),
        ),
        Rule(
            "blames",
            "expected only where the stance is blames",
            _blames_only_by_stance,
            _when(_require("blames"), _require_term("stance", "blames")),
        ),
    ),
}

# The names that each record needs. Only a line of NDJSON needs a `dataset`, because a document names it once.
NAMED: tuple[Rule, ...] = (
    Rule(
        "key",
        "expected a key or a public id",
        _has_key_or_id,
        _require_any("key", "id"),
    ),
)
PLACED: tuple[Rule, ...] = (
    Rule(
        "dataset",
        "expected the dataset that the key belongs to",
        _has_dataset_of_key,
        _when(_require("key"), _require("dataset")),
    ),
)
