"""The small objects that records hold."""

from api.model.types import Value, field


class Identifier(Value):
    """An identifier in somebody else's scheme."""

    scheme: str = field(
        "Whose identifier: wikidata, geonames, pcode, glide, ucdp, acled, handle …", domain="scheme", example="wikidata"
    )
    value: str = field("The identifier as that scheme writes it.", example="Q131258")


class Subject(Value):
    """A subject that a record is about, as a code of a scheme such as IPTC Media Topics."""

    scheme: str = field("The scheme of the code: medtop for IPTC Media Topics.", domain="scheme", example="medtop")
    code: str = field("The code as that scheme writes it.", example="16000000")
    label: str | None = field("The name of the subject.", example="conflict, war and peace")


class Excerpt(Value):
    """The words that a citation rests on [W3C Web Annotation, TextQuoteSelector]."""

    exact: str = field("The words themselves, at most 300 characters.", domain="passage")
    prefix: str | None = field("The words before them, to find them by.", domain="passage")
    suffix: str | None = field("The words after them.", domain="passage")
