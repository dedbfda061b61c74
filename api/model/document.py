from datetime import datetime

from api.model.entity import one, record
from api.model.types import field
from api.model.vocabularies import DocumentKind


@record("doc", short="A publication, such as an article or a post.")
class Document:
    """A publication: an article, a post, a statement, a call readout."""

    title: str | None = field("The title.")
    url: str | None = field("The URL of the document.", format="uri")
    kind: DocumentKind = field("The type of publication.", example="post")
    language: str | None = field("The language of the document [BCP 47].", format="language", example="en")
    published_at: datetime | None = field("The time of publication.")
    retrieved_at: datetime | None = field("The time at which the document was read for this dataset.")

    publisher = one("source", "The publisher of the document.", column="publisher_id")
