from datetime import datetime

from api.catalog.declaration import children, field, many, one, resource, where
from api.catalog.v1.values import Identifier
from api.model.vocabularies import EventKind, EventRelation, EventStatus, ParticipantRole, TimePrecision


@resource("evt", sort="-starts_at")
class Event:
    """Something that happened, is planned, failed or was called off, at a place and a time."""

    kind: EventKind = field("What sort of happening it is.", filter="in", example="shelling")
    title: str = field("What happened, in one line of our own.", search=True)
    summary: str | None = field("What happened, in a few sentences of our own.", search=True)
    starts_at: datetime | None = field(
        "The earliest time at which it can have begun. At day precision and coarser the printed date at 00:00Z.",
        filter="gte lt null",
        sort=True,
    )
    ends_at: datetime | None = field(
        "The latest time at which it can have ended, exclusive; null while it lasts or where that is not known.",
        filter="gte lt null",
        sort=True,
    )
    time_precision: TimePrecision = field("How exactly the time is known.", filter="in", example="day")
    time_text: str | None = field("The time as the text gives it.")
    status: EventStatus = field("How far it has come.", filter="in", example="failed")
    tags: list[str] = field(
        "Free keywords.", filter="has", parameter="tag", search=True, example="humanitarian-corridor"
    )
    language: str = field("The language of title and summary [BCP 47].", filter="in", example="en", format="language")
    identifiers: list[Identifier] = field(
        "Its identifiers elsewhere (glide, ucdp, acled, wikidata).",
        filter="identifier",
        parameter="identifier",
        example="ucdp:36210",
    )
    disputed: bool = field(
        "Whether some source denies, disputes or retracts it, or two sources blame different parties.",
        filter="is",
        derived=True,
    )

    briefing = one("briefing", "The briefing that tells of it.", by="briefing_id")
    place = one("place", "Where it happened.", by="place_id")
    figures = many("figure", "The figures given for it.", by="event_id")
    quotes = many("quote", "What was said about it.", by="event_id")
    participants = children("participant", "Who had a part in it.")
    related = children("relation", "The events that it belongs to, follows or answers.")
    citations = children("citation", "Who stands behind it, and how it reached us.")

    country = where("place.country", "The country of its place [ISO 3166-1 alpha-2].")
    bbox = where("place.bbox", "Its place is inside west,south,east,north in degrees.")
    near = where("place.near", "Its place is within latitude,longitude,kilometres.")
    source_id = where("citations.source_id", "Events that this source asserts, denies or else speaks to.")
    participant_id = where("participants.source_id", "Events in which this source has a part.")


@resource()
class Participant:
    """Someone who has a part in an event."""

    name: str = field("The name as it is used for the event.")
    role: ParticipantRole = field("What part they have.", filter="in", example="initiator")

    source = one("source", "The same party as a source, where it is one.", by="source_id")


@resource()
class Relation:
    """How an event stands to another."""

    relation: EventRelation = field("How it stands to the other event.", filter="in", example="follows")

    event = one("event", "The other event.", by="event_id", nullable=False)
