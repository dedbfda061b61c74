"""Types of fields: scalars, closed vocabularies, and small objects within records."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class Term(str):
    """The meaning of a vocabulary's term that is no longer to be used."""

    deprecated = ""


def term(meaning: str, *, deprecated: str) -> str:
    """A term of a vocabulary that is deprecated; says what to use in its place."""
    text = Term(meaning)
    text.deprecated = deprecated
    return text


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


class Value:
    """A small object inside a record, such as an excerpt: no id, no links; its attributes are fields."""

    @classmethod
    def fields(cls) -> dict[str, StoredField]:
        """The fields of the object, in the order of declaration."""
        return typed_fields(cls)


# The types that an annotation may have, and the word for each that every derived contract starts from.
SCALARS: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "float",
    Decimal: "number",
    bool: "boolean",
    datetime: "timestamp",
    date: "date",
}
# The kinds of value that the load format and the columns check, by format or type where a field names none.
DOMAINS = {
    "text": "line",
    "uri": "url",
    "country": "country",
    "language": "language",
    "timestamp": "moment",
    "date": "day",
    "number": "amount",
}


@dataclass(frozen=True)
class Type:
    """The type of a field: a scalar's word, or `vocabulary`, `value`; `of` is the class behind the last two."""

    name: str
    of: Any = None
    nullable: bool = False
    many: bool = False


@dataclass(frozen=True)
class StoredField:
    """A stored value of a record. `default` is that of the load format; a list has `most` entries at most. `domain` is
    the kind of value that the load format and the column check (`sql/migrations/0002_domains.sql`). The store computes
    `derived` fields; a load file never has them. An `identity` field says which record it is, and is not a part of its
    content. The column `collated` contains the collation key by which a text is sorted (api/store/collation.py)."""

    name: str
    type: Type
    description: str
    example: Any = None
    format: str = ""
    derived: bool = False
    identity: bool = False
    collated: str = ""
    default: str = ""
    max_items: int = 0
    domain: str = ""

    @property
    def checked(self) -> str:
        """The domain of a scalar."""
        return self.domain or DOMAINS[self.format or self.type.name]


def field(
    description: str,
    *,
    example: Any = None,
    format: str = "",
    derived: bool = False,
    identity: bool = False,
    collated: str = "",
    default: str = "",
    max_items: int = 0,
    domain: str = "",
) -> Any:
    """A stored field; its type is the annotation of the attribute. The parameters are as in Field."""
    return StoredField(
        "", Type("text"), description, example, format, derived, identity, collated, default, max_items, domain
    )


def typed_fields(cls: type) -> dict[str, Any]:
    """Return the fields that a class and its bases declare, with their names and the types of their annotations. A type
    that says what it is the id `of` keeps that."""
    hints = typing.get_type_hints(cls)
    attributes: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        attributes.update(vars(base))
    fields: dict[str, Any] = {}
    for name, attribute in attributes.items():
        if isinstance(attribute, StoredField):
            field_type = type_of(hints[name])
            if attribute.type.of:
                field_type = replace(field_type, of=attribute.type.of)
            fields[name] = replace(attribute, name=name, type=field_type)
    return fields


def type_of(hint: Any) -> Type:
    """Return the type that an annotation means. TypeError if a field cannot have it."""
    if isinstance(hint, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        return replace(type_of(inner), nullable=True)
    if typing.get_origin(hint) is list:
        return replace(type_of(typing.get_args(hint)[0]), many=True)
    if hint in SCALARS:
        return Type(SCALARS[hint])
    if issubclass(hint, Vocabulary):
        return Type("vocabulary", hint)
    if issubclass(hint, Value):
        return Type("value", hint)
    raise TypeError(f"a field cannot be {hint!r}")
