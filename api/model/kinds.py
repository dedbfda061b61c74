"""The kinds of records, and of their revisions, as vocabularies."""

from api.model import RECORDS
from api.model.types import Vocabulary


class RecordKind(Vocabulary):
    """A type of record."""

    @classmethod
    def terms(cls) -> dict[str, str]:
        """Each kind with a short description."""
        return {name: entity.short for name, entity in RECORDS.items()}


class RevisionAction(Vocabulary):
    """The type of change that a revision made to a record."""

    created = "The record is new."
    updated = "The record was changed."
    restored = "The record was restored after it had been withdrawn."
    withdrawn = "The record was withdrawn."
