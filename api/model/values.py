"""The small objects that records hold."""

from api.model.types import Value, field


class Identifier(Value):
    """An identifier in somebody else's scheme."""

    scheme: str = field(
        "Whose identifier: wikidata, geonames, pcode, glide, ucdp, acled, handle …", domain="scheme", example="wikidata"
    )
    value: str = field("The identifier as that scheme writes it.", example="Q131258")


class Excerpt(Value):
    """The words that a citation rests on [W3C Web Annotation, TextQuoteSelector]."""

    exact: str = field("The words themselves, at most 300 characters.", domain="passage")
    prefix: str | None = field("The words before them, to find them by.", domain="passage")
    suffix: str | None = field("The words after them.", domain="passage")
