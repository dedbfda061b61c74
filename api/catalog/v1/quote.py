from datetime import datetime

from api.catalog.declaration import children, field, one, resource, where
from api.model.vocabularies import Certainty, Medium, QuoteType, TimePrecision


@resource("quo", sort="-said_at")
class Quote:
    """Words, and who said them."""

    text: str = field("The words; for an indirect quote the sense, in our own words.", search=True)
    context: str | None = field("The sense around a partial quote, in our words.", search=True)
    utterance: str | None = field(
        "A key that joins the quotes of one utterance.", filter="in null", example="zelenskiy-video-address"
    )
    certainty: Certainty | None = field("How sure the speaker says they are.", filter="in null", example="likely")
    certainty_text: str | None = field("The words that say so.")
    language: str = field("The language of `text` [BCP 47].", filter="in", example="en", format="language")
    text_original: str | None = field("The words as they were first said.", search=True)
    language_original: str | None = field("The language in which they were said [BCP 47].")
    quote_type: QuoteType = field("How the words are given.", filter="in", example="direct")
    speaker_role: str | None = field("The speaker's office, as printed at the time.")
    cue: str | None = field("The word that introduces the quote: said, tweeted, denied.")
    medium: Medium | None = field("How the words were made public.", filter="in null", example="x_twitter")
    venue: str | None = field("Where they were said.")
    said_at: datetime | None = field("When they were said.", filter="gte lt null", sort=True)
    time_precision: TimePrecision = field("How exactly that time is known.", filter="in", example="day")
    disputed: bool = field(
        "Whether some source denies, disputes or retracts it, or two sources blame different parties.",
        filter="is",
        derived=True,
    )

    briefing = one("briefing", "The briefing that quotes them.", by="briefing_id")
    event = one("event", "What they are about.", by="event_id")
    speaker = one("source", "Who said them.", by="speaker_id", nullable=False)
    addressee = one("source", "To whom they were said.", by="addressee_id")
    citations = children("citation", "Who vouches for the words, and how they reached us.")

    source_id = where("citations.source_id", "Quotes that this source vouches for, denies or else speaks to.")
