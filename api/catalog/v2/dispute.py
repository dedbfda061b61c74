from api.catalog.declaration import field, group
from api.model.types import Vocabulary
from api.model.vocabularies import Stance


class DisputeStatus(Vocabulary):
    """Whether sources disagree."""

    undisputed = "No source speaks against it."
    disputed = "Some source denies, disputes or retracts it."
    blame_disputed = "No source speaks against it, and two blame different parties."


class Disputed:
    """A record that sources can disagree about: they stand in its citations, and it tells what they come to."""

    disputed: bool = field(
        "Whether some source denies, disputes or retracts it, or two sources blame different parties.",
        filter="is",
        derived=True,
        hidden=True,
    )
    dispute_status: DisputeStatus = field("Whether sources disagree, and in what.", derived=True)
    dispute_stances: list[Stance] = field(
        "The stances that make it disputed, each once, in the order of the alphabet.", derived=True
    )

    dispute = group("Dispute", "Whether sources disagree about it.", status="dispute_status", stances="dispute_stances")
