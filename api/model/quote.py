from datetime import datetime

from api.model.entity import children, one, record
from api.model.shared import DISPUTED, STANCES, SUBJECTS
from api.model.types import field
from api.model.values import Subject
from api.model.vocabularies import Certainty, Medium, QuoteType, Stance, TimePrecision


@record("quo")
class Quote:
    """Words that were said, and their speaker."""

    text: str = field("The words. For an indirect quote, a paraphrase.", domain="prose")
    context: str | None = field("A paraphrase of the context of a partial quote.", domain="prose")
    utterance: str | None = field(
        "The key of the utterance, shared by all quotes from it.", example="zelenskiy-video-address"
    )
    certainty: Certainty | None = field("The certainty that the speaker expresses.", example="likely")
    certainty_text: str | None = field("The words that express the certainty.")
    language: str = field("The language of `text` [BCP 47].", format="language", default="en", example="en")
    text_original: str | None = field("The words in the original language.", domain="prose")
    language_original: str | None = field("The language in which the words were said [BCP 47].", domain="language")
    quote_type: QuoteType = field("The type of quote.", example="direct")
    speaker_role: str | None = field("The speaker's office, as printed at the time.")
    cue: str | None = field("The word that introduces the quote: said, tweeted, denied.")
    medium: Medium | None = field("The medium in which the words were published.", example="x_twitter")
    venue: str | None = field("The venue where the words were said.")
    said_at: datetime | None = field("The time at which the words were said.")
    time_precision: TimePrecision = field("The precision of `said_at`.", default="unknown", example="day")
    subjects: list[Subject] = SUBJECTS
    disputed: bool = DISPUTED
    dispute_stances: list[Stance] = STANCES

    briefing = one("briefing", "The briefing that contains the quote.", column="briefing_id", depends=True)
    event = one("event", "The event that the quote is about.", column="event_id", depends=True)
    speaker = one("source", "The speaker of the quote.", column="speaker_id", nullable=False)
    addressee = one("source", "The party that the words were addressed to.", column="addressee_id")
    citations = children("citation", "The citations of the quote: sources with their stances and documents.")
