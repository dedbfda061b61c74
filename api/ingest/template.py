"""Compile the templates of a mapping: texts with `{column|conversion:argument}` in them.

A template that is a single pair of braces gives the value itself, such as a number or a list. Any other template gives
text. If a column that it names is empty, a template gives nothing, unless the column has `or:…`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from operator import methodcaller
from typing import Any

from api.ingest.converters import OR, TRY, find_converter
from api.ingest.converters.values import ConversionError, Convert, Tables, text
from api.ingest.formatting import format_value
from api.ingest.messages import suggest_closest

Scope = dict[Any, Any]
RESULTS = object()  # the key under which a row keeps the results of templates
FAILED = object()  # the key under which a row keeps the values that `try` left out, by their columns
LEFT_OUT = object()  # the key under which a row keeps what else is left out of it, for the report
VALUES = object()  # the key under which a row keeps its values as the file has them
ROW_NUMBER, ROW_HASH = "#number", "#hash"  # names for the row as a whole, used like columns
PATH = re.compile(r"[^.\[\]]+(\[\d+\]|\.[^.\[\]]+)*")
STEP = re.compile(r"\[(\d+)\]|[^.\[\]]+")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class ValueProblem(Exception):
    """A value of a column that a record cannot take. `key` is the key of the record if its row makes several records,
    and if the key was made before the value."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail
        self.key: Any = None


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
    """A conversion in a template. `default` is the text of `or`. A conversion after `try` may fail."""

    convert: Convert
    of_lists: bool
    default: str | None
    may_fail: bool


def template(written: Any, tables: Tables) -> Template:
    """Compile a template. ConversionError if its braces do not match, or if it names a conversion that does not
    exist."""
    if isinstance(written, date):  # a date of TOML, or a time
        written = written.isoformat()
    if not isinstance(written, str):
        return Template(lambda _: written, (), written)
    parts = PLACEHOLDER.split(written)  # texts and the insides of braces by turns
    plain_text = "".join(parts[::2])
    if "{" in plain_text or "}" in plain_text:
        raise ConversionError("expected each { to have its }, and no braces within them")
    if len(parts) == 1:
        constant = written or None
        return Template(lambda _: constant, (), written)
    placeholders = [_compile_placeholder(inner, tables) for inner in parts[1::2]]
    columns = tuple(dict.fromkeys(placeholder.column for placeholder in placeholders))
    if len(placeholders) == 1 and not plain_text:
        only = placeholders[0]
        return Template(only.get, columns, last=only.last, bare=not only.last, fills=only.fills)
    for placeholder in placeholders:
        if placeholder.fills:
            name = placeholder.last.partition(":")[0]
            raise ConversionError(f"{name} fills several fields, so it stands alone: {{…|{placeholder.last}}}")
    return Template(_text_evaluator(parts[0], placeholders, parts[2::2]), columns)


def _text_evaluator(start: str, placeholders: list[Placeholder], texts_after: list[str]) -> Callable[[Scope], Any]:
    """Return a function that joins the values of the placeholders, each with the text after it."""
    spans: list[tuple[Callable[[Scope], Any], str, str]] = []
    for placeholder, text_after in zip(placeholders, texts_after, strict=True):
        spans.append((placeholder.get, placeholder.column, text_after))

    def evaluate(scope: Scope) -> str | None:
        texts = [start]
        for get, column, text_after in spans:
            value = get(scope)
            if value is None:
                return None
            if value.__class__ is not str:
                try:
                    value = text(value)
                except ConversionError as error:
                    raise ValueProblem(column, str(error)) from None
            texts.append(value)
            texts.append(text_after)
        return "".join(texts)

    return evaluate


def first(templates: list[Template]) -> Template:
    """Return a template with the value of the first of these templates that has one."""

    def evaluate(scope: Scope) -> Any:
        for alternative in templates:
            value = alternative.evaluate(scope)
            if value is not None:
                return value
        return None

    return Template(evaluate, _columns_of(templates))


def chosen(by: Template, branches: dict[str, Template]) -> Template:
    """Return a template with the value of the branch that `by` names. A branch `start*` is for terms that begin with
    `start`. ValueProblem if there is no such branch."""
    by_prefix: list[tuple[str, Template]] = []
    for name, branch in branches.items():
        if name.endswith("*"):
            by_prefix.append((name[:-1], branch))

    def find_branch(term: str) -> Template:
        if term in branches:
            return branches[term]
        for prefix, branch in by_prefix:
            if term.startswith(prefix):
                return branch
        names = ", ".join(map(format_value, branches))
        detail = f"expected one of {names}, got {format_value(term)}{suggest_closest(term, branches)}"
        raise ValueProblem(by.columns[0], detail)

    def evaluate(scope: Scope) -> Any:
        value = by.evaluate(scope)
        if value is None:
            return None
        try:
            term = text(value)
        except ConversionError as error:
            raise ValueProblem(by.columns[0], str(error)) from None
        return find_branch(term).evaluate(scope)

    return Template(evaluate, (*by.columns, *_columns_of(branches.values())))


def _columns_of(templates: Iterable[Template]) -> tuple[str, ...]:
    columns: list[str] = []
    for compiled in templates:
        columns += compiled.columns
    return tuple(columns)


def make_scope(values: dict[str, Any], empty: frozenset[str] = frozenset(), number: int = 0) -> Scope:
    """Return a row as templates see it: texts without surrounding space, and None for empty texts and those that are
    `empty`."""
    row: Scope = {}
    for name, value in values.items():
        if value.__class__ is str and value in empty:
            row[name] = None
        else:
            row[name] = plain(value)
    row[RESULTS] = {}
    row[FAILED] = {}
    row[LEFT_OUT] = set()
    row[VALUES] = values
    row[ROW_NUMBER] = number
    return row


def leave_out(scope: Scope, what: str) -> None:
    """Note that a part of this row is left out. The report counts the rows for each such text."""
    scope[LEFT_OUT].add(what)


def plain(value: Any) -> Any:
    """Return a value without surrounding space; None for an empty text."""
    if value.__class__ is str:
        return value.strip() or None
    return value


def getter(column: str) -> Callable[[Scope], Any]:
    """Return a function that gets the value of a column or of a path such as `parties[0].name` from a row. Most columns
    stand in the row itself. For them it is a function in C, which takes a third of the time."""
    if column == ROW_HASH:
        return _row_hash
    if ("." in column or "[" in column) and PATH.fullmatch(column):
        steps = tuple(match[1] or match[0] for match in STEP.finditer(column))
        return partial(_value_at, column, steps)
    return methodcaller("get", column)


def _value_at(column: str, steps: tuple[str, ...], scope: Scope) -> Any:
    """Return the value of the column of this name, or else the value at the end of the steps: names in objects,
    positions in lists."""
    if column in scope:
        return scope[column]
    value: Any = scope
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal():
            position = int(step)
            value = value[position] if position < len(value) else None
        else:
            return None
    return plain(value)


def _row_hash(scope: Scope) -> str:
    """Return a hash of all values of the row with their columns: 32 hexadecimal digits."""
    results: dict[Any, Any] = scope[RESULTS]
    if ROW_HASH not in results:
        written = json.dumps(scope[VALUES], sort_keys=True, default=str)
        results[ROW_HASH] = sha256(written.encode()).hexdigest()[:32]
    digest: str = results[ROW_HASH]
    return digest


def remembered(compiled: Template, name: Any) -> Template:
    """Return a template that is evaluated once a row, because the key and the day of an event are in all of its
    records."""
    get = compiled.evaluate

    def evaluate(scope: Scope) -> Any:
        results = scope[RESULTS]
        if name in results:
            return results[name]
        value = get(scope)
        results[name] = value
        return value

    return replace(compiled, evaluate=evaluate)


def _compile_placeholder(inner: str, tables: Tables) -> Placeholder:
    column, *conversions = inner.split("|")
    if not column:
        raise ConversionError("expected the name of a column between the braces")
    steps: list[Conversion] = []
    last = ""
    fills: tuple[str, ...] = ()
    may_fail = False
    for written in conversions:
        if fills:
            raise ConversionError(f"{last.partition(':')[0]} fills several fields, so no conversion follows it")
        name, _, argument = written.partition(":")
        converter = find_converter(name, argument)
        if name == TRY:
            may_fail = True
        default = argument if name == OR else None
        steps.append(Conversion(converter.make(argument, tables), converter.of_lists, default, may_fail))
        last = written
        fills = converter.fills
    get_column = getter(column)
    if not steps:
        return Placeholder(get_column, column)

    def get(scope: Scope) -> Any:
        value = get_column(scope)
        for step in steps:
            if value is None or value == []:
                value = step.default
                continue
            try:
                if value.__class__ is not list or step.of_lists:
                    value = step.convert(value)
                elif step.may_fail:
                    value = [_attempt(step, element, column, scope) for element in value]
                else:
                    value = [step.convert(element) for element in value]
            except ConversionError as error:
                if not step.may_fail:
                    raise ValueProblem(column, str(error)) from None
                _note_failure(column, value, scope)
                value = None
        return value

    return Placeholder(get, column, last, fills)


def _attempt(step: Conversion, element: Any, column: str, scope: Scope) -> Any:
    """Return the result of a conversion for an element of a list; None if it fails."""
    if element is None:
        return None
    try:
        return step.convert(element)
    except ConversionError:
        _note_failure(column, element, scope)
        return None


def _note_failure(column: str, value: Any, scope: Scope) -> None:
    """Note a value that is left out. A value that several fields use is noted once."""
    scope[FAILED][column, format_value(value)] = None
