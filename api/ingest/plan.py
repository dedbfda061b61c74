"""A mapping as it is worked with: parts that make objects of a row, and the records that they add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from api.ingest.converter import Unfit, number, text
from api.ingest.template import Problem, Scope, Template, reached


@dataclass(frozen=True)
class Part:
    """An object to be made: under which condition, from which parts of the row, and what its fields are."""

    holds: tuple[Callable[[Scope], bool], ...]
    scopes: Callable[[Scope], Iterator[Scope]]
    constants: dict[str, Any]
    fields: tuple[tuple[str, Callable[[Scope], Any]], ...]
    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...] = ()

    def made(self, row: Scope) -> Iterator[tuple[Scope, dict[str, Any]]]:
        """The objects that a row gives, each with what it was made from. Problem where a value is unfit."""
        for scope in self.scopes(row):
            if not self.holds or all(holds(scope) for holds in self.holds):
                yield scope, self.one(scope)

    def one(self, scope: Scope) -> dict[str, Any]:
        """The object that this scope gives."""
        found = self.constants.copy()
        for name, get in self.fields:
            value = get(scope)
            if value is not None and value != []:
                found[name] = value
        return found


@dataclass(frozen=True)
class Made(Part):
    """A part that is a record. One that comes `once` recurs in many rows, and is the same in each."""

    resource: str = ""
    once: bool = False


@dataclass(frozen=True)
class Mapping:
    """A whole mapping. `used` are the columns that it looks at, `ignored` those that it knows and leaves out."""

    name: str
    dataset: str
    containers: tuple[str, ...]
    records: tuple[Made, ...]
    used: frozenset[str]
    ignored: dict[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    delimiter: str = ","
    encoding: str = "utf-8"
    empty: frozenset[str] = frozenset()


def finished(found: Template, numeric: bool, finish: Callable[[str], str] | None) -> Template:
    """Values of the field's own kind: a number where it is one, else text; one line where it is a key."""
    change = number if numeric else text
    if not found.columns:
        value = found.evaluate({})
        return Template(lambda _: finish(str(value)) if finish and value is not None else value, (), found.constant)

    def one(value: Any) -> Any:
        plain = change(value)
        return finish(plain) if finish else plain  # type: ignore[arg-type]

    def evaluate(scope: Scope) -> Any:
        value = found.evaluate(scope)
        if value is None or (not numeric and finish is None and isinstance(value, str)):
            return value
        try:
            return [one(part) for part in value if part not in (None, "")] if isinstance(value, list) else one(value)
        except Unfit as error:
            raise Problem(found.columns[0], str(error)) from None

    return Template(evaluate, found.columns, last=found.last)


def joined(templates: list[Template]) -> Template:
    def evaluate(scope: Scope) -> list[Any]:
        found: dict[Any, None] = {}
        for one in templates:
            value = one.evaluate(scope)
            if value is not None:
                found |= dict.fromkeys(value if isinstance(value, list) else [value])
        return list(found)

    return Template(evaluate, tuple(column for one in templates for column in one.columns))


def kept(part: Part, scope: Scope) -> list[dict[str, Any]]:
    """What a row gives of a part within a record; one whose required fields are empty is left out."""
    return [one for _, one in part.made(scope) if all(name in one for name in part.required)]


def all_columns(parts: list[Part]) -> tuple[str, ...]:
    """A part without columns is made all the same, so the empty name stands for it."""
    found = [column for part in parts for columns in part.columns.values() for column in columns]
    return tuple(dict.fromkeys(found)) or ("",)


def through(row: Scope, named: dict[str, str]) -> Iterator[Scope]:
    for position, (column, label) in enumerate(named.items(), 1):
        cell = reached(row, column)
        if cell is not None and cell != "":
            yield {**row, "column": column, "label": label, "cell": cell, "position": position}


def each(row: Scope, lists: dict[str, Template]) -> Iterator[Scope]:
    """The first list says how many there are; one of another length does not belong to it, element by element."""
    found = {name: one.evaluate(row) for name, one in lists.items()}
    given = {name: one if isinstance(one, list) else [] if one is None else [one] for name, one in found.items()}
    count = len(next(iter(given.values())))
    for at in range(count):
        parts = {name: one[at] if len(one) == count else None for name, one in given.items()}
        yield {**row, **parts, "position": at + 1}


def amount(scope: Scope, column: str) -> Any:
    value = reached(scope, column)
    if value is None or value == "":
        return None
    try:
        return number(value)
    except Unfit as error:
        raise Problem(column, str(error)) from None
