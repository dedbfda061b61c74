from datetime import datetime

from api.model.entity import one, record
from api.model.types import field
from api.model.vocabularies import DocumentKind


@record("doc", short="Where something appeared.")
class Document:
    """Where something appeared: an article, a post, a statement, a call readout."""

    title: str | None = field("What it is called.")
    url: str | None = field("Where it is.", format="uri")
    kind: DocumentKind = field("What sort of publication it is.", example="post")
    language: str | None = field("Its language [BCP 47].", format="language", example="en")
    published_at: datetime | None = field("When it appeared.")
    retrieved_at: datetime | None = field("When it was read for this record.")

    publisher = one("source", "Who published it.", column="publisher_id")
