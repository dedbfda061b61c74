"""The columns of a file: those of its header, or the names in its objects, and those of them that a mapping needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from api.ingest.compiled_mapping import Mapping
from api.ingest.formatting import format_value, printable
from api.ingest.messages import suggest_closest

MAX_LISTED = 40
STEP = re.compile(r"\[\d*\]|[^.\[\]]+")
SCALAR, OBJECT, LIST, NOTHING = 1, 2, 4, 8
KINDS = {dict: OBJECT, list: LIST, type(None): NOTHING}


class Columns:
    """The kinds of values at each path. A dot leads to a part of an object, and [] to the elements of a list."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._kinds: dict[str, int] = {}
        self._has_header = False
        self._mapped_paths = {path.replace("[]", "") for path in (*mapping.used, *mapping.ignored)}

    def head(self, columns: Iterable[str], nested: bool) -> None:
        """Add the header of a table. With `nested`, the kinds of values follow from the rows."""
        kind = NOTHING if nested else SCALAR
        self._kinds = dict.fromkeys(columns, kind)
        self._has_header = not nested

    def notice(self, values: dict[str, Any]) -> None:
        """Add the names and the kinds of values of a row, unless a header has given all of them."""
        if not self._has_header:
            self._add_members(values, "")

    def _add_members(self, values: dict[str, Any], prefix: str) -> None:
        for name, value in values.items():
            self._add(prefix + name, value)

    def _add(self, path: str, value: Any) -> None:
        kind = KINDS.get(value.__class__, SCALAR)
        self._kinds[path] = self._kinds.get(path, 0) | kind
        if kind == OBJECT:
            self._add_members(value, f"{path}.")
        elif kind == LIST:
            for element in value:
                self._add(f"{path}[]", element)

    def absent(self) -> Iterator[str]:
        """Yield an error for each column that the mapping needs and the file does not have. Rows that are objects have
        names of their own, so for them this is known at the end of the file."""
        if not self._kinds:
            return
        missing_path = ""
        for path in sorted(self._mapping.needed):
            if missing_path and path.startswith((f"{missing_path}.", f"{missing_path}[")):
                continue  # the column is missing as a whole
            if self._is_optional(path):
                continue
            detail = self._describe_absence(path)
            if detail:
                missing_path = path
                yield detail

    def _is_optional(self, path: str) -> bool:
        """Return True if a path may be missing, or the column that it is a part of."""
        optional = self._mapping.optional
        steps = STEP.findall(path)
        return path in optional or (bool(steps) and steps[0] in optional)

    def _describe_absence(self, path: str) -> str:
        """Return an error if the file does not have a path; empty if it has the path, or if no row can show it."""
        if path in self._kinds:
            return ""
        here, *steps = STEP.findall(path) or [path]
        if here not in self._kinds:
            return (
                f"expected a column {format_value(path)}, which the mapping names{suggest_closest(path, self._kinds)}"
            )
        for step in steps:
            kind = self._kinds[here]
            member = f"{here}.{step}"
            elements = f"{here}[]"
            is_index = step.startswith("[") or (step.isdecimal() and not kind & OBJECT)
            if is_index:
                if kind == NOTHING:
                    return ""
                if kind & LIST:
                    if elements not in self._kinds:
                        return ""  # no row had an element
                    here = elements
                elif step != "[]":
                    return f"{format_value(path)}: {format_value(here)} is no list"
            elif member in self._kinds:
                here = member
            elif kind == NOTHING:
                return ""
            elif kind & OBJECT:
                guess = suggest_closest(member, self._kinds)
                return f"expected a column {format_value(path)}, which the mapping names{guess}"
            elif kind & LIST:
                hint = f'its elements are {{{here}[0].{step}}} and so on, or each = {{ one = "{{{here}}}" }}'
                return f"{format_value(path)}: {format_value(here)} is a list; {hint}"
            else:
                return (
                    f"{format_value(path)}: {format_value(here)} is text or a number, and has no {format_value(step)}"
                )
        return ""

    def notes(self) -> list[str]:
        """Return the lines of the report about columns: those that the mapping does not use, optional ones that the
        file does not have, and those that the mapping ignores."""
        notes = []
        unmapped = []
        for path, kind in self._kinds.items():
            is_leaf = kind & (SCALAR | NOTHING)
            if is_leaf and not self._is_mapped(path):
                unmapped.append(printable(path))
        if unmapped:
            listed = ", ".join(unmapped[:MAX_LISTED])
            if len(unmapped) > MAX_LISTED:
                listed += f" and {len(unmapped) - MAX_LISTED} more"
            notes.append(f"Columns not mapped: {listed}.")
        optional = sorted(self._mapping.optional & self._mapping.needed)
        missing = [path for path in optional if self._describe_absence(path)]
        if missing:
            notes.append(f"Columns that the file does not have: {', '.join(missing)}.")
        ignored = [f"{path} ({reason})" for path, reason in self._mapping.ignored.items() if path in self._kinds]
        if ignored:
            notes.append(f"Columns left out by the mapping: {', '.join(ignored)}.")
        return notes

    def _is_mapped(self, path: str) -> bool:
        """Return True if the mapping uses a path, or a column that it is a part of. The [] of lists do not count,
        because `each` goes through a list, and takes a single object as a list of one."""
        steps = path.replace("[]", "").split(".")
        return any(".".join(steps[:end]) in self._mapped_paths for end in range(1, len(steps) + 1))
