from datetime import datetime

from api.model.entity import children, one, record
from api.model.shared import DISPUTED, STANCES, SUBJECTS
from api.model.types import field
from api.model.values import Subject
from api.model.vocabularies import Certainty, Medium, QuoteType, Stance, TimePrecision


@record("quo")
class Quote:
    """Words, and who said them."""

    text: str = field("The words; for an indirect quote the sense, in our own words.", domain="prose")
    context: str | None = field("The sense around a partial quote, in our words.", domain="prose")
    utterance: str | None = field("A key that joins the quotes of one utterance.", example="zelenskiy-video-address")
    certainty: Certainty | None = field("How sure the speaker says they are.", example="likely")
    certainty_text: str | None = field("The words that say so.")
    language: str = field("The language of `text` [BCP 47].", format="language", default="en", example="en")
    text_original: str | None = field("The words as they were first said.", domain="prose")
    language_original: str | None = field("The language in which they were said [BCP 47].", domain="language")
    quote_type: QuoteType = field("How the words are given.", example="direct")
    speaker_role: str | None = field("The speaker's office, as printed at the time.")
    cue: str | None = field("The word that introduces the quote: said, tweeted, denied.")
    medium: Medium | None = field("How the words were made public.", example="x_twitter")
    venue: str | None = field("Where they were said.")
    said_at: datetime | None = field("When they were said.")
    time_precision: TimePrecision = field("How exactly that time is known.", default="unknown", example="day")
    subjects: list[Subject] = SUBJECTS
    disputed: bool = DISPUTED
    dispute_stances: list[Stance] = STANCES

    briefing = one("briefing", "The briefing that quotes them.", column="briefing_id", depends=True)
    event = one("event", "What they are about.", column="event_id", depends=True)
    speaker = one("source", "Who said them.", column="speaker_id", nullable=False)
    addressee = one("source", "To whom they were said.", column="addressee_id")
    citations = children("citation", "Who vouches for the words, and how they reached us.")
