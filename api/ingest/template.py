"""What a mapping writes for a value: text with `{column|conversion:argument}` in it.

A template that is one pair of braces gives the value that stands there, a number or a list, say; any other gives text.
Where a column that it names is empty, a template gives nothing, unless the column says `or:…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.ingest.converter import Convert, Maps, Unfit, converter, text

Scope = dict[str, Any]
HOLE = re.compile(r"\{([^{}]*)\}")
ABSENT = object()


class Problem(Exception):
    """A value of a column that a record cannot take."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


@dataclass(frozen=True)
class Template:
    """`evaluate` gives what a row makes of it; `columns` are those that it looks at."""

    evaluate: Callable[[Scope], Any]
    columns: tuple[str, ...]
    constant: Any = None
    last: str = ""


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
        return Template(holes[0][0], columns, last=holes[0][2])
    texts, gets, named = parts[::2], [get for get, _, _ in holes], [column for _, column, _ in holes]

    def evaluate(scope: Scope) -> str | None:
        found = [texts[0]]
        for get, column, after in zip(gets, named, texts[1:], strict=True):
            if (value := get(scope)) is None:
                return None
            try:
                found += (text(value), after)
            except Unfit as error:
                raise Problem(column, str(error)) from None
        return "".join(found)

    return Template(evaluate, columns)


def first(templates: list[Template]) -> Template:
    """The first of them that gives something."""

    def evaluate(scope: Scope) -> Any:
        return next((found for one in templates if (found := one.evaluate(scope)) is not None), None)

    return Template(evaluate, tuple(column for one in templates for column in one.columns))


def reached(scope: Scope, column: str) -> Any:
    """What a row has under this name, or under the names between its dots, one within the other."""
    if (found := scope.get(column, ABSENT)) is not ABSENT:
        return found
    here: Any = scope
    for name in column.split("."):
        here = here.get(name) if isinstance(here, dict) else None
    return here


def _hole(inner: str, maps: Maps) -> tuple[Callable[[Scope], Any], str, str]:
    column, *named = inner.split("|")
    if not column:
        raise Unfit("expected the name of a column between the braces")
    steps: list[tuple[Convert, str | None]] = []
    for one in named:
        name, _, argument = one.partition(":")
        steps.append((converter(name, argument, maps), argument if name == "or" else None))

    def plain(scope: Scope) -> Any:
        value = scope[column] if column in scope else reached(scope, column)
        return (value.strip() or None) if isinstance(value, str) else value

    def get(scope: Scope) -> Any:
        value = plain(scope)
        for convert, instead in steps:
            if value is None or value == []:
                value = instead
                continue
            try:
                value = [convert(part) for part in value] if isinstance(value, list) else convert(value)
            except Unfit as error:
                raise Problem(column, str(error)) from None
        return value

    return get if steps else plain, column, named[-1] if named else ""
