"""The fields by which figures become series, and the parts of the answers. REST and GraphQL share these tables."""

from __future__ import annotations

from collections.abc import Sequence

from api.catalog import Dimension, Resource, Version, dimensions, series_dimensions
from api.catalog.dimensions import ALWAYS_KEYS
from api.errors import UnknownName
from api.model import Type, Vocabulary
from api.model.vocabularies import FigureBasis, FigureStatus, Quantifier
from api.query.parse import listed
from api.query.parts import COUNT, Part

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
    """The reason why the figures of a series do not add up."""

    not_flow = "Some figures do not count within a period: they are stocks or cumulative, or their basis is not known."
    several_sources = "The figures are from several sources or from none."
    several_series = "The figures are from several published series or from none."
    period_unknown = "The first or the last day of a period is not known."
    periods_overlap = "The periods of the figures overlap."


NUMBER = Type("number", nullable=True)
LAST = (
    Part("id", "last_id", Type("text"), "The id of the figure."),
    Part("value", "last_value", NUMBER, "The number. Null for a magnitude."),
    Part("low", "last_low", NUMBER, "The lower bound. Null if it is open."),
    Part("high", "last_high", NUMBER, 'The upper bound. Null if it is open, as in "at least 364".'),
    Part("quantifier", "last_quantifier", Type("vocabulary", Quantifier), "The words that qualify the number."),
    Part("as_of", "last_as_of", Type("date"), "The day for which the number holds."),
    Part("status", "last_status", Type("vocabulary", FigureStatus), "The certainty of the number."),
    Part("disputed", "last_disputed", Type("boolean"), "True if a source denies, disputes or retracts the figure."),
)
POINT = (
    Part("n", "n", COUNT, "The number of figures in the bucket."),
    Part("low", "low", NUMBER, "The smallest lower bound of the figures. Null if one of them is open."),
    Part("high", "high", NUMBER, "The greatest upper bound of the figures. Null if one of them is open."),
    Part(
        "corrections",
        "corrections",
        COUNT,
        "The number of cumulative figures that are lower than an earlier figure of the same source for the same key.",
    ),
)
SUM = (
    Part("low", "sum_low", NUMBER, "The sum of the lower bounds. Null if one of them is open."),
    Part("high", "sum_high", NUMBER, "The sum of the upper bounds. Null if one of them is open."),
)
SERIES = (
    Part("n", "n", COUNT, "The number of figures in the series."),
    Part(
        "basis",
        "basis",
        Type("vocabulary", FigureBasis, nullable=True),
        "The basis of the figures. Null unless all of them have the same one.",
    ),
    Part(
        "not_additive",
        "not_additive",
        Type("vocabulary", NotAdditive, nullable=True),
        "The reason why the figures do not add up. Null if they do.",
    ),
)
ENVELOPE_POINT = (
    Part("low", "low", NUMBER, "The smallest lower bound of the last figures. Null if one of them is open."),
    Part("high", "high", NUMBER, "The greatest upper bound of the last figures. Null if one of them is open."),
    Part("sources", "sources", COUNT, "The number of sources with a figure in the bucket."),
    Part("agree", "agree", Type("boolean"), "True if there is a number within the bounds of all sources."),
    Part("spread", "spread", NUMBER, "The difference between the two bounds. Null if one is open."),
)
REST = (
    Part("series", "rest_series", COUNT, "The number of series beyond `top`, or with more points than fit."),
    Part("figures", "rest_figures", COUNT, "The number of figures in these series."),
)
# What objects of both APIs contain, by the names of their types behind the name of the resource.
MEANINGS = {
    "SeriesKey": "The values that the figures of a series have in common.",
    "SeriesLast": "A short form of a figure.",
    "SeriesSum": "The bounds of a sum.",
    "SeriesPoint": "The figures of a series in a bucket.",
    "Series": "A time series of figures with the same key.",
    "Envelope": "The bounds of the numbers that several sources give for the same key.",
    "EnvelopePoint": "The bounds of the last figures of all sources in a bucket.",
    "SeriesRest": "The series that `data` does not contain.",
}
WHOLE = (
    Part("total", "total", COUNT, "The number of figures that match the filter."),
    Part("undated", "undated", COUNT, "The number of figures that are in no series, because their day is not known."),
)
