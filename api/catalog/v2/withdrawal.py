from datetime import datetime

from api.catalog.declaration import field, listing
from api.model.kinds import RecordKind


@listing(sort="change", key="change", table="change")
class Withdrawal:
    """A record that was withdrawn, and why. One that was loaded again afterwards is no longer among them."""

    change: int = field(
        "The number of the change. Changes are numbered in the order in which they can be seen.",
        filter="after",
        parameter="after",
        sort=True,
        example=120,
    )
    resource: RecordKind = field("What kind of record it was.", filter="in", example="event")
    id: str = field("The id of the record.", filter="in", parameter="ids", format="id")
    withdrawn_at: datetime = field("When it was withdrawn.", filter="gte lt")
    reason: str = field("Why it was withdrawn.")
