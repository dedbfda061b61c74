from decimal import Decimal

from api.catalog import v1
from api.catalog.declaration import changed, field, group, revised
from api.catalog.v2.dispute import Disputed
from api.model.units import UnitCode


@revised(v1.Figure)
class Figure(Disputed):
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

    value: Decimal | None = changed(
        v1.Figure,
        "value",
        description="The number; null for a magnitude. Comparing and sorting looks at `value_low` where there is none. "
        "It takes numbers as they are, whatever their unit: filter by `unit_code` or `unit`, too, to compare like with "
        "like.",
        expects=("unit", "unit_code"),
    )
    unit_code: UnitCode | None = field(
        "The unit as a code; null where `unit` is none of those that have one.",
        filter="in",
        derived=True,
        read_from="unit",
        example="USD",
    )
    effective_place_id: str | None = field(
        "The id of the place that filters by place and GeoJSON take: its own or, without one, that of its event.",
        derived=True,
        effective="place",
        of=v1.Place,
    )

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
    )
