from datetime import datetime

from api.catalog.declaration import field, listing
from api.model.types import Value
from api.model.types import field as stored


class EditionChanges(Value):
    """The changes of an edition to the records of one type and one dataset."""

    resource: str = stored("The type of the records.")
    dataset: str | None = stored("The dataset of the records. Null for records without a dataset.")
    created: int = stored("The number of new records.")
    updated: int = stored("The number of changed records.")
    restored: int = stored("The number of records that were restored after they had been withdrawn.")
    withdrawn: int = stored("The number of withdrawn records.")


@listing(sort="-number", key="number", table="edition")
class Edition:
    """A state of the store, as a load left it."""

    number: int = field(
        "The number of the last change in the edition. Write it as `e12345` in `known_at`.",
        filter="after",
        parameter="after",
        sort=True,
        example=120,
    )
    known_from: datetime = field("The time from which readers could see the edition.", filter="gte lt")
    datasets: list[str] = field("The datasets of the changed records.")
    created: int = field("The number of new records.")
    updated: int = field("The number of changed records.")
    restored: int = field("The number of records that were restored after they had been withdrawn.")
    withdrawn: int = field("The number of withdrawn records.")
    changes: list[EditionChanges] = field("The same numbers by type of record and dataset.")
