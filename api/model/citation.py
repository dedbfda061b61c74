from api.model.entity import child, one, several
from api.model.types import field
from api.model.values import Excerpt
from api.model.vocabularies import Certainty, Medium, Stance


@child
class Citation:
    """The stance of a source on a record, and how the statement was obtained. Ordered within its record."""

    source_role: str | None = field("The source's office, as printed.")
    stance: Stance = field("The stance of the source on the record.", default="asserts", example="denies")
    certainty: Certainty | None = field("The certainty that the source expresses.", example="likely")
    statement: str | None = field("The source's account, paraphrased.", domain="prose")
    medium: Medium | None = field("The medium in which the source made the statement.", example="statement")
    excerpt: Excerpt | None = field("The quoted passage that the citation is based on.")

    source = one("source", "The source that takes the stance.", column="source_id", nullable=False)
    blames = one("source", "The party that the source blames.", column="blames_id")
    via = several(
        "source",
        "The sources that relayed the statement, in order, excluding the publisher of the document.",
        column="via_ids",
        max_items=10,
    )
    document = one("document", "The document in which the statement was read.", column="document_id")
