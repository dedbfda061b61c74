"""The findings of reading a mapping: its faults, and the columns that it uses."""

from __future__ import annotations

from collections.abc import Mapping as Names

from api.ingest.formatting import format_value
from api.ingest.mapping_heading import Place
from api.ingest.paths import generalized, resolved
from api.ingest.template import ROW_HASH, ROW_NUMBER


class Findings:
    """The faults of a mapping, and the columns that it uses: `needed` as it names them, `used` with all their parts."""

    def __init__(self) -> None:
        self.wrong: list[tuple[Place, str]] = []
        self.used: set[str] = set()
        self.needed: set[str] = set()

    def fault(self, place: Place, detail: str) -> None:
        """Add a fault, once."""
        if (place, detail) not in self.wrong:
            self.wrong.append((place, detail))

    def is_wrong(self, place: Place) -> bool:
        """Return True if there is a fault at a place."""
        return any(wrong_place == place for wrong_place, _ in self.wrong)

    def use(self, column: str, aliases: Names[str, str], place: Place, whole: bool = True) -> None:
        """Add a column that the mapping uses, or a part of one such as `parties[0].name`. With `whole`, all parts of it
        are used."""
        path = resolved(column, aliases)
        if not path or column in (ROW_NUMBER, ROW_HASH):
            return
        if path.startswith((".", "[")):
            self.fault(place, f"{format_value(column)}: the parts of a text have no names of their own")
            return
        self.needed.add(path)
        if whole:
            self.used |= {path, generalized(path)}
