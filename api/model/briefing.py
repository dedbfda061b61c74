from datetime import datetime

from api.model.entity import one, record
from api.model.shared import SUBJECTS
from api.model.types import field
from api.model.values import Subject


@record("brf", short="A published collection of events, figures and quotes.")
class Briefing:
    """A dated, published collection of events, figures and quotes."""

    title: str = field("What it is called, in our words.")
    summary: str | None = field("What it says, in a few sentences of our own.", domain="prose")
    language: str = field("The language of the published text [BCP 47].", format="language", example="en")
    url: str | None = field("Where it was published.", format="uri")
    published_at: datetime = field("When it was published.")
    modified_at: datetime | None = field("When the publisher last changed it [schema.org dateModified].")
    licence: str | None = field("The licence of the published text, as an SPDX id or a URL.")
    attribution: str | None = field("The credit line that whoever reuses the data must print.")
    subjects: list[Subject] = SUBJECTS

    publisher = one("source", "Who published it.", column="publisher_id")
