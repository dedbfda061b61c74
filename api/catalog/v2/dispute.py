"""The object that says if sources disagree about a record, which follows from its citations."""

from api.catalog.declaration import field, group
from api.model import Vocabulary


class DisputeStatus(Vocabulary):
    """The state of disagreement between sources."""

    undisputed = "No source contradicts the record."
    disputed = "A source denies, disputes or retracts the record."
    blame_disputed = "No source contradicts the record, but two sources blame different parties."


DISPUTE_STATUS = field("The state of disagreement between sources.")
DISPUTE = group(
    "Dispute", "The disagreement between sources about the record.", status="dispute_status", stances="dispute_stances"
)
