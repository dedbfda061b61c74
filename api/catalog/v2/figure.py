from api.catalog.declaration import field, group, linked, projection, shown, where
from api.catalog.v2.dispute import DISPUTE, DISPUTE_STATUS, DisputeStatus
from api.catalog.v2.place import Place
from api.model.types import Value
from api.model.types import field as stored
from api.model.units import UnitCode


class FigureDecimals(Value):
    """The exact numbers of an amount."""

    value: str | None = stored("The number.")
    low: str | None = stored("The lower bound.")
    high: str | None = stored("The upper bound.")


@projection(sort="-as_of")
class Figure:
    """A number given by a source, with the words that qualify it. Each printed number is one figure."""

    measure = shown(filter="in")
    population = shown(filter="in", search=True)
    value = shown(
        description="The number. Null for a magnitude. Filters and sorting use `value_low` if there is no value. They "
        "ignore the unit: filter by `unit_code` or `unit`, too, to compare numbers of the same unit.",
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
        "The unit as a code. Null if there is no code for the text in `unit`.",
        filter="in",
        read_from="unit",
        added=1,
        example="USD",
    )
    effective_place_id: str | None = field(
        "The id of the place that place filters and GeoJSON use: the figure's own or, if it has none, its event's.",
        effective="place",
        added=1,
        of=Place,
    )
    key = shown(added=2)
    dataset = shown(added=2)
    decimals: FigureDecimals | None = field(
        "The numbers as decimal strings. Null unless one has more than 15 digits, too many for a double.",
        added=3,
    )

    dispute = DISPUTE
    amount = group(
        "FigureAmount",
        "The number with its bounds, its unit and the words that qualify it.",
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

    country = where(
        "place.country",
        "The country of the figure's place or, if it has none, of its event's place [ISO 3166-1 alpha-2].",
    )
    bbox = where("place.bbox", "Figures whose place or, if they have none, whose event's place is inside this box.")
    near = where(
        "place.near", "Figures whose place or, if they have none, whose event's place is within this distance."
    )
    source_id = where("citations.source_id", "Figures with a citation of this source, whatever its stance.")
