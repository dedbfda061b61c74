"""What a mapping writes for a value: text with `{column|conversion:argument}` in it.

A template that is one pair of braces gives the value that stands there, a number or a list, say; any other gives text.
Where a column that it names is empty, a template gives nothing, unless the column says `or:…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from operator import methodcaller
from typing import Any

from api.ingest.converter import Convert, Maps, Unfit, converter, text

Scope = dict[Any, Any]
MADE = object()  # under it a row keeps what templates made of it
HOLE = re.compile(r"\{([^{}]*)\}")


class Problem(Exception):
    """A value of a column that a record cannot take."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


@dataclass(frozen=True)
class Template:
    """`evaluate` gives what a row makes of it; `columns` are those that it looks at; `last` is its last conversion; a
    `bare` one is a column as it stands."""

    evaluate: Callable[[Scope], Any]
    columns: tuple[str, ...]
    constant: Any = None
    last: str = ""
    bare: bool = False


def template(written: Any, maps: Maps) -> Template:
    """Unfit where it names a conversion that there is not."""
    if not isinstance(written, str):
        return Template(lambda _: written, (), written)
    parts = HOLE.split(written)
    if "{" in "".join(parts[::2]) or "}" in "".join(parts[::2]):
        raise Unfit("expected each { to have its }, and no braces within them")
    if len(parts) == 1:
        return Template(lambda _: written or None, (), written)
    holes = [_hole(inner, maps) for inner in parts[1::2]]
    columns = tuple(dict.fromkeys(column for _, column, _ in holes))
    if parts[0] == parts[-1] == "" and len(parts) == 3:
        return Template(holes[0][0], columns, last=holes[0][2], bare=not holes[0][2])
    spans = [(get, column, after) for (get, column, _), after in zip(holes, parts[2::2], strict=True)]

    def evaluate(scope: Scope) -> str | None:
        found = [parts[0]]
        for get, column, after in spans:
            if (value := get(scope)) is None:
                return None
            try:
                found += (value if value.__class__ is str else text(value), after)
            except Unfit as error:
                raise Problem(column, str(error)) from None
        return "".join(found)

    return Template(evaluate, columns)


def first(templates: list[Template]) -> Template:
    """The first of them that gives something."""

    def evaluate(scope: Scope) -> Any:
        return next((found for one in templates if (found := one.evaluate(scope)) is not None), None)

    return Template(evaluate, tuple(column for one in templates for column in one.columns))


def scoped(values: dict[str, Any], empty: frozenset[str] = frozenset()) -> Scope:
    """A row as templates look at it: texts without space around them, and nothing for those that are `empty`."""
    row: Scope = {name: None if one.__class__ is str and one in empty else plain(one) for name, one in values.items()}
    row[MADE] = {}
    return row


def plain(value: Any) -> Any:
    """A value without space around it; a text of nothing else is nothing."""
    return (value.strip() or None) if value.__class__ is str else value


def getter(column: str) -> Callable[[Scope], Any]:
    """Gets what a row has under this name. Most columns stand in the row itself, where a call of C finds them at a
    third of the time."""
    return partial(_reached, column) if "." in column else methodcaller("get", column)


def _reached(column: str, scope: Scope) -> Any:
    """What a row has under this name, or under the names between its dots, one within the other."""
    if column in scope:
        return scope[column]
    here: Any = scope
    for name in column.split("."):
        here = here.get(name) if isinstance(here, dict) else None
    return plain(here)


def remembered(made: Template, name: Any) -> Template:
    """The same, made once a row: keys and days of an event stand in all of its records."""
    get = made.evaluate

    def evaluate(scope: Scope) -> Any:
        memory = scope[MADE]
        if name in memory:
            return memory[name]
        value = memory[name] = get(scope)
        return value

    return replace(made, evaluate=evaluate)


def _hole(inner: str, maps: Maps) -> tuple[Callable[[Scope], Any], str, str]:
    column, *named = inner.split("|")
    if not column:
        raise Unfit("expected the name of a column between the braces")
    steps: list[tuple[Convert, str | None]] = []
    for one in named:
        name, _, argument = one.partition(":")
        steps.append((converter(name, argument, maps), argument if name == "or" else None))

    bare = getter(column)

    def get(scope: Scope) -> Any:
        value = bare(scope)
        for convert, instead in steps:
            if value is None or value == []:
                value = instead
                continue
            try:
                value = [convert(part) for part in value] if value.__class__ is list else convert(value)
            except Unfit as error:
                raise Problem(column, str(error)) from None
        return value

    return get if steps else bare, column, named[-1] if named else ""
