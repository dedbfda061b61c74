from api.catalog.declaration import field, group, linked, projection, shown, where
from api.catalog.v2.dispute import DISPUTE, DISPUTE_STATUS, DisputeStatus
from api.catalog.v2.place import Place
from api.model.types import Value
from api.model.types import field as stored
from api.model.units import UnitCode


class FigureDecimals(Value):
    """The numbers of an amount, exactly."""

    value: str | None = stored("The number.")
    low: str | None = stored("The lower bound.")
    high: str | None = stored("The upper bound.")


@projection(sort="-as_of")
class Figure:
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

    measure = shown(filter="in")
    population = shown(filter="in", search=True)
    value = shown(
        description="The number; null for a magnitude. Comparing and sorting looks at `value_low` where there is none. "
        "It takes numbers as they are, whatever their unit: filter by `unit_code` or `unit`, too, to compare like with "
        "like.",
        filter="gte lt null",
        sort=True,
        needs="measure",
        expects="unit unit_code",
        compared="value_floor",
    )
    value_low = shown()
    value_high = shown()
    quantifier = shown(filter="in")
    value_text = shown(search=True)
    bounds_basis = shown()
    unit = shown(filter="in")
    as_of = shown(filter="gte lt null", sort=True)
    period_start = shown()
    period_end = shown()
    basis = shown(filter="in null")
    status = shown(filter="in")
    series = shown(filter="in null")
    caveat = shown(search=True)
    disputed = shown(filter="is", hidden=True)
    dispute_status: DisputeStatus = DISPUTE_STATUS
    dispute_stances = shown()
    unit_code: UnitCode | None = field(
        "The unit as a code; null where `unit` is none of those that have one.",
        filter="in",
        read_from="unit",
        added=1,
        example="USD",
    )
    effective_place_id: str | None = field(
        "The id of the place that filters by place and GeoJSON take: its own or, without one, that of its event.",
        effective="place",
        added=1,
        of=Place,
    )
    key = shown(added=2)
    dataset = shown(added=2)
    decimals: FigureDecimals | None = field(
        "The numbers as decimal strings; null unless one has more than 15 digits, which a double does not hold.",
        added=3,
    )

    dispute = DISPUTE
    amount = group(
        "FigureAmount",
        "The number, with its bounds, its unit and the words that bind it.",
        value="value",
        low="value_low",
        high="value_high",
        quantifier="quantifier",
        unit="unit",
        unit_code="unit_code",
        text="value_text",
        decimals="decimals",
    )

    briefing = linked()
    event = linked()
    place = linked(fallback="event.place")
    citations = linked()

    country = where("place.country", "The country of its place or, without one, of its event's [ISO 3166-1 alpha-2].")
    bbox = where("place.bbox", "Its place or, without one, its event's is inside west,south,east,north in degrees.")
    near = where("place.near", "Its place or, without one, its event's is within latitude,longitude,kilometres.")
    source_id = where("citations.source_id", "Figures that this source asserts, denies or else speaks to.")
