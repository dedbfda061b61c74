"""Check the TOML of a mapping against the load format, and compile it into a Mapping.

All faults that can be found without a row are found here: unknown fields and conversions, terms that are not in the
vocabulary, required fields without a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Names
from typing import Any

from pydantic import BaseModel

from api.ingest.compiled_mapping import MappedObject, MappedRecord, Mapping, all_columns, kept
from api.ingest.constants import wrong_constants, wrong_record
from api.ingest.converters.texts import compiled
from api.ingest.converters.values import ConversionError, Tables
from api.ingest.field_values import FieldValues
from api.ingest.findings import Findings
from api.ingest.formatting import shown
from api.ingest.geojson import PRECISION
from api.ingest.load_format import CHILDREN, LINES, NESTED, VALUES
from api.ingest.mapping_fields import BELONGING, SEVERAL_FIELDS
from api.ingest.mapping_heading import Place, heading, wrong
from api.ingest.messages import closest
from api.ingest.scopes import Scopes
from api.ingest.template import Scope, Template

STEERING = ("resource", "once", "when", "unless", "ordered", "unordered", "each", "uneven", "columns")
NOTHING: Names[str, str] = {}


class MappingCompiler:
    """A reader of one declaration, which collects all its faults."""

    def __init__(self, maps: Any, patterns: Any) -> None:
        self._maps = maps if isinstance(maps, dict) and all(map(_terms, maps.values())) else {}
        self._findings = Findings()
        self._values = FieldValues(Tables(self._maps, patterns if _terms(patterns) else {}), self._findings)
        self._scopes = Scopes(self._values, self._findings)
        self._features = False

    @property
    def wrong(self) -> list[tuple[Place, str]]:
        """The faults of the declaration: for each its place, and what was expected."""
        return self._findings.wrong

    def mapping(self, name: str, declared: dict[str, Any]) -> Mapping | None:
        """Return the mapping of a declaration, or None if its top level, its maps or its patterns are wrong."""
        self._known(declared)
        if self._findings.wrong:
            return None
        self._features = "geojson" in declared["container"]
        records = list(self._records(declared))
        return Mapping(
            name=name,
            records=tuple(one for one in records if one),
            used=frozenset(self._findings.used),
            needed=frozenset(self._findings.needed),
            **heading(declared),
        )

    def _known(self, declared: dict[str, Any]) -> None:
        self._findings.wrong += wrong(declared)
        if len(self._maps) != len(declared.get("maps", {})):
            self._findings.fault(("maps",), 'expected tables such as [maps.kind] with lines such as "1" = "clash"')
        self._patterns(declared.get("patterns", {}))

    def _patterns(self, declared: Any) -> None:
        """Check the regular expressions."""
        for name, written in declared.items() if isinstance(declared, dict) else ():
            try:
                compiled(written if isinstance(written, str) else "(")
            except ConversionError as error:
                self._findings.fault(("patterns", name), str(error))

    def _records(self, declared: dict[str, Any]) -> Iterator[MappedRecord | None]:
        """Yield the records. The briefing comes first, and records that can belong to a briefing belong to it."""
        belonging: dict[str, Any] = {}
        if briefing := declared.get("briefing"):
            briefing = {"key": declared["dataset"], **briefing, "resource": "briefing", "once": True}
            yield self._record(briefing, ("briefing",), declared["dataset"])
            if not self._findings.is_wrong(("briefing", "key")):
                belonging = {"briefing": briefing["key"]}
        for place, one in enumerate(declared["record"]):
            owned = belonging if isinstance(one, dict) and one.get("resource") in BELONGING else {}
            yield self._record({**owned, **one} if owned else one, ("record", place), declared["dataset"])

    def _record(self, declared: Any, place: Place, dataset: str) -> MappedRecord | None:
        if not isinstance(declared, dict) or (resource := declared.get("resource")) not in LINES:
            found = declared.get("resource") if isinstance(declared, dict) else declared
            self._findings.fault((*place, "resource"), f"expected one of {', '.join(LINES)}, got {shown(found)}")
            return None
        right = len(self._findings.wrong)
        if resource == "place" and self._features and "{latitude" in str(declared.get("latitude")):
            declared = {"geo_precision": f"{{{PRECISION}}}", **declared}  # for lines and areas
        part = self._part(declared, place, LINES[resource].model, resource, required=("key",))
        if part.fixed and len(self._findings.wrong) == right:
            for path, detail in wrong_record({**part.constants, "resource": resource, "dataset": dataset}):
                self._findings.fault((*place, *path), detail)
        return MappedRecord(**{**part.__dict__, "resource": resource, "once": bool(declared.get("once"))})

    def _part(
        self,
        declared: dict[str, Any],
        place: Place,
        model: type[BaseModel],
        owner: str,
        required: tuple[str, ...] = (),
        outer: Names[str, str] = NOTHING,
    ) -> MappedObject:
        aliases, scopes = self._scopes.scopes(declared, place, outer)
        needed = [name for name, one in model.model_fields.items() if one.is_required() and name != "resource"]
        for name in dict.fromkeys((*required, *needed)):
            if name not in declared:
                self._findings.fault((*place, name), f"expected, for each {owner or 'object'} has it")
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
                self._findings.fault((*place, name), f"unknown field{closest(name, known)}")
                continue
            if filled := SEVERAL_FIELDS.get((owner, name)):
                made = self._values.several(name, filled, declared, (*place, name), aliases)
                several.append(made.evaluate)
                columns |= dict.fromkeys((name, *filled), made.columns)
                continue
            if name in NESTED:
                made = self._nested(name, written, (*place, name), aliases)
            else:
                made = self._values.field(owner, name, written, (*place, name), aliases)
            if made.columns:
                fields.append((name, made.evaluate))
                columns[name] = made.columns
            elif (value := made.evaluate({})) is not None:
                constants[name] = value
        for path, detail in wrong_constants(model, constants):
            self._findings.fault((*place, *path), detail)
        holds = tuple(self._scopes.conditions(declared, place, aliases))
        return MappedObject(holds, scopes, constants, tuple(fields), columns, tuple(needed), tuple(several))

    def _nested(self, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        model = NESTED[name]
        owner = next((child for child, form in CHILDREN.items() if form.model is model), "")
        if isinstance(written, dict) and model in VALUES.values() and name == "excerpt":
            part = self._inner(written, place, model, owner, aliases)
            return Template(lambda scope: next(iter(kept(part, scope)), None), all_columns([part]))
        if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
            self._findings.fault(place, f"expected tables, as in [[record.{name}]], got {shown(written)}")
            return Template(lambda _: None, ())
        parts = [self._inner(one, (*place, at), model, owner, aliases) for at, one in enumerate(written)]
        return Template(lambda scope: [one for part in parts for one in kept(part, scope)], all_columns(parts))

    def _inner(
        self, declared: dict[str, Any], place: Place, model: type[BaseModel], owner: str, aliases: dict[str, str]
    ) -> MappedObject:
        return self._part(declared, place, model, owner, outer=aliases)


def _terms(declared: Any) -> bool:
    return isinstance(declared, dict) and all(isinstance(one, str) for one in declared.values())
