"""A compiled mapping: parts that make objects of a row, and the records that consist of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from api.ingest.converters.numbers import number
from api.ingest.converters.values import ConversionError, text
from api.ingest.template import Scope, Template, ValueProblem, getter, leave_out, plain


@dataclass(frozen=True)
class MappedObject:
    """An object to be made: its conditions, the parts of the row that it is made for, and its fields."""

    holds: tuple[Callable[[Scope], bool], ...]
    scopes: Callable[[Scope], Iterable[Scope]] | None
    constants: dict[str, Any]
    fields: tuple[tuple[str, Callable[[Scope], Any]], ...]
    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...] = ()
    several: tuple[Callable[[Scope], dict[str, Any] | None], ...] = ()  # each gives several fields

    def made(self, row: Scope) -> Iterator[tuple[Scope, dict[str, Any]]]:
        """Yield the objects that a row gives, each with its scope. ValueProblem if a value does not fit."""
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
        """True if the object is the same for each row."""
        return not (self.holds or self.scopes or self.fields or self.several)


@dataclass(frozen=True)
class MappedRecord(MappedObject):
    """A part that is a record. With `once`, many rows may give the same record, and only the first one is loaded."""

    resource: str = ""
    once: bool = False


@dataclass(frozen=True)
class Mapping:
    """A compiled mapping. `used` are the columns that it uses, with all their parts. `needed` are those that a file
    must have, unless they are `optional`. `ignored` are those that it leaves out, with the reason. `path` leads to the
    list in a JSON document. `member` and `sheet` name the file of a zip archive and the sheet of a workbook that are
    read."""

    name: str
    dataset: str
    containers: tuple[str, ...]
    records: tuple[MappedRecord, ...]
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
    """Return a template whose values are of the field's type: numbers if it is `numeric`, else texts. `finish` is
    applied to each value, for example to make a key of one line."""
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
        except ConversionError as error:
            raise ValueProblem(found.columns[0], str(error)) from None

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


def kept(part: MappedObject, scope: Scope) -> list[dict[str, Any]]:
    """Return the objects that a row gives for a part within a record, without those that lack a required field."""
    return [one for _, one in part.made(scope) if all(name in one for name in part.required)]


def all_columns(parts: list[MappedObject]) -> tuple[str, ...]:
    """Return the columns of parts. If they have none although they depend on the row, return an empty name, so that the
    field is not taken for a constant."""
    found = [column for part in parts for columns in part.columns.values() for column in columns]
    return tuple(dict.fromkeys(found)) or (() if all(part.fixed for part in parts) else ("",))


def through(named: dict[str, str]) -> Callable[[Scope], Iterator[Scope]]:
    """Return a function that yields a scope for each of these columns that is not empty."""
    given = [(position, column, label, getter(column)) for position, (column, label) in enumerate(named.items(), 1)]

    def scopes(row: Scope) -> Iterator[Scope]:
        for position, column, label, get in given:
            if (cell := get(row)) is not None:
                yield {**row, "column": column, "label": label, "cell": cell, "position": position}

    return scopes


def each(row: Scope, lists: dict[str, Template], uneven: frozenset[str] = frozenset()) -> Iterator[Scope]:
    """Yield a scope for each position of parallel lists. The first list sets the number of positions. A list of another
    length is a ValueProblem, because it is not known which elements belong together. If it is `uneven`, it is left out
    instead."""
    found = {name: one.evaluate(row) for name, one in lists.items()}
    given = {name: one if isinstance(one, list) else [] if one is None else [one] for name, one in found.items()}
    leading = next(iter(given))
    count = len(given[leading])
    for name, one in given.items():
        if one and len(one) != count:
            columns = [", ".join(lists[which].columns) or which for which in (name, leading)]
            if name not in uneven:
                raise ValueProblem(
                    columns[0], f"expected {count} elements, as many as {columns[1]} has, got {len(one)}"
                )
            leave_out(row, f"{columns[0]}, which has not as many elements as {columns[1]}")
            given[name] = []
    for at in range(count):
        parts = {name: plain(one[at]) if one else None for name, one in given.items()}
        yield {**row, **parts, "position": at + 1}


def order(columns: list[str]) -> Callable[[Scope], bool]:
    """Return a function that returns True if the numbers in these columns never fall. Columns that are empty are left
    out."""
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
    except ConversionError as error:
        raise ValueProblem(column, str(error)) from None
