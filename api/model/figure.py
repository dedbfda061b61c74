from datetime import date
from decimal import Decimal

from api.model.entity import children, one, record
from api.model.shared import DISPUTED, STANCES
from api.model.types import field
from api.model.vocabularies import BoundsBasis, FigureBasis, FigureStatus, Measure, Quantifier, Stance


@record("fig", short="A number given by a source.")
class Figure:
    """A number given by a source, with the words that qualify it. Each printed number is one figure."""

    measure: Measure = field("The quantity that is measured.", example="killed")
    population: str | None = field(
        "The people or things that are counted [schema.org populationType].", example="civilians"
    )
    value: Decimal | None = field(
        "The number. Null for a magnitude. Filters and sorting use `value_low` if there is no value. They ignore the "
        "unit: filter by `unit`, too, to compare numbers of the same unit.",
        example=364,
    )
    value_low: Decimal | None = field("The lower bound, if the wording or the source gives one.")
    value_high: Decimal | None = field("The upper bound, if the wording or the source gives one.")
    value_floor: Decimal | None = field(
        "The value or, if there is none, the lower bound. Filters and sorting use it.", derived=True
    )
    quantifier: Quantifier = field(
        "The words that qualify the number. For `at_least` 364, the value is 364.", default="exact", example="at_least"
    )
    value_text: str | None = field("The number as printed.", example="1.5 million")
    bounds_basis: BoundsBasis | None = field("The origin of the bounds. Null if there are none.")
    unit: str = field("The unit: persons, items, kg, h, % or an ISO 4217 currency.", example="persons")
    as_of: date | None = field("The day for which the number holds [schema.org observationDate].")
    period_start: date | None = field("The first day of the counted period.")
    period_end: date | None = field("The last day of the counted period.")
    basis: FigureBasis | None = field("The way of counting over time: stock, flow or cumulative.", example="cumulative")
    status: FigureStatus = field("The certainty of the number.", default="reported", example="confirmed")
    series: str | None = field(
        "The key of the time series: the same measure, population, place and source over time.",
        example="ohchr-civilians-killed",
    )
    caveat: str | None = field("A caveat for the use of the number.", domain="prose")
    disputed: bool = DISPUTED
    dispute_stances: list[Stance] = STANCES

    briefing = one("briefing", "The briefing that gives the figure.", column="briefing_id", depends=True)
    event = one("event", "The event that the figure is about.", column="event_id", depends=True)
    place = one("place", "The place that the figure is about.", column="place_id")
    citations = children("citation", "The citations of the figure: sources with their stances and documents.")
