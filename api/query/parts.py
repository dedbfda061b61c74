"""The parts of objects in the answers of counts and of series. REST and GraphQL make their schemas of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from api.model import Type

Value = TypeVar("Value", bound=str)

COUNT = Type("integer")


@dataclass(frozen=True)
class Part(Generic[Value]):
    """A key of an object in an answer: the value that it shows, by its name in the compiler, and its type."""

    key: str
    value: Value
    type: Type
    description: str
