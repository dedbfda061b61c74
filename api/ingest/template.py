"""Compile the templates of a mapping: texts with `{column|conversion:argument}` in them.

A template that is a single pair of braces gives the value itself, such as a number or a list. Any other template gives
text. If a column that it names is empty, a template gives nothing, unless the column has `or:…`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from operator import methodcaller
from typing import Any

from api.ingest.converters import OR, TRY, find_converter
from api.ingest.converters.values import ConversionError, Convert, Tables, text
from api.ingest.formatting import shown
from api.ingest.messages import closest

Scope = dict[Any, Any]
MADE = object()  # the key under which a row keeps the results of templates
FAILED = object()  # the key under which a row keeps the values that `try` left out, by their columns
LEFT_OUT = object()  # the key under which a row keeps what else is left out of it, for the report
VALUES = object()  # the key under which a row keeps its values as the file has them
ROW_NUMBER, ROW_HASH = "#number", "#hash"  # names for the row as a whole, used like columns
PATH = re.compile(r"[^.\[\]]+(\[\d+\]|\.[^.\[\]]+)*")
STEP = re.compile(r"\[(\d+)\]|[^.\[\]]+")
HOLE = re.compile(r"\{([^{}]*)\}")


class ValueProblem(Exception):
    """A value of a column that a record cannot take."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


@dataclass(frozen=True)
class Template:
    """A compiled template. `evaluate` returns its value for a row. `columns` are those that it uses, and `last` is its
    last conversion. It is `bare` if it is a column without conversions. If it `fills` several fields, its value is an
    object of them."""

    evaluate: Callable[[Scope], Any]
    columns: tuple[str, ...]
    constant: Any = None
    last: str = ""
    bare: bool = False
    fills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placeholder:
    """A pair of braces: the function that gets its value, the column that it uses, and its last conversion."""

    get: Callable[[Scope], Any]
    column: str
    last: str = ""
    fills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversion:
    """A conversion in a template. `instead` is the text of `or`. A conversion that is `tried` may fail."""

    convert: Convert
    of_lists: bool
    instead: str | None
    tried: bool


def template(written: Any, tables: Tables) -> Template:
    """Compile a template. ConversionError if its braces do not match, or if it names a conversion that does not
    exist."""
    if isinstance(written, date):  # a date of TOML, or a time
        written = written.isoformat()
    if not isinstance(written, str):
        return Template(lambda _: written, (), written)
    parts = HOLE.split(written)
    if "{" in "".join(parts[::2]) or "}" in "".join(parts[::2]):
        raise ConversionError("expected each { to have its }, and no braces within them")
    if len(parts) == 1:
        return Template(lambda _: written or None, (), written)
    holes = [_hole(inner, tables) for inner in parts[1::2]]
    columns = tuple(dict.fromkeys(hole.column for hole in holes))
    if parts[0] == parts[-1] == "" and len(parts) == 3:
        only = holes[0]
        return Template(only.get, columns, last=only.last, bare=not only.last, fills=only.fills)
    if filling := next((hole for hole in holes if hole.fills), None):
        raise ConversionError(
            f"{filling.last.partition(':')[0]} fills several fields, so it stands alone: {{…|{filling.last}}}"
        )
    spans = [(hole.get, hole.column, after) for hole, after in zip(holes, parts[2::2], strict=True)]

    def evaluate(scope: Scope) -> str | None:
        found = [parts[0]]
        for get, column, after in spans:
            if (value := get(scope)) is None:
                return None
            try:
                found += (value if value.__class__ is str else text(value), after)
            except ConversionError as error:
                raise ValueProblem(column, str(error)) from None
        return "".join(found)

    return Template(evaluate, columns)


def first(templates: list[Template]) -> Template:
    """Return a template with the value of the first of these templates that has one."""

    def evaluate(scope: Scope) -> Any:
        return next((found for one in templates if (found := one.evaluate(scope)) is not None), None)

    return Template(evaluate, tuple(column for one in templates for column in one.columns))


def chosen(by: Template, branches: dict[str, Template]) -> Template:
    """Return a template with the value of the branch that `by` names. A branch `start*` is for terms that begin with
    `start`. ValueProblem if there is no such branch."""
    starts = [(term[:-1], branch) for term, branch in branches.items() if term.endswith("*")]

    def evaluate(scope: Scope) -> Any:
        if (term := by.evaluate(scope)) is None:
            return None
        plain = text(term)
        branch = branches.get(plain) or next((one for start, one in starts if plain.startswith(start)), None)
        if branch is None:
            detail = f"expected one of {', '.join(map(shown, branches))}, got {shown(plain)}{closest(plain, branches)}"
            raise ValueProblem(by.columns[0], detail)
        return branch.evaluate(scope)

    return Template(evaluate, (*by.columns, *(column for one in branches.values() for column in one.columns)))


def scoped(values: dict[str, Any], empty: frozenset[str] = frozenset(), number: int = 0) -> Scope:
    """Return a row as templates see it: texts without surrounding space, and None for empty texts and those that are
    `empty`."""
    row: Scope = {name: None if one.__class__ is str and one in empty else plain(one) for name, one in values.items()}
    row[MADE], row[FAILED], row[LEFT_OUT], row[VALUES] = {}, {}, set(), values
    row[ROW_NUMBER] = number
    return row


def leave_out(scope: Scope, what: str) -> None:
    """Note that a part of this row is left out. The report counts the rows for each such text."""
    scope[LEFT_OUT].add(what)


def plain(value: Any) -> Any:
    """Return a value without surrounding space; None for an empty text."""
    return (value.strip() or None) if value.__class__ is str else value


def getter(column: str) -> Callable[[Scope], Any]:
    """Return a function that gets the value of a column or of a path such as `parties[0].name` from a row. Most columns
    stand in the row itself. For them it is a function in C, which takes a third of the time."""
    if column == ROW_HASH:
        return _row_hash
    if ("." in column or "[" in column) and PATH.fullmatch(column):
        return partial(_reached, column, tuple(found[1] or found[0] for found in STEP.finditer(column)))
    return methodcaller("get", column)


def _reached(column: str, steps: tuple[str, ...], scope: Scope) -> Any:
    """Return the value of the column of this name, or else the value at the end of the steps: names in objects,
    positions in lists."""
    if column in scope:
        return scope[column]
    here: Any = scope
    for step in steps:
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and step.isdecimal():
            here = here[int(step)] if int(step) < len(here) else None
        else:
            return None
    return plain(here)


def _row_hash(scope: Scope) -> str:
    """Return a hash of all values of the row with their columns: 32 hexadecimal digits."""
    memory = scope[MADE]
    if ROW_HASH not in memory:
        written = json.dumps(scope[VALUES], sort_keys=True, default=str)
        memory[ROW_HASH] = sha256(written.encode()).hexdigest()[:32]
    found: str = memory[ROW_HASH]
    return found


def remembered(made: Template, name: Any) -> Template:
    """Return a template that is evaluated once a row, because the key and the day of an event are in all of its
    records."""
    get = made.evaluate

    def evaluate(scope: Scope) -> Any:
        memory = scope[MADE]
        if name in memory:
            return memory[name]
        value = memory[name] = get(scope)
        return value

    return replace(made, evaluate=evaluate)


def _hole(inner: str, tables: Tables) -> Placeholder:
    column, *named = inner.split("|")
    if not column:
        raise ConversionError("expected the name of a column between the braces")
    steps: list[Conversion] = []
    last, tried = "", False
    fills: tuple[str, ...] = ()
    for written in named:
        if fills:
            raise ConversionError(f"{last.partition(':')[0]} fills several fields, so no conversion follows it")
        name, _, argument = written.partition(":")
        found = find_converter(name, argument)
        tried = tried or name == TRY
        instead = argument if name == OR else None
        steps.append(Conversion(found.make(argument, tables), found.of_lists, instead, tried))
        last, fills = written, found.fills
    bare = getter(column)

    def get(scope: Scope) -> Any:
        value = bare(scope)
        for step in steps:
            if value is None or value == []:
                value = step.instead
                continue
            try:
                if value.__class__ is not list or step.of_lists:
                    value = step.convert(value)
                elif step.tried:
                    value = [_attempt(step, part, column, scope) for part in value]
                else:
                    value = [step.convert(part) for part in value]
            except ConversionError as error:
                if not step.tried:
                    raise ValueProblem(column, str(error)) from None
                _note_failure(column, value, scope)
                value = None
        return value

    return Placeholder(get if steps else bare, column, last, fills)


def _attempt(step: Conversion, part: Any, column: str, scope: Scope) -> Any:
    """Return the result of a conversion for an element of a list; None if it fails."""
    try:
        return None if part is None else step.convert(part)
    except ConversionError:
        _note_failure(column, part, scope)
        return None


def _note_failure(column: str, value: Any, scope: Scope) -> None:
    """Note a value that is left out. A value that several fields use is noted once."""
    scope[FAILED][column, shown(value)] = None
