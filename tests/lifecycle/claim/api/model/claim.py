from datetime import datetime

from api.model.entity import child, children, one, record
from api.model.types import field
from api.model.vocabularies import ClaimStatus, VerdictRating


@record("clm", short="Something that someone says is so.")
class Claim:
    """Something that someone says is so, and what those who checked it found."""

    text: str = field("What is said to be so, in our words.", domain="prose")
    language: str = field("The language of `text` [BCP 47].", format="language", default="en", example="en")
    status: ClaimStatus = field("What became of it.", default="unverified", example="refuted")
    claimed_at: datetime | None = field("When it was made.")

    briefing = one("briefing", "The briefing that tells of it.", column="briefing_id", depends=True)
    event = one("event", "What it is about.", column="event_id")
    speaker = one("source", "Who made it.", column="speaker_id", nullable=False)
    verdicts = children("verdict", "What those who checked it found.")


@child
class Verdict:
    """The finding of a source that checked a claim. Belongs to its claim, in order."""

    rating: VerdictRating = field("What the source found.", example="incorrect")
    statement: str | None = field("The reasons that it gives, in our words.", domain="prose")

    source = one("source", "Who checked it.", column="source_id", nullable=False)
