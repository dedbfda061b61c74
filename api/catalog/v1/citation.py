from api.catalog.declaration import field, one, resource, several
from api.catalog.v1.values import Excerpt
from api.model.vocabularies import Certainty, Medium, Stance


@resource()
class Citation:
    """Who stands behind a record, how they stand to it, and how it reached us. Belongs to its record, in order."""

    source_role: str | None = field("The source's office, as printed.")
    stance: Stance = field("How the source stands to what the record says.", filter="in", example="denies")
    certainty: Certainty | None = field("How sure the source says it is.", filter="in null", example="likely")
    statement: str | None = field("The source's account, in our words.")
    medium: Medium | None = field("How the source made it public.", filter="in null", example="statement")
    excerpt: Excerpt | None = field("The quoted words that it rests on.")

    source = one("source", "Who asserts, denies or else speaks to it.", by="source_id", nullable=False)
    blames = one("source", "Whom the source holds answerable.", by="blames_id")
    via = several(
        "source",
        "The sources that relayed it, in order, without the publisher of the document.",
        by="via_ids",
    )
    document = one("document", "Where it was read.", by="document_id")
