from datetime import datetime

from api.model.entity import child, children, one, record
from api.model.shared import DISPUTED, STANCES, SUBJECTS
from api.model.types import field
from api.model.values import Identifier, Subject
from api.model.vocabularies import EventKind, EventRelation, EventStatus, ParticipantRole, Stance, TimePrecision


@record("evt", short="Something that happened, is planned, failed or was called off.")
class Event:
    """Something that happened, is planned, failed or was called off, at a place and a time."""

    kind: EventKind = field("The type of event.", example="shelling")
    title: str = field("The title in one line, written for this dataset.")
    summary: str | None = field("A summary in a few sentences, written for this dataset.", domain="prose")
    starts_at: datetime | None = field(
        "The earliest possible start. With day or coarser precision, it is the printed date at 00:00Z."
    )
    ends_at: datetime | None = field(
        "The latest possible end, exclusive. Null if the event is ongoing or if its end is not known."
    )
    time_precision: TimePrecision = field("The precision of the time.", example="day")
    time_text: str | None = field("The time as worded in the text.")
    status: EventStatus = field("The status of the event.", example="failed")
    tags: list[str] = field("Free keywords.", max_items=100, example="humanitarian-corridor")
    language: str = field("The language of title and summary [BCP 47].", format="language", default="en", example="en")
    identifiers: list[Identifier] = field(
        "The identifiers in other systems (glide, ucdp, acled, wikidata).", max_items=50, example="ucdp:36210"
    )
    subjects: list[Subject] = SUBJECTS
    disputed: bool = DISPUTED
    dispute_stances: list[Stance] = STANCES

    briefing = one("briefing", "The briefing that reports the event.", column="briefing_id", depends=True)
    place = one("place", "The place of the event.", column="place_id")
    participants = children("participant", "The participants in the event.")
    related = children("relation", "The events that this event is part of, follows or responds to.")
    citations = children("citation", "The citations of the event: sources with their stances and documents.")


@child
class Participant:
    """A party that takes part in an event."""

    name: str = field("The name as used for the event.")
    role: ParticipantRole = field("The role in the event.", default="participant", example="initiator")

    source = one("source", "The source record of the same party, if there is one.", column="source_id")


@child
class Relation:
    """The relation of an event to another."""

    relation: EventRelation = field("The type of relation to the other event.", example="follows")

    event = one("event", "The other event.", column="event_id", nullable=False)
