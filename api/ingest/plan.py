"""A mapping as it is worked with: parts that make objects of a row, and the records that they add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from api.ingest.converters.numbers import number
from api.ingest.converters.values import Unfit, text
from api.ingest.template import Problem, Scope, Template, getter, leave_out, plain


@dataclass(frozen=True)
class Part:
    """An object to be made: under which condition, from which parts of the row, and what its fields are."""

    holds: tuple[Callable[[Scope], bool], ...]
    scopes: Callable[[Scope], Iterable[Scope]] | None
    constants: dict[str, Any]
    fields: tuple[tuple[str, Callable[[Scope], Any]], ...]
    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...] = ()
    several: tuple[Callable[[Scope], dict[str, Any] | None], ...] = ()  # each gives several fields

    def made(self, row: Scope) -> Iterator[tuple[Scope, dict[str, Any]]]:
        """The objects that a row gives, each with what it was made from. Problem where a value is unfit."""
        for scope in self.scopes(row) if self.scopes else (row,):
            for holds in self.holds:
                if not holds(scope):
                    break
            else:
                found = self.constants.copy()
                for name, get in self.fields:
                    value = get(scope)
                    if value is not None and value != []:
                        found[name] = value
                for get_fields in self.several:
                    found |= get_fields(scope) or {}
                yield scope, found

    @property
    def fixed(self) -> bool:
        """Whether each row gives the same of it."""
        return not (self.holds or self.scopes or self.fields or self.several)


@dataclass(frozen=True)
class Made(Part):
    """A part that is a record. One that comes `once` recurs in many rows, and is the same in each."""

    resource: str = ""
    once: bool = False


@dataclass(frozen=True)
class Mapping:
    """A whole mapping. `used` are the columns that it looks at, with all that is in them; `needed` those that a file
    has to have, unless they are `optional`; `ignored` those that it knows and leaves out. `path` leads to the list in
    a JSON document; `member` and `sheet` name what is read of a zip archive and of a workbook."""

    name: str
    dataset: str
    containers: tuple[str, ...]
    records: tuple[Made, ...]
    used: frozenset[str]
    needed: frozenset[str] = frozenset()
    ignored: dict[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    delimiter: str = ","
    encoding: str = "utf-8"
    empty: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()
    member: str = ""
    sheet: str = ""
    header: tuple[str, ...] = ()
    skip_lines: int = 0
    other_names: dict[str, tuple[str, ...]] = field(default_factory=dict)


def finished(found: Template, numeric: bool, finish: Callable[[str], str] | None) -> Template:
    """Values of the field's own kind: a number where it is one, else text; one line where it is a key."""
    change = number if numeric else text
    if not found.columns:
        value = found.evaluate({})
        constant = finish(str(value)) if finish and value is not None else value
        return Template(lambda _: constant, (), found.constant)

    def one(value: Any) -> Any:
        made = change(value)
        return finish(made) if finish else made  # type: ignore[arg-type]

    get, is_text = found.evaluate, not numeric

    def evaluate(scope: Scope) -> Any:
        value = get(scope)
        if value is None:
            return None
        try:
            if is_text and value.__class__ is str:
                return finish(value) if finish else value
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
    """A part without columns is made all the same, so the empty name stands for it, unless it is ever the same."""
    found = [column for part in parts for columns in part.columns.values() for column in columns]
    return tuple(dict.fromkeys(found)) or (() if all(part.fixed for part in parts) else ("",))


def through(named: dict[str, str]) -> Callable[[Scope], Iterator[Scope]]:
    """Gives a scope for each of these columns that is not empty."""
    given = [(position, column, label, getter(column)) for position, (column, label) in enumerate(named.items(), 1)]

    def scopes(row: Scope) -> Iterator[Scope]:
        for position, column, label, get in given:
            if (cell := get(row)) is not None:
                yield {**row, "column": column, "label": label, "cell": cell, "position": position}

    return scopes


def each(row: Scope, lists: dict[str, Template], uneven: frozenset[str] = frozenset()) -> Iterator[Scope]:
    """Yield a scope for each element of lists that stand side by side. The first list says how many there are. A list
    of another length is a Problem, because nothing says which elements belong together; an `uneven` one is left out."""
    found = {name: one.evaluate(row) for name, one in lists.items()}
    given = {name: one if isinstance(one, list) else [] if one is None else [one] for name, one in found.items()}
    leading = next(iter(given))
    count = len(given[leading])
    for name, one in given.items():
        if one and len(one) != count:
            columns = [", ".join(lists[which].columns) or which for which in (name, leading)]
            if name not in uneven:
                raise Problem(columns[0], f"expected {count} elements, as many as {columns[1]} has, got {len(one)}")
            leave_out(row, f"{columns[0]}, which has not as many elements as {columns[1]}")
            given[name] = []
    for at in range(count):
        parts = {name: plain(one[at]) if one else None for name, one in given.items()}
        yield {**row, **parts, "position": at + 1}


def order(columns: list[str]) -> Callable[[Scope], bool]:
    """Whether the numbers in these columns rise; those that are empty are left out."""
    given = [(column, getter(column)) for column in columns]

    def rises(scope: Scope) -> bool:
        found = [_amount(scope, column, get) for column, get in given]
        numbers = [one for one in found if one is not None]
        return numbers == sorted(numbers)

    return rises


def _amount(scope: Scope, column: str, get: Callable[[Scope], Any]) -> Any:
    if (value := get(scope)) is None:
        return None
    try:
        return number(value)
    except Unfit as error:
        raise Problem(column, str(error)) from None
