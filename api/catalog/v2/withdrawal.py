from datetime import datetime

from api.catalog.declaration import field, listing
from api.model.kinds import RecordKind


@listing(sort="change", key="change", table="change")
class Withdrawal:
    """A withdrawn record, and the reason. Records that were loaded again afterwards are not listed."""

    change: int = field(
        "The number of the change. Changes are numbered in the order in which they become visible.",
        filter="after",
        parameter="after",
        sort=True,
        example=120,
    )
    resource: RecordKind = field("The type of the record.", filter="in", example="event")
    id: str = field("The id of the record.", filter="in", parameter="ids", format="id")
    withdrawn_at: datetime = field("The time of the withdrawal.", filter="gte lt")
    reason: str = field("The reason for the withdrawal.")
