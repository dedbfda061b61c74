"""The values of fields in a mapping: templates, their alternatives, and values that fill several fields at once."""

from __future__ import annotations

from typing import Any

from api.ingest.compiled_mapping import finished, joined
from api.ingest.converters import CONVERTERS
from api.ingest.converters.countries import country
from api.ingest.converters.values import ConversionError, Tables, key
from api.ingest.findings import Findings
from api.ingest.formatting import shown
from api.ingest.mapping_fields import COUNTRY, LINKS, LISTS, NUMERIC, SEVERAL, SEVERAL_FIELDS, TERMS
from api.ingest.mapping_heading import Place
from api.ingest.messages import closest
from api.ingest.paths import of_row
from api.ingest.template import Template, chosen, first, remembered, template

BY = "by"


class FieldValues:
    """A reader of the values that a mapping gives to fields."""

    def __init__(self, tables: Tables, findings: Findings) -> None:
        self._tables = tables
        self._findings = findings

    def field(self, owner: str, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        """Return the template of a field whose value is not an object."""
        several = name in LISTS or name in SEVERAL
        if isinstance(written, list) and several:
            return joined([self._value(owner, name, one, (*place, at), aliases) for at, one in enumerate(written)])
        found = self._value(owner, name, written, place, aliases)
        self._terms(TERMS.get((owner, name), ()), written, found, place)
        return joined([found]) if several else found

    def several(
        self, name: str, filled: tuple[str, ...], declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Template:
        """Return the template of a value that fills several fields at once, such as `amount` of a figure."""
        if twice := [one for one in filled if one in declared]:
            self._findings.fault((*place[:-1], twice[0]), f"{name} gives this field already: leave one of them out")
        able = [f"{{column|{one}}}" for one, found in CONVERTERS.items() if found.fills == filled]
        written = declared[name]
        if isinstance(written, dict) and set(written) == {"first"} and isinstance(written["first"], list):
            return first([self._filling(one, filled, able, (*place, "first"), aliases) for one in written["first"]])
        if isinstance(written, dict) and BY in written and len(written) > 1:
            branches = {
                term: self._filling(one, filled, able, (*place, term), aliases)
                for term, one in written.items()
                if term != BY
            }
            return chosen(self.template(written[BY], (*place, BY), aliases), branches)
        return self._filling(written, filled, able, place, aliases)

    def template(self, written: Any, place: Place, aliases: dict[str, str], whole: bool = True) -> Template:
        """Return a template, and note the columns that it uses. They count as used with all their parts. Only a bare
        column does not if `whole` is False, because `each` goes through its parts one by one."""
        try:
            found = template(written, self._tables)
        except ConversionError as error:
            self._findings.fault(place, str(error))
            return Template(lambda _: None, ())
        for column in found.columns:
            self._findings.use(column, aliases, place, whole or not found.bare)
        return remembered(found, written) if of_row(found.columns, aliases) and not found.bare else found

    def _filling(
        self, written: Any, filled: tuple[str, ...], able: list[str], place: Place, aliases: dict[str, str]
    ) -> Template:
        found = self.template(written, place, aliases)
        if found.fills != filled and not self._findings.is_wrong(place):
            self._findings.fault(place, f"expected {' or '.join(able)}, got {shown(written)}")
        return found

    def _value(self, owner: str, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        if isinstance(written, dict) and set(written) == {"first"} and isinstance(written["first"], list):
            return first([self._value(owner, name, one, (*place, "first"), aliases) for one in written["first"]])
        if isinstance(written, dict) and BY in written and len(written) > 1:
            return self._chosen(owner, name, written, place, aliases)
        if isinstance(written, dict | list):
            detail = "expected a text with {columns}, first = [texts], or by = text and the terms that it gives"
            self._findings.fault(place, f"{detail}, got {shown(written)}")
            return Template(lambda _: None, ())
        found = self.template(written, place, aliases)
        if found.fills:
            names = [one for (_, one), fields in SEVERAL_FIELDS.items() if fields == found.fills]
            conversion = found.last.partition(":")[0]
            self._findings.fault(place, f"{conversion} fills several fields: write it as {names[0]} = …")
        finish = key if name == "key" or name in LINKS else country if (owner, name) in COUNTRY else None
        try:
            made = finished(found, (owner, name) in NUMERIC, finish)
        except ConversionError as error:
            self._findings.fault(place, str(error))
            return Template(lambda _: None, ())
        return remembered(made, (written, finish)) if finish and of_row(found.columns, aliases) else made

    def _chosen(
        self, owner: str, name: str, written: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Template:
        """Return the template of a value that depends on another one: `by` gives a term, and the value is listed under
        that term."""
        branches = {}
        for term, one in written.items():
            if term != BY:
                branches[term] = self._value(owner, name, one, (*place, term), aliases)
                self._terms(TERMS.get((owner, name), ()), one, branches[term], (*place, term))
        return chosen(self.template(written[BY], (*place, BY), aliases), branches)

    def _terms(self, terms: tuple[str, ...], written: Any, found: Template, place: Place) -> None:
        """Check that constants, and all results of a map that is the last conversion, are terms of the vocabulary."""
        if not terms or isinstance(written, dict):
            return
        given = [found.constant] if not found.columns else []
        if found.last.startswith("map:"):
            given = [one for one in self._tables.maps.get(found.last[4:], {}).values() if one]
        for one in given:
            if one not in terms:
                wrong = f"expected one of {', '.join(terms)}; {shown(one)} is none{closest(str(one), terms)}"
                self._findings.fault(place, wrong)
