from datetime import date
from decimal import Decimal

from api.catalog.declaration import children, field, one, resource, where
from api.model.vocabularies import BoundsBasis, FigureBasis, FigureStatus, Measure, Quantifier


@resource("fig", sort="-as_of")
class Figure:
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

    measure: Measure = field("What is measured.", filter="in", example="killed")
    population: str | None = field(
        "Who or what is counted [schema.org populationType].", filter="in", search=True, example="civilians"
    )
    value: Decimal | None = field(
        "The number; null for a magnitude. Comparing and sorting looks at `value_low` where there is none. It takes "
        "numbers as they are, whatever their unit: filter by `unit`, too, to compare like with like.",
        filter="gte lt null",
        sort=True,
        needs="measure",
        expects="unit",
        compared="value_floor",
        example=364,
    )
    value_low: Decimal | None = field("The lower bound, where words or the source give one.")
    value_high: Decimal | None = field("The upper bound, where words or the source give one.")
    quantifier: Quantifier = field(
        "How words bind the number: `at_least` 364 has the value 364.", filter="in", example="at_least"
    )
    value_text: str | None = field("The number as printed.", search=True, example="1.5 million")
    bounds_basis: BoundsBasis | None = field("Where the bounds come from; null where there are none.")
    unit: str = field("persons, items, kg, h, % or an ISO 4217 currency.", filter="in", example="persons")
    as_of: date | None = field(
        "The day for which it holds [schema.org observationDate].", filter="gte lt null", sort=True
    )
    period_start: date | None = field("The first day that it counts.")
    period_end: date | None = field("The last day that it counts.")
    basis: FigureBasis | None = field("How it counts over time.", filter="in null", example="cumulative")
    status: FigureStatus = field("How sure it is.", filter="in", example="confirmed")
    series: str | None = field(
        "The key of its time series: the same measure, population, place and source over time.",
        filter="in null",
        example="ohchr-civilians-killed",
    )
    caveat: str | None = field("What to bear in mind when using it.", search=True)
    disputed: bool = field(
        "Whether some source denies, disputes or retracts it, or two sources blame different parties.",
        filter="is",
        derived=True,
    )

    briefing = one("briefing", "The briefing that gives it.", by="briefing_id")
    event = one("event", "The event that it belongs to.", by="event_id")
    place = one("place", "The place that it is for.", by="place_id", fallback="event.place")
    citations = children("citation", "Who stands behind it, and how it reached us.")

    country = where("place.country", "The country of its place or, without one, of its event's [ISO 3166-1 alpha-2].")
    bbox = where("place.bbox", "Its place or, without one, its event's is inside west,south,east,north in degrees.")
    near = where("place.near", "Its place or, without one, its event's is within latitude,longitude,kilometres.")
    source_id = where("citations.source_id", "Figures that this source asserts, denies or else speaks to.")
