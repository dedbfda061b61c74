"""The values of fields in a mapping: templates, their alternatives, and values that fill several fields at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.ingest.compiled_mapping import as_one_list, with_field_type
from api.ingest.converters import CONVERTERS
from api.ingest.converters.countries import country
from api.ingest.converters.values import ConversionError, Tables, key
from api.ingest.findings import Findings
from api.ingest.formatting import format_value
from api.ingest.mapping_fields import COUNTRY, LINKS, LISTS, NUMERIC, SEVERAL, SEVERAL_FIELDS, TERMS
from api.ingest.mapping_heading import Place
from api.ingest.messages import suggest_closest
from api.ingest.paths import of_row
from api.ingest.template import Scope, Template, chosen, first, remembered, template

BY = "by"


class FieldValues:
    """A reader of the values that a mapping gives to fields."""

    def __init__(self, tables: Tables, findings: Findings) -> None:
        self._tables = tables
        self._findings = findings

    def field(self, owner: str, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        """Return the template of a field whose value is not an object."""
        is_list = name in LISTS or name in SEVERAL
        if isinstance(written, list) and is_list:
            elements = []
            for index, element in enumerate(written):
                elements.append(self._compile_value(owner, name, element, (*place, index), aliases))
            return as_one_list(elements)
        compiled = self._compile_value(owner, name, written, place, aliases)
        self._check_terms(TERMS.get((owner, name), ()), written, compiled, place)
        return as_one_list([compiled]) if is_list else compiled

    def several(
        self, name: str, filled: tuple[str, ...], declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Template:
        """Return the template of a value that fills several fields at once, such as `amount` of a figure."""
        for field in filled:
            if field in declared:
                self._findings.fault((*place[:-1], field), f"{name} gives this field already: leave one of them out")
                break
        written = declared[name]
        if _has_alternatives(written):
            group_place = (*place, "first")
            return first([self._compile_group(part, filled, group_place, aliases) for part in written["first"]])
        if _has_branches(written):
            branches = {}
            for term, branch in written.items():
                if term != BY:
                    branches[term] = self._compile_group(branch, filled, (*place, term), aliases)
            return self._choose(written[BY], branches, (*place, BY), aliases)
        return self._compile_group(written, filled, place, aliases)

    def template(self, written: Any, place: Place, aliases: dict[str, str], whole: bool = True) -> Template:
        """Return a template, and note the columns that it uses. They count as used with all their parts. Only a bare
        column does not if `whole` is False, because `each` goes through its parts one by one."""
        try:
            compiled = template(written, self._tables)
        except ConversionError as error:
            self._findings.fault(place, str(error))
            return Template(_evaluate_to_none, ())
        for column in compiled.columns:
            self._findings.use(column, aliases, place, whole or not compiled.bare)
        if compiled.bare or not of_row(compiled.columns, aliases):
            return compiled
        return remembered(compiled, written)

    def _compile_group(self, written: Any, filled: tuple[str, ...], place: Place, aliases: dict[str, str]) -> Template:
        """Return the template of a value that fills all these fields. A fault if its conversion does not."""
        compiled = self.template(written, place, aliases)
        if compiled.fills != filled and not self._findings.is_wrong(place):
            conversions = [f"{{column|{name}}}" for name, converter in CONVERTERS.items() if converter.fills == filled]
            self._findings.fault(place, f"expected {' or '.join(conversions)}, got {format_value(written)}")
        return compiled

    def _compile_value(self, owner: str, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        if _has_alternatives(written):
            value_place = (*place, "first")
            return first([self._compile_value(owner, name, part, value_place, aliases) for part in written["first"]])
        if _has_branches(written):
            return self._compile_branches(owner, name, written, place, aliases)
        if isinstance(written, dict | list):
            detail = "expected a text with {columns}, first = [texts], or by = text and the terms that it gives"
            self._findings.fault(place, f"{detail}, got {format_value(written)}")
            return Template(_evaluate_to_none, ())
        compiled = self.template(written, place, aliases)
        if compiled.fills:
            names = [group for (_, group), fields in SEVERAL_FIELDS.items() if fields == compiled.fills]
            conversion = compiled.last.partition(":")[0]
            self._findings.fault(place, f"{conversion} fills several fields: write it as {names[0]} = …")
        finish = _find_finish(owner, name)
        try:
            typed = with_field_type(compiled, (owner, name) in NUMERIC, finish)
        except ConversionError as error:
            self._findings.fault(place, str(error))
            return Template(_evaluate_to_none, ())
        if finish is not None and of_row(compiled.columns, aliases):
            return remembered(typed, (written, finish))
        return typed

    def _compile_branches(
        self, owner: str, name: str, written: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Template:
        """Return the template of a value that depends on another one: `by` gives a term, and the value is listed under
        that term."""
        branches = {}
        for term, value in written.items():
            if term != BY:
                branches[term] = self._compile_value(owner, name, value, (*place, term), aliases)
                self._check_terms(TERMS.get((owner, name), ()), value, branches[term], (*place, term))
        return self._choose(written[BY], branches, (*place, BY), aliases)

    def _choose(self, by: Any, branches: dict[str, Template], place: Place, aliases: dict[str, str]) -> Template:
        """Return the template of the branch that `by` names. A fault if `by` is the same in every row."""
        compiled = self.template(by, place, aliases)
        if isinstance(by, str) and compiled.columns:
            return chosen(compiled, branches)
        if not self._findings.is_wrong(place):
            self._findings.fault(place, f"expected a text with {{columns}}, got {format_value(by)}")
        return Template(_evaluate_to_none, ())

    def _check_terms(self, terms: tuple[str, ...], written: Any, compiled: Template, place: Place) -> None:
        """Check that constants, and all results of a map that is the last conversion, are terms of the vocabulary."""
        if not terms or isinstance(written, dict):
            return
        values: list[Any] = []
        if compiled.last.startswith("map:"):
            results = self._tables.maps.get(compiled.last.removeprefix("map:"), {})
            values = [result for result in results.values() if result]
        elif not compiled.columns:
            values = [compiled.constant]
        for value in values:
            if value not in terms:
                guess = suggest_closest(str(value), terms)
                detail = f"expected one of {', '.join(terms)}; {format_value(value)} is none{guess}"
                self._findings.fault(place, detail)


def _has_alternatives(written: Any) -> bool:
    """Return True if a value is `first` and a list of alternatives."""
    return isinstance(written, dict) and set(written) == {"first"} and isinstance(written["first"], list)


def _has_branches(written: Any) -> bool:
    """Return True if a value is `by` and a value for at least one term."""
    return isinstance(written, dict) and BY in written and len(written) > 1


def _find_finish(owner: str, name: str) -> Callable[[str], str] | None:
    """Return the function that is applied to each value of a field, if there is one."""
    if name == "key" or name in LINKS:
        return key
    if (owner, name) in COUNTRY:
        return country
    return None


def _evaluate_to_none(_: Scope) -> None:
    """Evaluate the template of a value that has a fault."""
