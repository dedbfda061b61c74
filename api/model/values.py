"""The small objects that records hold."""

from api.model.types import Value, field


class Identifier(Value):
    """An identifier in another system."""

    scheme: str = field(
        "The scheme of the identifier: wikidata, geonames, pcode, glide, ucdp, acled, handle …",
        domain="scheme",
        example="wikidata",
    )
    value: str = field("The identifier in the form that the scheme uses.", example="Q131258")


class Subject(Value):
    """A subject that a record is about, as a code of a scheme such as IPTC Media Topics."""

    scheme: str = field("The scheme of the code: medtop for IPTC Media Topics.", domain="scheme", example="medtop")
    code: str = field("The code in the form that the scheme uses.", example="16000000")
    label: str | None = field("The name of the subject.", example="conflict, war and peace")


class Excerpt(Value):
    """A passage that a citation is based on [W3C Web Annotation, TextQuoteSelector]."""

    exact: str = field("The text of the passage, at most 300 characters.", domain="passage")
    prefix: str | None = field("The text before the passage, which helps to find it.", domain="passage")
    suffix: str | None = field("The text after the passage.", domain="passage")
