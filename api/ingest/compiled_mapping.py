"""A compiled mapping: parts that make objects of a row, and the records that consist of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from api.ingest.converters.numbers import number
from api.ingest.converters.values import ConversionError, text
from api.ingest.template import Scope, Template, ValueProblem, getter, leave_out, plain


@dataclass(frozen=True)
class MappedObject:
    """An object to be made: its conditions, the parts of the row that it is made for, and its fields."""

    conditions: tuple[Callable[[Scope], bool], ...]
    scopes: Callable[[Scope], Iterable[Scope]] | None
    constants: dict[str, Any]
    fields: tuple[tuple[str, Callable[[Scope], Any]], ...]
    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...] = ()
    field_groups: tuple[Callable[[Scope], dict[str, Any] | None], ...] = ()  # each gives several fields

    def made(self, row: Scope) -> Iterator[tuple[Scope, dict[str, Any]]]:
        """Yield the objects that a row gives, each with its scope. ValueProblem if a value does not fit."""
        scopes = self.scopes(row) if self.scopes else (row,)
        for scope in scopes:
            if not self._applies_to(scope):
                continue
            values = self.constants.copy()
            try:
                for name, get in self.fields:
                    value = get(scope)
                    if value is not None and value != []:
                        values[name] = value
                for get_fields in self.field_groups:
                    values |= get_fields(scope) or {}
            except ValueProblem as error:
                # The key of the record replaces that of a part of it, which is none.
                error.key = values.get("key") if self.scopes else None
                raise
            yield scope, values

    def _applies_to(self, scope: Scope) -> bool:
        for condition in self.conditions:  # noqa: SIM110 - `all` takes longer, and this runs for each object of a row
            if not condition(scope):
                return False
        return True

    @property
    def fixed(self) -> bool:
        """True if the object is the same for each row."""
        return not (self.conditions or self.scopes or self.fields or self.field_groups)


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


def with_field_type(template: Template, numeric: bool, finish: Callable[[str], str] | None) -> Template:
    """Return a template whose values are of the field's type: numbers if it is `numeric`, else texts. `finish` is
    applied to each value, for example to make a key of one line."""
    if not template.columns:
        constant = template.evaluate({})
        if finish is not None and constant is not None:
            constant = finish(str(constant))
        return Template(lambda _: constant, (), template.constant)

    convert: Callable[[Any], Any] = number if numeric else text

    def convert_and_finish(value: Any) -> Any:
        converted = convert(value)
        return converted if finish is None else finish(converted)

    get, is_text = template.evaluate, not numeric

    def evaluate(scope: Scope) -> Any:
        value = get(scope)
        if value is None:
            return None
        try:
            if is_text and value.__class__ is str:
                return value if finish is None else finish(value)
            if isinstance(value, list):
                return [convert_and_finish(part) for part in value if part not in (None, "")]
            return convert_and_finish(value)
        except ConversionError as error:
            raise ValueProblem(template.columns[0], str(error)) from None

    return Template(evaluate, template.columns, last=template.last)


def as_one_list(templates: list[Template]) -> Template:
    """Return a template with the list of all values of these templates, each value once."""

    def evaluate(scope: Scope) -> list[Any]:
        values: dict[Any, None] = {}
        for template in templates:
            value = template.evaluate(scope)
            if isinstance(value, list):
                values |= dict.fromkeys(value)
            elif value is not None:
                values[value] = None
        return list(values)

    columns: list[str] = []
    for template in templates:
        columns += template.columns
    return Template(evaluate, tuple(columns))


def make_complete_objects(part: MappedObject, scope: Scope) -> list[dict[str, Any]]:
    """Return the objects that a row gives for a part within a record, without those that lack a required field."""
    return [values for _, values in part.made(scope) if values.keys() >= set(part.required)]


def all_columns(parts: list[MappedObject]) -> tuple[str, ...]:
    """Return the columns of parts. If they have none although they depend on the row, return an empty name, so that the
    field is not taken for a constant."""
    unique: dict[str, None] = {}
    for part in parts:
        for columns in part.columns.values():
            unique |= dict.fromkeys(columns)
    if not unique and not all(part.fixed for part in parts):
        return ("",)
    return tuple(unique)


def scopes_of_columns(named: dict[str, str]) -> Callable[[Scope], Iterator[Scope]]:
    """Return a function that yields a scope for each of these columns that is not empty. `named` has the label of each
    column."""
    columns = [(position, column, label, getter(column)) for position, (column, label) in enumerate(named.items(), 1)]

    def scopes(row: Scope) -> Iterator[Scope]:
        for position, column, label, get in columns:
            cell = get(row)
            if cell is not None:
                yield {**row, "column": column, "label": label, "cell": cell, "position": position}

    return scopes


def each(row: Scope, lists: dict[str, Template], uneven: frozenset[str] = frozenset()) -> Iterator[Scope]:
    """Yield a scope for each position of parallel lists. The first list sets the number of positions. A list of another
    length is a ValueProblem, because it is not known which elements belong together. If it is `uneven`, it is left out
    instead."""
    elements_by_name = {name: _as_list(template.evaluate(row)) for name, template in lists.items()}
    leading = next(iter(elements_by_name))
    count = len(elements_by_name[leading])
    for name, elements in elements_by_name.items():
        if not elements or len(elements) == count:
            continue
        columns = ", ".join(lists[name].columns) or name
        leading_columns = ", ".join(lists[leading].columns) or leading
        if name not in uneven:
            detail = f"expected {count} elements, as many as {leading_columns} has, got {len(elements)}"
            raise ValueProblem(columns, detail)
        leave_out(row, f"{columns}, which has not as many elements as {leading_columns}")
        elements_by_name[name] = []
    for index in range(count):
        scope = row.copy()
        for name, elements in elements_by_name.items():
            scope[name] = plain(elements[index]) if elements else None
        scope["position"] = index + 1
        yield scope


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def order(columns: list[str]) -> Callable[[Scope], bool]:
    """Return a function that returns True if the numbers in these columns never fall. Columns that are empty are left
    out."""
    getters = [(column, getter(column)) for column in columns]

    def rises(scope: Scope) -> bool:
        numbers = []
        for column, get in getters:
            value = get(scope)
            if value is not None:
                numbers.append(_read_number(column, value))
        return numbers == sorted(numbers)

    return rises


def _read_number(column: str, value: Any) -> int | Decimal:
    try:
        return number(value)
    except ConversionError as error:
        raise ValueProblem(column, str(error)) from None
