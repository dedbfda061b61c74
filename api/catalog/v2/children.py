"""The children of records, which version 2 lists by themselves, too: a record embeds only the first of them."""

from api.catalog import v1
from api.catalog.declaration import field, revised


class Listed:
    """The record and the position of a child, for lists of its own."""

    record_id: str = field(
        "The id of the record that it belongs to.",
        filter="in",
        sort=True,
        derived=True,
        format="id",
        listed=True,
    )
    position: int = field("Its place among those of its record, from 0.", derived=True, listed=True)


@revised(v1.Citation, sort="record_id", key="position", listed=True)
class Citation(Listed):
    """The stance of a source towards a record, and the way on which it reached us. Belongs to its record, in order."""


@revised(v1.Participant, sort="record_id", key="position", listed=True)
class Participant(Listed):
    """Someone who has a part in an event."""


@revised(v1.Relation, sort="record_id", key="position", listed=True)
class Relation(Listed):
    """How an event stands to another."""
