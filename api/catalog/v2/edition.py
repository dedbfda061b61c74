from datetime import datetime

from api.catalog.declaration import field, listing
from api.model.types import Value
from api.model.types import field as stored


class EditionChanges(Value):
    """The records of one kind and one dataset that an edition changed, by what happened to them."""

    resource: str = stored("What kind of records they are.")
    dataset: str | None = stored("The dataset that they belong to; null for records without one.")
    created: int = stored("How many are new.")
    updated: int = stored("How many changed.")
    restored: int = stored("How many were shown again after they were withdrawn.")
    withdrawn: int = stored("How many were withdrawn.")


@listing(sort="-number", key="number", table="edition")
class Edition:
    """A state of the store, which a load left."""

    number: int = field(
        "The number of its last change. As `known_at` it is written `e12345`.",
        filter="after",
        parameter="after",
        sort=True,
        example=120,
    )
    known_from: datetime = field("When readers could see it first.", filter="gte lt")
    datasets: list[str] = field("The datasets of the records that it changed.")
    created: int = field("How many records are new in it.")
    updated: int = field("How many records it changed.")
    restored: int = field("How many withdrawn records it shows again.")
    withdrawn: int = field("How many records it withdrew.")
    changes: list[EditionChanges] = field("The same numbers by kind of record and dataset.")
