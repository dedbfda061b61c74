"""The columns of a file: those of its header, or the names in its objects, and those of them that a mapping needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from api.ingest.compiled_mapping import Mapping
from api.ingest.formatting import printable, shown
from api.ingest.messages import closest

SHOWN = 40
STEP = re.compile(r"\[\d*\]|[^.\[\]]+")
SCALAR, OBJECT, LIST, NOTHING = 1, 2, 4, 8
KINDS = {dict: OBJECT, list: LIST, type(None): NOTHING}


class Columns:
    """The kinds of values at each path. A dot leads to a part of an object, and [] to the elements of a list."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._kinds: dict[str, int] = {}
        self._header = False
        self._looked_at = {one.replace("[]", "") for one in (*mapping.used, *mapping.ignored)}

    def head(self, columns: Iterable[str], nested: bool) -> None:
        """Add the header of a table. With `nested`, the kinds of values follow from the rows."""
        self._kinds = dict.fromkeys(columns, NOTHING if nested else SCALAR)
        self._header = not nested

    def notice(self, values: dict[str, Any]) -> None:
        """Add the names and the kinds of values of a row, unless a header has given all of them."""
        if not self._header:
            self._walk(values, "")

    def _walk(self, values: dict[str, Any], before: str) -> None:
        for name, one in values.items():
            self._add(before + name, one)

    def _add(self, path: str, value: Any) -> None:
        kind = KINDS.get(value.__class__, SCALAR)
        self._kinds[path] = self._kinds.get(path, 0) | kind
        if kind == OBJECT:
            self._walk(value, f"{path}.")
        elif kind == LIST:
            for part in value:
                self._add(f"{path}[]", part)

    def absent(self) -> Iterator[str]:
        """Yield an error for each column that the mapping needs and the file does not have. Rows that are objects have
        names of their own, so for them this is known at the end of the file."""
        if not self._kinds:
            return
        optional = self._mapping.optional
        last = ""
        for path in sorted(self._mapping.needed):
            if last and path.startswith((f"{last}.", f"{last}[")):
                continue  # the column is missing as a whole
            root = STEP.findall(path)[:1]
            if path not in optional and (not root or root[0] not in optional) and (detail := self._absence(path)):
                last = path
                yield detail

    def _absence(self, path: str) -> str:
        if path in self._kinds:
            return ""
        here, *steps = STEP.findall(path) or [path]
        if here not in self._kinds:
            return f"expected a column {shown(path)}, which the mapping names{closest(path, self._kinds)}"
        for step in steps:
            kind, inside = self._kinds[here], f"{here}.{step}"
            if step.startswith("[") or (step.isdecimal() and not kind & OBJECT):
                if kind == NOTHING or (kind & LIST and f"{here}[]" not in self._kinds):
                    return ""  # no row had an element
                if not kind & LIST and step != "[]":
                    return f"{shown(path)}: {shown(here)} is no list"
                here = f"{here}[]" if kind & LIST else here
            elif inside in self._kinds:
                here = inside
            elif kind == NOTHING:
                return ""
            elif kind & OBJECT:
                return f"expected a column {shown(path)}, which the mapping names{closest(inside, self._kinds)}"
            elif kind & LIST:
                hint = f'its elements are {{{here}[0].{step}}} and so on, or each = {{ one = "{{{here}}}" }}'
                return f"{shown(path)}: {shown(here)} is a list; {hint}"
            else:
                return f"{shown(path)}: {shown(here)} is text or a number, and has no {shown(step)}"
        return ""

    def notes(self) -> list[str]:
        """Return the lines of the report about columns: those that the mapping does not use, optional ones that the
        file does not have, and those that the mapping ignores."""
        found = []
        leaves = [path for path, kind in self._kinds.items() if kind & (SCALAR | NOTHING)]
        if left := [printable(one) for one in leaves if not self._known(one)]:
            more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
            found.append(f"Columns not mapped: {', '.join(left[:SHOWN])}{more}.")
        if lacking := sorted(one for one in self._mapping.optional & self._mapping.needed if self._absence(one)):
            found.append(f"Columns that the file does not have: {', '.join(lacking)}.")
        ignored = [f"{one} ({why})" for one, why in self._mapping.ignored.items() if one in self._kinds]
        if ignored:
            found.append(f"Columns left out by the mapping: {', '.join(ignored)}.")
        return found

    def _known(self, path: str) -> bool:
        """Return True if the mapping uses a path, or a column that it is a part of. The [] of lists do not count,
        because `each` goes through a list, and takes a single object as a list of one."""
        parts = path.replace("[]", "").split(".")
        wholes = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        return bool(wholes & self._looked_at)
