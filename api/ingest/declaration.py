"""What the TOML of a mapping declares, checked against the load format and made into a Mapping.

Whatever can be wrong without a row is found here: unknown fields and conversions, terms that are not of the vocabulary,
required fields that nothing gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Names
from typing import Any

from pydantic import BaseModel

from api.ingest.constants import wrong_constants, wrong_record
from api.ingest.converters import CONVERTERS
from api.ingest.converters.countries import country
from api.ingest.converters.texts import compiled
from api.ingest.converters.values import Tables, Unfit, key
from api.ingest.feature import PRECISION
from api.ingest.format import CHILDREN, LINES, NESTED, VALUES
from api.ingest.heading import Place, heading, wrong
from api.ingest.mapping_fields import BELONGING, COUNTRY, LINKS, LISTS, NUMERIC, SEVERAL, SEVERAL_FIELDS, TERMS
from api.ingest.paths import GIVEN, generalized, of_row, resolved
from api.ingest.plan import Made, Mapping, Part, all_columns, each, finished, joined, kept, order, through
from api.ingest.quotation import shown
from api.ingest.template import ROW_HASH, ROW_NUMBER, Scope, Template, chosen, first, remembered, template
from api.ingest.wording import closest

STEERING = ("resource", "once", "when", "unless", "ordered", "unordered", "each", "uneven", "columns")
NOTHING: Names[str, str] = {}
BY = "by"


class Declaration:
    """Reads one declaration and takes note of all that is wrong with it."""

    def __init__(self, maps: Any, patterns: Any) -> None:
        self.maps = maps if isinstance(maps, dict) and all(map(_terms, maps.values())) else {}
        self.tables = Tables(self.maps, patterns if _terms(patterns) else {})
        self.wrong: list[tuple[Place, str]] = []
        self._used: set[str] = set()
        self._needed: set[str] = set()
        self._features = False

    def mapping(self, name: str, declared: dict[str, Any]) -> Mapping | None:
        self._known(declared)
        if self.wrong:
            return None
        self._features = "geojson" in declared["container"]
        records = list(self._records(declared))
        return Mapping(
            name=name,
            records=tuple(one for one in records if one),
            used=frozenset(self._used),
            needed=frozenset(self._needed),
            **heading(declared),
        )

    def _known(self, declared: dict[str, Any]) -> None:
        self.wrong += wrong(declared)
        if len(self.maps) != len(declared.get("maps", {})):
            self._fault(("maps",), 'expected tables such as [maps.kind] with lines such as "1" = "clash"')
        self._patterns(declared.get("patterns", {}))

    def _patterns(self, declared: Any) -> None:
        """Regular expressions, by name."""
        for name, written in declared.items() if isinstance(declared, dict) else ():
            try:
                compiled(written if isinstance(written, str) else "(")
            except Unfit as error:
                self._fault(("patterns", name), str(error))

    def _records(self, declared: dict[str, Any]) -> Iterator[Made | None]:
        """The briefing is a record as well, and what can belong to one belongs to it."""
        belonging: dict[str, Any] = {}
        if briefing := declared.get("briefing"):
            briefing = {"key": declared["dataset"], **briefing, "resource": "briefing", "once": True}
            yield self._record(briefing, ("briefing",), declared["dataset"])
            if ("briefing", "key") not in [place for place, _ in self.wrong]:
                belonging = {"briefing": briefing["key"]}
        for place, one in enumerate(declared["record"]):
            owned = belonging if isinstance(one, dict) and one.get("resource") in BELONGING else {}
            yield self._record({**owned, **one} if owned else one, ("record", place), declared["dataset"])

    def _record(self, declared: Any, place: Place, dataset: str) -> Made | None:
        if not isinstance(declared, dict) or (resource := declared.get("resource")) not in LINES:
            found = declared.get("resource") if isinstance(declared, dict) else declared
            self._fault((*place, "resource"), f"expected one of {', '.join(LINES)}, got {shown(found)}")
            return None
        right = len(self.wrong)
        if resource == "place" and self._features and "{latitude" in str(declared.get("latitude")):
            declared = {"geo_precision": f"{{{PRECISION}}}", **declared}  # for lines and areas
        part = self._part(declared, place, LINES[resource].model, resource, required=("key",))
        if part.fixed and len(self.wrong) == right:
            for path, detail in wrong_record({**part.constants, "resource": resource, "dataset": dataset}):
                self._fault((*place, *path), detail)
        return Made(**{**part.__dict__, "resource": resource, "once": bool(declared.get("once"))})

    def _part(
        self,
        declared: dict[str, Any],
        place: Place,
        model: type[BaseModel],
        owner: str,
        required: tuple[str, ...] = (),
        outer: Names[str, str] = NOTHING,
    ) -> Part:
        aliases, scopes = self._scopes(declared, place, outer)
        needed = [name for name, one in model.model_fields.items() if one.is_required() and name != "resource"]
        for name in dict.fromkeys((*required, *needed)):
            if name not in declared:
                self._fault((*place, name), f"expected, for each {owner or 'object'} has it")
        known = [name for name in model.model_fields if name not in ("resource", "dataset", "id", "withdrawn")]
        known += [name for owning, name in SEVERAL_FIELDS if owning == owner]
        constants: dict[str, Any] = {}
        fields: list[tuple[str, Callable[[Scope], Any]]] = []
        columns: dict[str, tuple[str, ...]] = {}
        several: list[Callable[[Scope], dict[str, Any] | None]] = []
        for name, written in declared.items():
            if name in STEERING:
                continue
            if name not in known:
                self._fault((*place, name), f"unknown field{closest(name, known)}")
                continue
            if filled := SEVERAL_FIELDS.get((owner, name)):
                made = self._several(name, filled, declared, (*place, name), aliases)
                several.append(made.evaluate)
                columns |= dict.fromkeys((name, *filled), made.columns)
                continue
            made = self._field(owner, name, written, (*place, name), aliases)
            if made.columns:
                fields.append((name, made.evaluate))
                columns[name] = made.columns
            elif (value := made.evaluate({})) is not None:
                constants[name] = value
        for path, detail in wrong_constants(model, constants):
            self._fault((*place, *path), detail)
        holds = tuple(self._conditions(declared, place, aliases))
        return Part(holds, scopes, constants, tuple(fields), columns, tuple(needed), tuple(several))

    def _several(
        self, name: str, filled: tuple[str, ...], declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Template:
        """A value that fills several fields at once, such as `amount` of a figure."""
        if twice := [one for one in filled if one in declared]:
            self._fault((*place[:-1], twice[0]), f"{name} gives this field already: leave one of them out")
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
            return chosen(self._template(written[BY], (*place, BY), aliases), branches)
        return self._filling(written, filled, able, place, aliases)

    def _filling(
        self, written: Any, filled: tuple[str, ...], able: list[str], place: Place, aliases: dict[str, str]
    ) -> Template:
        found = self._template(written, place, aliases)
        if found.fills != filled and place not in [at for at, _ in self.wrong]:
            self._fault(place, f"expected {' or '.join(able)}, got {shown(written)}")
        return found

    def _field(self, owner: str, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        if name in NESTED:
            return self._nested(name, written, place, aliases)
        several = name in LISTS or name in SEVERAL
        if isinstance(written, list) and several:
            return joined([self._value(owner, name, one, (*place, at), aliases) for at, one in enumerate(written)])
        found = self._value(owner, name, written, place, aliases)
        self._terms(TERMS.get((owner, name), ()), written, found, place)
        return joined([found]) if several else found

    def _nested(self, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        model = NESTED[name]
        owner = next((child for child, form in CHILDREN.items() if form.model is model), "")
        if isinstance(written, dict) and model in VALUES.values() and name == "excerpt":
            part = self._inner(written, place, model, owner, aliases)
            return Template(lambda scope: next(iter(kept(part, scope)), None), all_columns([part]))
        if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
            self._fault(place, f"expected tables, as in [[record.{name}]], got {shown(written)}")
            return Template(lambda _: None, ())
        parts = [self._inner(one, (*place, at), model, owner, aliases) for at, one in enumerate(written)]
        return Template(lambda scope: [one for part in parts for one in kept(part, scope)], all_columns(parts))

    def _inner(
        self, declared: dict[str, Any], place: Place, model: type[BaseModel], owner: str, aliases: dict[str, str]
    ) -> Part:
        return self._part(declared, place, model, owner, outer=aliases)

    def _value(self, owner: str, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        if isinstance(written, dict) and set(written) == {"first"} and isinstance(written["first"], list):
            return first([self._value(owner, name, one, (*place, "first"), aliases) for one in written["first"]])
        if isinstance(written, dict) and BY in written and len(written) > 1:
            return self._chosen(owner, name, written, place, aliases)
        if isinstance(written, dict | list):
            detail = "expected a text with {columns}, first = [texts], or by = text and the terms that it gives"
            self._fault(place, f"{detail}, got {shown(written)}")
            return Template(lambda _: None, ())
        found = self._template(written, place, aliases)
        if found.fills:
            names = [one for (_, one), fields in SEVERAL_FIELDS.items() if fields == found.fills]
            self._fault(place, f"{found.last.partition(':')[0]} fills several fields: write it as {names[0]} = …")
        finish = key if name == "key" or name in LINKS else country if (owner, name) in COUNTRY else None
        try:
            made = finished(found, (owner, name) in NUMERIC, finish)
        except Unfit as error:
            self._fault(place, str(error))
            return Template(lambda _: None, ())
        return remembered(made, (written, finish)) if finish and of_row(found.columns, aliases) else made

    def _chosen(
        self, owner: str, name: str, written: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Template:
        """A value that depends on another one: `by` gives a term, and the value stands under that term."""
        branches = {}
        for term, one in written.items():
            if term != BY:
                branches[term] = self._value(owner, name, one, (*place, term), aliases)
                self._terms(TERMS.get((owner, name), ()), one, branches[term], (*place, term))
        return chosen(self._template(written[BY], (*place, BY), aliases), branches)

    def _template(self, written: Any, place: Place, aliases: dict[str, str], whole: bool = True) -> Template:
        """With `whole` the columns count as looked at in all their parts: not where each part is gone through."""
        try:
            found = template(written, self.tables)
        except Unfit as error:
            self._fault(place, str(error))
            return Template(lambda _: None, ())
        for column in found.columns:
            self._use(column, aliases, place, whole or not found.bare)
        return remembered(found, written) if of_row(found.columns, aliases) and not found.bare else found

    def _terms(self, terms: tuple[str, ...], written: Any, found: Template, place: Place) -> None:
        """Constants of a vocabulary, and all that a map can give where it comes last, are terms of it."""
        if not terms or isinstance(written, dict):
            return
        given = [found.constant] if not found.columns else []
        if found.last.startswith("map:"):
            given = [one for one in self.maps.get(found.last[4:], {}).values() if one]
        for one in given:
            if one not in terms:
                wrong = f"expected one of {', '.join(terms)}; {shown(one)} is none{closest(str(one), terms)}"
                self._fault(place, wrong)

    def _conditions(
        self, declared: dict[str, Any], place: Place, aliases: dict[str, str]
    ) -> Iterator[Callable[[Scope], bool]]:
        for name, wanted in (("when", True), ("unless", False)):
            if name in declared:
                found = self._template(declared[name], (*place, name), aliases)
                yield lambda scope, get=found.evaluate, wanted=wanted: (get(scope) is not None) is wanted  # type: ignore[misc]
        for name, wanted in (("ordered", True), ("unordered", False)):
            if name in declared:
                yield self._order(declared[name], (*place, name), aliases, wanted)

    def _order(self, written: Any, place: Place, aliases: dict[str, str], wanted: bool) -> Callable[[Scope], bool]:
        if not isinstance(written, list) or not all(isinstance(one, str) for one in written):
            self._fault(place, f'expected columns, as in ["low", "best"], got {shown(written)}')
            return lambda _: True
        for column in written:
            self._use(column, aliases, place)

        rises = order(written)
        return lambda scope: rises(scope) is wanted

    def _scopes(
        self, declared: dict[str, Any], place: Place, outer: Names[str, str]
    ) -> tuple[dict[str, str], Callable[[Scope], Iterable[Scope]] | None]:
        """What the names that `each` and `columns` give stand for, and the scopes that they make of a row."""
        aliases = dict(outer)
        if "columns" in declared:
            named = declared["columns"]
            if not isinstance(named, dict):
                self._fault((*place, "columns"), 'expected a table, as in {tank = "tanks"}')
                return aliases, None
            for column in named:
                self._use(column, aliases, (*place, "columns"))
            return aliases | dict.fromkeys(GIVEN, ""), through(named)
        if "each" not in declared:
            return aliases, None
        if not isinstance(declared["each"], dict) or not declared["each"]:
            self._fault((*place, "each"), 'expected a table, as in {office = "{source_office|split:;}"}')
            return aliases, None
        lists = {
            name: self._template(one, (*place, "each", name), aliases, whole=False)
            for name, one in declared["each"].items()
        }
        inner = {name: f"{resolved(one.columns[0], aliases)}[]" if one.bare else "" for name, one in lists.items()}
        uneven = self._uneven(declared.get("uneven", []), lists, place)
        return aliases | inner | {"position": ""}, lambda row: each(row, lists, uneven)

    def _uneven(self, names: Any, lists: Names[str, Any], place: Place) -> frozenset[str]:
        """The lists of `each` that may have another length than the first."""
        if not isinstance(names, list) or not all(name in lists for name in names):
            self._fault((*place, "uneven"), f"expected names that each gives: {', '.join(lists)}")
            return frozenset()
        return frozenset(names)

    def _use(self, column: str, aliases: Names[str, str], place: Place, whole: bool = True) -> None:
        """Note that the mapping looks at a column, or at a part of it such as `parties[0].name`."""
        path = resolved(column, aliases)
        if not path or column in (ROW_NUMBER, ROW_HASH):
            return
        if path.startswith((".", "[")):
            self._fault(place, f"{shown(column)}: the parts of a text have no names of their own")
            return
        self._needed.add(path)
        if whole:
            self._used |= {path, generalized(path)}

    def _fault(self, place: Place, detail: str) -> None:
        """Take note of a fault, once."""
        if (place, detail) not in self.wrong:
            self.wrong.append((place, detail))


def _terms(declared: Any) -> bool:
    return isinstance(declared, dict) and all(isinstance(one, str) for one in declared.values())
