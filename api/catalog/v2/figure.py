from api.catalog import v1
from api.catalog.declaration import group, revised
from api.catalog.v2.dispute import Disputed


@revised(v1.Figure)
class Figure(Disputed):
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

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
