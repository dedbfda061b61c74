from datetime import datetime

from api.catalog.declaration import field, one, resource
from api.model.vocabularies import DocumentKind


@resource("doc")
class Document:
    """Where something appeared: an article, a post, a statement, a call readout."""

    title: str | None = field("What it is called.", search=True)
    url: str | None = field("Where it is.", format="uri")
    kind: DocumentKind = field("What sort of publication it is.", filter="in", example="post")
    language: str | None = field("Its language [BCP 47].", filter="in null", example="en", format="language")
    published_at: datetime | None = field("When it appeared.", filter="gte lt null", sort=True)
    retrieved_at: datetime | None = field("When it was read for this record.")

    publisher = one("source", "Who published it.", by="publisher_id")
