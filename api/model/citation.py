from api.model.entity import child, one, several
from api.model.types import field
from api.model.values import Excerpt
from api.model.vocabularies import Certainty, Medium, Stance


@child
class Citation:
    """Who stands behind a record, how they stand to it, and how it reached us. Belongs to its record, in order."""

    source_role: str | None = field("The source's office, as printed.")
    stance: Stance = field("How the source stands to what the record says.", default="asserts", example="denies")
    certainty: Certainty | None = field("How sure the source says it is.", example="likely")
    statement: str | None = field("The source's account, in our words.", domain="prose")
    medium: Medium | None = field("How the source made it public.", example="statement")
    excerpt: Excerpt | None = field("The quoted words that it rests on.")

    source = one("source", "Who asserts, denies or else speaks to it.", column="source_id", nullable=False)
    blames = one("source", "Whom the source holds answerable.", column="blames_id")
    via = several(
        "source",
        "The sources that relayed it, in order, without the publisher of the document.",
        column="via_ids",
        max_items=10,
    )
    document = one("document", "Where it was read.", column="document_id")
