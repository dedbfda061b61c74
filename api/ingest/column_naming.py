"""Rename the columns of a file to the names in the mapping. Other releases of a file may use another letter case, or
other names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from api.ingest.compiled_mapping import Mapping

END = re.compile(r"[.\[]")


class ColumnNames:
    """The names that a mapping has for the columns of a file."""

    def __init__(self, mapping: Mapping) -> None:
        roots = {END.split(path)[0] for path in mapping.needed | mapping.used}
        self._names = (roots | mapping.needed | mapping.ignored.keys()) - {""}
        # The name for each other spelling of it, with the letter case folded. Of two names that differ in letter case
        # only, the first in the order of the alphabet wins, because it is added last.
        self._names_by_spelling = {name.casefold(): name for name in sorted(self._names, reverse=True)}
        for name, other_names in mapping.other_names.items():
            for other_name in other_names:
                self._names_by_spelling[other_name.casefold()] = name

    def header(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns of a header under their names in the mapping. A column that has such a name already keeps
        it."""
        used_names = {column for column in columns if column in self._names}
        renamed = []
        for column in columns:
            name = self._names_by_spelling.get(column.casefold())
            if column not in used_names and name is not None and name not in used_names:
                used_names.add(name)
                renamed.append(name)
            else:
                renamed.append(column)
        return tuple(renamed)

    def row(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return an object with its names as the mapping has them."""
        if values.keys() <= self._names:
            return values
        return dict(zip(self.header(values), values.values(), strict=True))
