from datetime import date
from decimal import Decimal

from api.model.entity import children, one, record
from api.model.shared import DISPUTED, STANCES
from api.model.types import field
from api.model.vocabularies import BoundsBasis, FigureBasis, FigureStatus, Measure, Quantifier, Stance


@record("fig", short="A number that a source gives.")
class Figure:
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

    measure: Measure = field("What is measured.", example="killed")
    population: str | None = field("Who or what is counted [schema.org populationType].", example="civilians")
    value: Decimal | None = field(
        "The number; null for a magnitude. Comparing and sorting looks at `value_low` where there is none. It takes "
        "numbers as they are, whatever their unit: filter by `unit`, too, to compare like with like.",
        example=364,
    )
    value_low: Decimal | None = field("The lower bound, where words or the source give one.")
    value_high: Decimal | None = field("The upper bound, where words or the source give one.")
    value_floor: Decimal | None = field(
        "The value or, without one, the lower bound: the number of comparisons.", derived=True
    )
    quantifier: Quantifier = field(
        "How words bind the number: `at_least` 364 has the value 364.", default="exact", example="at_least"
    )
    value_text: str | None = field("The number as printed.", example="1.5 million")
    bounds_basis: BoundsBasis | None = field("Where the bounds come from; null where there are none.")
    unit: str = field("persons, items, kg, h, % or an ISO 4217 currency.", example="persons")
    as_of: date | None = field("The day for which it holds [schema.org observationDate].")
    period_start: date | None = field("The first day that it counts.")
    period_end: date | None = field("The last day that it counts.")
    basis: FigureBasis | None = field("How it counts over time.", example="cumulative")
    status: FigureStatus = field("How sure it is.", default="reported", example="confirmed")
    series: str | None = field(
        "The key of its time series: the same measure, population, place and source over time.",
        example="ohchr-civilians-killed",
    )
    caveat: str | None = field("What to bear in mind when using it.", domain="prose")
    disputed: bool = DISPUTED
    dispute_stances: list[Stance] = STANCES

    briefing = one("briefing", "The briefing that gives it.", column="briefing_id", depends=True)
    event = one("event", "The event that it belongs to.", column="event_id", depends=True)
    place = one("place", "The place that it is for.", column="place_id")
    citations = children("citation", "Who stands behind it, and how it reached us.")
