from api.catalog import v1
from api.catalog.declaration import field, group, revised
from api.catalog.v2.dispute import Disputed


@revised(v1.Figure)
class Figure(Disputed):
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

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
        text="value_text",
    )
