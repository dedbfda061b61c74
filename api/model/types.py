"""Types of values: scalars and closed vocabularies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Term(str):
    """The meaning of a vocabulary's term that is no longer to be used."""

    deprecated = ""


def term(meaning: str, *, deprecated: str) -> str:
    """A term of a vocabulary that is deprecated; says what to use in its place."""
    made = Term(meaning)
    made.deprecated = deprecated
    return made


class Vocabulary:
    """A closed list of terms: each attribute is a term and its value what it means. Clients tolerate new ones."""

    @classmethod
    def terms(cls) -> dict[str, str]:
        """Each term with its meaning, in the order of declaration."""
        return {name: text for name, text in vars(cls).items() if not name.startswith("_")}

    @classmethod
    def outdated(cls) -> dict[str, str]:
        """The terms that are deprecated, each with what to use instead."""
        return {name: text.deprecated for name, text in cls.terms().items() if isinstance(text, Term)}

    @classmethod
    def spellings(cls, term: str) -> tuple[str, ...]:
        """The texts that a term stands for in the column that filters look at: itself, unless that is free text."""
        return (term,)


@dataclass(frozen=True)
class Type:
    """The type of a field: a scalar's word, or `vocabulary`, `value`; `of` is the class behind the last two."""

    name: str
    of: Any = None
    nullable: bool = False
    many: bool = False
