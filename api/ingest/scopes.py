"""The conditions of a record in a mapping, and the parts of a row that it is made for: `each` and `columns`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Names
from functools import partial
from typing import Any

from api.ingest.compiled_mapping import each, order, scopes_of_columns
from api.ingest.field_values import FieldValues
from api.ingest.findings import Findings
from api.ingest.formatting import format_value
from api.ingest.mapping_heading import Place
from api.ingest.paths import IMPLICIT_NAMES, resolved
from api.ingest.template import Scope, Template

ScopeMaker = Callable[[Scope], Iterable[Scope]]


class Scopes:
    """A reader of the conditions under which records are made, and of the parts of a row for which they are made."""

    def __init__(self, values: FieldValues, findings: Findings) -> None:
        self._values = values
        self._findings = findings

    def conditions(
        self, declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Iterator[Callable[[Scope], bool]]:
        """Yield the conditions that a row has to meet."""
        if "when" in declared:
            template = self._values.template(declared["when"], (*place, "when"), aliases)
            yield partial(_has_value, template.evaluate)
        if "unless" in declared:
            template = self._values.template(declared["unless"], (*place, "unless"), aliases)
            yield partial(_has_no_value, template.evaluate)
        if "ordered" in declared:
            yield self._compile_order(declared["ordered"], (*place, "ordered"), aliases, ordered=True)
        if "unordered" in declared:
            yield self._compile_order(declared["unordered"], (*place, "unordered"), aliases, ordered=False)

    def scopes(
        self, declared: dict[str, Any], place: Place, outer: Names[str, str]
    ) -> tuple[dict[str, str], ScopeMaker | None]:
        """Return the paths of the names that `each` and `columns` give, and a function that makes scopes of a row.
        Without `each` and `columns` the function is None."""
        aliases = dict(outer)
        if "columns" in declared:
            return self._column_scopes(declared["columns"], (*place, "columns"), aliases)
        if "each" in declared:
            return self._element_scopes(declared, place, aliases)
        return aliases, None

    def _column_scopes(
        self, columns: Any, place: Place, aliases: dict[str, str]
    ) -> tuple[dict[str, str], ScopeMaker | None]:
        """Make a scope for each of the `columns`."""
        if not isinstance(columns, dict):
            self._findings.fault(place, 'expected a table, as in {tank = "tanks"}')
            return aliases, None
        for column in columns:
            self._findings.use(column, aliases, place)
        return aliases | dict.fromkeys(IMPLICIT_NAMES, ""), scopes_of_columns(columns)

    def _element_scopes(
        self, declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> tuple[dict[str, str], ScopeMaker | None]:
        """Make a scope for each position of the lists of `each`."""
        written_lists = declared["each"]
        if not isinstance(written_lists, dict) or not written_lists:
            self._findings.fault((*place, "each"), 'expected a table, as in {office = "{source_office|split:;}"}')
            return aliases, None
        lists: dict[str, Template] = {}
        element_paths: dict[str, str] = {}
        for name, written in written_lists.items():
            template = self._values.template(written, (*place, "each", name), aliases, whole=False)
            lists[name] = template
            element_paths[name] = f"{resolved(template.columns[0], aliases)}[]" if template.bare else ""
        uneven = self._read_uneven(declared.get("uneven", []), lists, (*place, "uneven"))
        return aliases | element_paths | {"position": ""}, partial(each, lists=lists, uneven=uneven)

    def _compile_order(
        self, columns: Any, place: Place, aliases: dict[str, str], ordered: bool
    ) -> Callable[[Scope], bool]:
        """Return a condition on the numbers in columns: that they never fall or, if they are not to be `ordered`, that
        they do."""
        if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
            self._findings.fault(place, f'expected columns, as in ["low", "best"], got {format_value(columns)}')
            return _is_always_met
        for column in columns:
            self._findings.use(column, aliases, place)
        rises = order(columns)
        if ordered:
            return rises

        def falls(scope: Scope) -> bool:
            return not rises(scope)

        return falls

    def _read_uneven(self, names: Any, lists: Names[str, Template], place: Place) -> frozenset[str]:
        """Return the names of the lists of `each` that may have another length than the first list."""
        if not isinstance(names, list) or not all(isinstance(name, str) and name in lists for name in names):
            self._findings.fault(place, f"expected names that each gives: {', '.join(lists)}")
            return frozenset()
        return frozenset(names)


def _has_value(get: Callable[[Scope], Any], scope: Scope) -> bool:
    return get(scope) is not None


def _has_no_value(get: Callable[[Scope], Any], scope: Scope) -> bool:
    return get(scope) is None


def _is_always_met(_: Scope) -> bool:
    return True
