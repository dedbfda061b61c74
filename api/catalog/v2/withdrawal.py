from datetime import datetime

from api.catalog.declaration import field, resource
from api.model.types import Vocabulary


class RecordKind(Vocabulary):
    """The kinds of records."""

    event = "Something that happened, is planned, failed or was called off."
    figure = "A number that a source gives."
    quote = "Words, and who said them."
    source = "Someone who says or publishes something."
    document = "Where something appeared."
    place = "A place on Earth."
    briefing = "A published collection of events, figures and quotes."


@resource(sort="change", key="change", listed=True, table="change")
class Withdrawal:
    """A record that was withdrawn, and why. One that was loaded again afterwards is no longer among them."""

    change: int = field(
        "The number of the change. Changes are numbered in the order in which they can be seen.",
        filter="after",
        parameter="after",
        sort=True,
        derived=True,
        example=120,
    )
    resource: RecordKind = field("What kind of record it was.", filter="in", derived=True, example="event")
    id: str = field("The id of the record.", filter="in", parameter="ids", derived=True, format="id")
    withdrawn_at: datetime = field("When it was withdrawn.", filter="gte lt", derived=True)
    reason: str = field("Why it was withdrawn.", derived=True)
