"""The conditions of a record in a mapping, and the parts of a row that it is made for: `each` and `columns`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Names
from typing import Any

from api.ingest.compiled_mapping import each, order, through
from api.ingest.field_values import FieldValues
from api.ingest.findings import Findings
from api.ingest.formatting import shown
from api.ingest.mapping_heading import Place
from api.ingest.paths import GIVEN, resolved
from api.ingest.template import Scope


class Scopes:
    """A reader of the conditions under which records are made, and of the parts of a row for which they are made."""

    def __init__(self, values: FieldValues, findings: Findings) -> None:
        self._values = values
        self._findings = findings

    def conditions(
        self, declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Iterator[Callable[[Scope], bool]]:
        """Yield the conditions that a row has to meet."""
        for name, wanted in (("when", True), ("unless", False)):
            if name in declared:
                found = self._values.template(declared[name], (*place, name), aliases)
                yield lambda scope, get=found.evaluate, wanted=wanted: (get(scope) is not None) is wanted  # type: ignore[misc]
        for name, wanted in (("ordered", True), ("unordered", False)):
            if name in declared:
                yield self._order(declared[name], (*place, name), aliases, wanted)

    def scopes(
        self, declared: dict[str, Any], place: Place, outer: Names[str, str]
    ) -> tuple[dict[str, str], Callable[[Scope], Iterable[Scope]] | None]:
        """Return the paths of the names that `each` and `columns` give, and a function that makes scopes of a row.
        Without `each` and `columns` the function is None."""
        aliases = dict(outer)
        if "columns" in declared:
            named = declared["columns"]
            if not isinstance(named, dict):
                self._findings.fault((*place, "columns"), 'expected a table, as in {tank = "tanks"}')
                return aliases, None
            for column in named:
                self._findings.use(column, aliases, (*place, "columns"))
            return aliases | dict.fromkeys(GIVEN, ""), through(named)
        if "each" not in declared:
            return aliases, None
        if not isinstance(declared["each"], dict) or not declared["each"]:
            self._findings.fault((*place, "each"), 'expected a table, as in {office = "{source_office|split:;}"}')
            return aliases, None
        lists = {
            name: self._values.template(one, (*place, "each", name), aliases, whole=False)
            for name, one in declared["each"].items()
        }
        inner = {name: f"{resolved(one.columns[0], aliases)}[]" if one.bare else "" for name, one in lists.items()}
        uneven = self._uneven(declared.get("uneven", []), lists, place)
        return aliases | inner | {"position": ""}, lambda row: each(row, lists, uneven)

    def _order(self, written: Any, place: Place, aliases: dict[str, str], wanted: bool) -> Callable[[Scope], bool]:
        if not isinstance(written, list) or not all(isinstance(one, str) for one in written):
            self._findings.fault(place, f'expected columns, as in ["low", "best"], got {shown(written)}')
            return lambda _: True
        for column in written:
            self._findings.use(column, aliases, place)

        rises = order(written)
        return lambda scope: rises(scope) is wanted

    def _uneven(self, names: Any, lists: Names[str, Any], place: Place) -> frozenset[str]:
        """Return the names of the lists of `each` that may have another length than the first list."""
        if not isinstance(names, list) or not all(name in lists for name in names):
            self._findings.fault((*place, "uneven"), f"expected names that each gives: {', '.join(lists)}")
            return frozenset()
        return frozenset(names)
