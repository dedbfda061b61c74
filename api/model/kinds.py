"""The kinds of records as a vocabulary."""

from api.model import RECORDS
from api.model.types import Vocabulary


class RecordKind(Vocabulary):
    """The kinds of records."""

    @classmethod
    def terms(cls) -> dict[str, str]:
        """Each kind with a short description."""
        return {name: entity.short for name, entity in RECORDS.items()}
