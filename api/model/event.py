from datetime import datetime

from api.model.entity import child, children, one, record
from api.model.shared import DISPUTED, STANCES, SUBJECTS
from api.model.types import field
from api.model.values import Identifier, Subject
from api.model.vocabularies import EventKind, EventRelation, EventStatus, ParticipantRole, Stance, TimePrecision


@record("evt", short="Something that happened, is planned, failed or was called off.")
class Event:
    """Something that happened, is planned, failed or was called off, at a place and a time."""

    kind: EventKind = field("What sort of happening it is.", example="shelling")
    title: str = field("What happened, in one line of our own.")
    summary: str | None = field("What happened, in a few sentences of our own.", domain="prose")
    starts_at: datetime | None = field(
        "The earliest time at which it can have begun. At day precision and coarser the printed date at 00:00Z."
    )
    ends_at: datetime | None = field(
        "The latest time at which it can have ended, exclusive; null while it lasts or where that is not known."
    )
    time_precision: TimePrecision = field("How exactly the time is known.", example="day")
    time_text: str | None = field("The time as the text gives it.")
    status: EventStatus = field("How far it has come.", example="failed")
    tags: list[str] = field("Free keywords.", max_items=100, example="humanitarian-corridor")
    language: str = field("The language of title and summary [BCP 47].", format="language", default="en", example="en")
    identifiers: list[Identifier] = field(
        "Its identifiers elsewhere (glide, ucdp, acled, wikidata).", max_items=50, example="ucdp:36210"
    )
    subjects: list[Subject] = SUBJECTS
    disputed: bool = DISPUTED
    dispute_stances: list[Stance] = STANCES

    briefing = one("briefing", "The briefing that tells of it.", column="briefing_id", depends=True)
    place = one("place", "Where it happened.", column="place_id")
    participants = children("participant", "Who had a part in it.")
    related = children("relation", "The events that it belongs to, follows or answers.")
    citations = children("citation", "Who stands behind it, and how it reached us.")


@child
class Participant:
    """Someone who has a part in an event."""

    name: str = field("The name as it is used for the event.")
    role: ParticipantRole = field("What part they have.", default="participant", example="initiator")

    source = one("source", "The same party as a source, where it is one.", column="source_id")


@child
class Relation:
    """How an event stands to another."""

    relation: EventRelation = field("How it stands to the other event.", example="follows")

    event = one("event", "The other event.", column="event_id", nullable=False)
