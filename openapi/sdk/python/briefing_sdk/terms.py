"""Vocabularies that grow: a term that this client does not know keeps its text."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Term(StrEnum):
    """A vocabulary. `known` is False for a term of a newer service. Its `value` is the term."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, str):
            return None
        term = str.__new__(cls, value)
        term._name_ = value
        term._value_ = value
        return term

    @property
    def known(self) -> bool:
        """True if this client knows the term."""
        return self._name_ in type(self).__members__
