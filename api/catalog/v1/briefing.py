from datetime import datetime

from api.catalog.declaration import field, many, one, resource


@resource("brf")
class Briefing:
    """A dated, published collection of events, figures and quotes."""

    title: str = field("What it is called, in our words.", search=True)
    summary: str | None = field("What it says, in a few sentences of our own.", search=True)
    language: str = field("The language of the published text [BCP 47].", filter="in", example="en", format="language")
    url: str | None = field("Where it was published.", format="uri")
    published_at: datetime = field("When it was published.", filter="gte lt", sort=True)
    modified_at: datetime | None = field("When the publisher last changed it [schema.org dateModified].")
    licence: str | None = field("The licence of the published text, as an SPDX id or a URL.")
    attribution: str | None = field("The credit line that whoever reuses the data must print.")

    publisher = one("source", "Who published it.", by="publisher_id")
    events = many("event", "The events that it tells of.", by="briefing_id")
    figures = many("figure", "The figures that it gives.", by="briefing_id")
    quotes = many("quote", "The words that it quotes.", by="briefing_id")
