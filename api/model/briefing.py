from datetime import datetime

from api.model.entity import one, record
from api.model.shared import SUBJECTS
from api.model.types import field
from api.model.values import Subject


@record("brf", short="A published collection of events, figures and quotes.")
class Briefing:
    """A dated, published collection of events, figures and quotes."""

    title: str = field("The title, written for this dataset.")
    summary: str | None = field("A summary in a few sentences, written for this dataset.", domain="prose")
    language: str = field("The language of the published text [BCP 47].", format="language", example="en")
    url: str | None = field("The URL of the published text.", format="uri")
    published_at: datetime = field("The time of publication.")
    modified_at: datetime | None = field("The time of the publisher's last change [schema.org dateModified].")
    licence: str | None = field("The licence of the published text, as an SPDX id or a URL.")
    attribution: str | None = field("The credit line that must be printed when the data is reused.")
    subjects: list[Subject] = SUBJECTS

    publisher = one("source", "The publisher of the briefing.", column="publisher_id")
