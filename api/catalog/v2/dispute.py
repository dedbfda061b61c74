"""The object that says if sources disagree about a record, which follows from its citations."""

from api.catalog.declaration import field, group
from api.model import Vocabulary


class DisputeStatus(Vocabulary):
    """Whether sources disagree."""

    undisputed = "No source speaks against it."
    disputed = "Some source denies, disputes or retracts it."
    blame_disputed = "No source speaks against it, and two blame different parties."


DISPUTE_STATUS = field("Whether sources disagree, and in what.")
DISPUTE = group("Dispute", "Whether sources disagree about it.", status="dispute_status", stances="dispute_stances")
