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
        named = {END.split(one)[0] for one in mapping.needed | mapping.used} | mapping.needed | mapping.ignored.keys()
        self._named = named - {""}
        self._others = {one.casefold(): one for one in sorted(self._named, reverse=True)}
        for name, others in mapping.other_names.items():
            self._others |= {other.casefold(): name for other in others}

    def header(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns of a header under their names in the mapping. A column that has such a name already keeps
        it."""
        taken = {one for one in columns if one in self._named}
        found = []
        for column in columns:
            name = self._others.get(column.casefold())
            if column not in taken and name is not None and name not in taken:
                taken.add(name)
                column = name
            found.append(column)
        return tuple(found)

    def row(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return an object with its names as the mapping has them."""
        if values.keys() <= self._named:
            return values
        return dict(zip(self.header(values), values.values(), strict=True))
