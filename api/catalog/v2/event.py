from api.catalog import v1
from api.catalog.declaration import group, revised
from api.catalog.v2.dispute import Disputed


@revised(v1.Event, embedded="place")
class Event(Disputed):
    """Something that happened, is planned, failed or was called off, at a place and a time."""

    time = group(
        "EventTime",
        "When it was, and how exactly that is known.",
        starts_at="starts_at",
        ends_at="ends_at",
        precision="time_precision",
        text="time_text",
    )
