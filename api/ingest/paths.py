"""Resolve names in templates to paths in the file: of columns, of their parts, and of the values that `each` and
`columns` go through.

`aliases` contains the path of each name that `each` or `columns` gives. The path is empty if the value is computed,
such as a position or the parts of a text. The path of the elements of a list ends in [].
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Names

IMPLICIT_NAMES = ("column", "label", "cell", "position")  # names that `each` and `columns` give by themselves
INDEX = re.compile(r"\[\d+\]|\.\d+(?![^.\[])")
NAME = re.compile(r"[.\[]")


def resolved(column: str, aliases: Names[str, str]) -> str:
    """Return the path of a name in the file; empty for a computed value."""
    if column in aliases:
        return aliases[column]
    root = _root(column)
    if root not in aliases:
        return column
    path = aliases[root]
    if not path and root in IMPLICIT_NAMES:
        return ""
    return path + column.removeprefix(root)


def _root(column: str) -> str:
    """Return the name at the beginning of a path."""
    end = len(column)
    for mark in ".[":
        position = column.find(mark)
        if position > 0:
            end = min(end, position)
    return column[:end]


def generalized(path: str) -> str:
    """Return a path with [] in place of each index: `parties[].name`."""
    return INDEX.sub("[]", path)


def of_row(columns: tuple[str, ...], aliases: Names[str, str]) -> bool:
    """Return True if a template uses the row alone, so that it has the same value everywhere in a mapping."""
    roots = [NAME.split(column)[0] for column in columns]
    return bool(roots) and not any(root in aliases for root in roots)
