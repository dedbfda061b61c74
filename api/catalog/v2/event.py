from api.catalog.declaration import group, linked, many, projection, shown, where
from api.catalog.v2.dispute import DISPUTE, DISPUTE_STATUS, DisputeStatus


@projection(sort="-starts_at", label="title")
class Event:
    """Something that happened, is planned, failed or was called off, at a place and a time."""

    kind = shown(filter="in")
    title = shown(search=True)
    summary = shown(search=True)
    starts_at = shown(filter="gte lt null", sort=True)
    ends_at = shown(filter="gte lt null", sort=True)
    time_precision = shown(filter="in")
    time_text = shown()
    status = shown(filter="in")
    tags = shown(filter="has", parameter="tag", search=True)
    language = shown(filter="in")
    identifiers = shown(filter="identifier", parameter="identifier")
    subjects = shown(filter="subject", parameter="subject", added=2)
    disputed = shown(filter="is", hidden=True)
    dispute_status: DisputeStatus = DISPUTE_STATUS
    dispute_stances = shown()
    key = shown(added=2)
    dataset = shown(added=2)

    dispute = DISPUTE
    time = group(
        "EventTime",
        "The time of the event, and its precision.",
        starts_at="starts_at",
        ends_at="ends_at",
        precision="time_precision",
        text="time_text",
    )

    briefing = linked()
    place = linked(embedded=True)
    figures = many("figure", "The figures about the event.", by="event_id")
    quotes = many("quote", "The quotes about the event.", by="event_id")
    participants = linked()
    related = linked()
    citations = linked()

    country = where("place.country", "The country of the event's place [ISO 3166-1 alpha-2].")
    bbox = where("place.bbox", "Events whose place is inside this box.")
    near = where("place.near", "Events whose place is within this distance.")
    source_id = where("citations.source_id", "Events with a citation of this source, whatever its stance.")
    participant_id = where("participants.source_id", "Events in which this source participates.")
