"""The fields by which figures become series, and the parts of the answers. REST and GraphQL share these tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.catalog import Dimension, Resource, Version, dimensions, series_dimensions
from api.catalog.dimensions import ALWAYS_KEYS
from api.errors import UnknownName
from api.model import Type, Vocabulary
from api.model.vocabularies import FigureBasis, FigureStatus, Quantifier
from api.query.parse import listed

MAX_SERIES_BY = 6
TOP_SERIES = 20
MAX_SERIES = 200


def read_series_by(version: Version, resource: Resource, names: Sequence[str]) -> tuple[Dimension, ...]:
    """Return the dimensions of these names, after those that every series has. ValueError says what was expected."""
    known = series_dimensions(version, resource)
    found: list[Dimension] = []
    for name in names:
        if name in ALWAYS_KEYS:
            raise ValueError(f"Leave {name} out: the key of every series has it.")
        if name not in known:
            raise UnknownName(f"Series are not grouped by {name[:50]!r}: {listed(known)}.", name, known)
        if known[name] in found:
            raise ValueError(f"{name} is given twice.")
        found.append(known[name])
    if len(found) > MAX_SERIES_BY:
        raise ValueError(f"Expected at most {MAX_SERIES_BY} fields. Use filters instead.")
    return (*always_keys(version, resource), *found)


def always_keys(version: Version, resource: Resource) -> tuple[Dimension, ...]:
    """Return the dimensions that the key of every series has."""
    return tuple(dimensions(version, resource)[name] for name in ALWAYS_KEYS)


def check_series_top(top: int) -> int:
    """Return the number of series if it is not too large."""
    if not 1 <= top <= MAX_SERIES:
        raise ValueError(f"Expected a whole number of series from 1 to {MAX_SERIES}.")
    return top


class NotAdditive(Vocabulary):
    """Why the figures of a series do not add up."""

    not_flow = "Some are not counted within a period: they are stocks, or cumulative, or their basis is not known."
    several_sources = "They are of several sources, or of none."
    several_series = "They are of several published series, or of none."
    period_unknown = "The first or the last day of a period is not known."
    periods_overlap = "Their periods overlap."


@dataclass(frozen=True)
class Part:
    """A key of an object in the answer of series, and the value that it shows."""

    key: str
    value: str
    type: Type
    description: str


COUNT = Type("integer")
NUMBER = Type("number", nullable=True)
LAST = (
    Part("id", "last_id", Type("text"), "The id of the figure."),
    Part("value", "last_value", NUMBER, "Its number; null for a magnitude."),
    Part("low", "last_low", NUMBER, "Its lower bound; null where that is open."),
    Part("high", "last_high", NUMBER, 'Its upper bound; null where that is open, as of "at least 364".'),
    Part("quantifier", "last_quantifier", Type("vocabulary", Quantifier), "How the words bind the number."),
    Part("as_of", "last_as_of", Type("date"), "The day for which it holds."),
    Part("status", "last_status", Type("vocabulary", FigureStatus), "How sure the number is."),
    Part("disputed", "last_disputed", Type("boolean"), "Whether a source denies, disputes or retracts it."),
)
POINT = (
    Part("n", "n", COUNT, "How many figures are in the bucket."),
    Part("low", "low", NUMBER, "Their least lower bound; null where one of theirs is open."),
    Part("high", "high", NUMBER, "Their greatest upper bound; null where one of theirs is open."),
    Part(
        "corrections",
        "corrections",
        COUNT,
        "How many of them are cumulative, and lower than what the same source said of the same before.",
    ),
)
SUM = (
    Part("low", "sum_low", NUMBER, "The sum of their lower bounds; null where one of them is open."),
    Part("high", "sum_high", NUMBER, "The sum of their upper bounds; null where one of them is open."),
)
SERIES = (
    Part("n", "n", COUNT, "How many figures it has."),
    Part("basis", "basis", Type("vocabulary", FigureBasis, nullable=True), "Their basis; null unless it is one."),
    Part(
        "not_additive",
        "not_additive",
        Type("vocabulary", NotAdditive, nullable=True),
        "Why they do not add up; null where they do.",
    ),
)
ENVELOPE_POINT = (
    Part("low", "low", NUMBER, "The least lower bound of the last figures; null where one of theirs is open."),
    Part("high", "high", NUMBER, "The greatest upper bound of the last figures; null where one of theirs is open."),
    Part("sources", "sources", COUNT, "How many sources have a figure in the bucket."),
    Part("agree", "agree", Type("boolean"), "Whether some number is within the bounds of all of them."),
    Part("spread", "spread", NUMBER, "The distance between the two bounds; null where one is open."),
)
REST = (
    Part("series", "rest_series", COUNT, "How many series: beyond `top`, or with more points than fit."),
    Part("figures", "rest_figures", COUNT, "How many figures they have together."),
)
WHOLE = (
    Part("total", "total", COUNT, "How many figures the filter leaves."),
    Part("undated", "undated", COUNT, "How many of them are in no series, because their day is not known."),
)
