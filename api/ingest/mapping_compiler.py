"""Check the TOML of a mapping against the load format, and compile it into a Mapping.

All faults that can be found without a row are found here: unknown fields and conversions, terms that are not in the
vocabulary, required fields without a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Names
from functools import partial
from typing import Any

from pydantic import BaseModel

from api.ingest.compiled_mapping import MappedObject, MappedRecord, Mapping, all_columns, make_complete_objects
from api.ingest.constants import wrong_constants, wrong_record
from api.ingest.converters.texts import compiled
from api.ingest.converters.values import ConversionError, Tables
from api.ingest.field_values import FieldValues
from api.ingest.findings import Findings
from api.ingest.formatting import format_value
from api.ingest.geojson import PRECISION
from api.ingest.load_format import CHILDREN, LINES, NESTED, VALUES
from api.ingest.mapping_fields import BELONGING, SEVERAL_FIELDS
from api.ingest.mapping_heading import Fault, Place, find_faults, heading
from api.ingest.messages import suggest_closest
from api.ingest.scopes import Scopes
from api.ingest.template import Scope, Template

STEERING = ("resource", "once", "when", "unless", "ordered", "unordered", "each", "uneven", "columns")
DETERMINED = ("resource", "dataset", "id", "withdrawn")  # fields that a mapping does not give as values
NOTHING: Names[str, str] = {}


class MappingCompiler:
    """A reader of one declaration, which collects all its faults."""

    def __init__(self, maps: Any, patterns: Any) -> None:
        self._maps: dict[str, dict[str, str]] = {}
        if isinstance(maps, dict) and all(map(_is_table_of_texts, maps.values())):
            self._maps = maps
        valid_patterns = patterns if _is_table_of_texts(patterns) else {}
        self._findings = Findings()
        self._values = FieldValues(Tables(self._maps, valid_patterns), self._findings)
        self._scopes = Scopes(self._values, self._findings)
        self._features = False

    @property
    def faults(self) -> list[Fault]:
        """The faults of the declaration: for each its place, and what was expected."""
        return self._findings.wrong

    def mapping(self, name: str, declared: dict[str, Any]) -> Mapping | None:
        """Return the mapping of a declaration, or None if its top level, its maps or its patterns are wrong."""
        self._check_top_level(declared)
        if self._findings.wrong:
            return None
        self._features = "geojson" in declared["container"]
        records = tuple(self._compile_records(declared))
        return Mapping(
            name=name,
            records=records,
            used=frozenset(self._findings.used),
            needed=frozenset(self._findings.needed),
            **heading(declared),
        )

    def _check_top_level(self, declared: dict[str, Any]) -> None:
        self._findings.wrong += find_faults(declared)
        maps = declared.get("maps", {})
        if not isinstance(maps, dict) or len(self._maps) != len(maps):
            self._findings.fault(("maps",), 'expected tables such as [maps.kind] with lines such as "1" = "clash"')
        self._check_patterns(declared.get("patterns", {}))

    def _check_patterns(self, declared: Any) -> None:
        """Check the regular expressions."""
        if not isinstance(declared, dict):
            return
        for name, written in declared.items():
            pattern = written if isinstance(written, str) else "("  # which is no regular expression
            try:
                compiled(pattern)
            except ConversionError as error:
                self._findings.fault(("patterns", name), str(error))

    def _compile_records(self, declared: dict[str, Any]) -> Iterator[MappedRecord]:
        """Yield the records that have no fault in their resource. The briefing comes first, and records that can belong
        to a briefing belong to it."""
        dataset = declared["dataset"]
        link: dict[str, Any] = {}
        briefing = declared.get("briefing")
        if briefing:
            briefing = {"key": dataset, **briefing, "resource": "briefing", "once": True}
            compiled_briefing = self._compile_record(briefing, ("briefing",), dataset)
            if compiled_briefing:
                yield compiled_briefing
            if not self._findings.is_wrong(("briefing", "key")):
                link = {"briefing": briefing["key"]}
        for position, record in enumerate(declared["record"]):
            if isinstance(record, dict) and str(record.get("resource")) in BELONGING:
                record = {**link, **record}
            compiled_record = self._compile_record(record, ("record", position), dataset)
            if compiled_record:
                yield compiled_record

    def _compile_record(self, declared: Any, place: Place, dataset: str) -> MappedRecord | None:
        resource = declared.get("resource") if isinstance(declared, dict) else declared
        if not isinstance(declared, dict) or not isinstance(resource, str) or resource not in LINES:
            self._findings.fault(
                (*place, "resource"), f"expected one of {', '.join(LINES)}, got {format_value(resource)}"
            )
            return None
        fault_count = len(self._findings.wrong)
        if resource == "place" and self._features and "{latitude" in str(declared.get("latitude")):
            declared = {"geo_precision": f"{{{PRECISION}}}", **declared}  # for lines and areas
        part = self._compile_object(declared, place, LINES[resource].model, resource, required=("key",))
        if part.fixed and len(self._findings.wrong) == fault_count:
            for path, detail in wrong_record({**part.constants, "resource": resource, "dataset": dataset}):
                self._findings.fault((*place, *path), detail)
        return MappedRecord(**vars(part), resource=resource, once=bool(declared.get("once")))

    def _compile_object(
        self,
        declared: dict[str, Any],
        place: Place,
        model: type[BaseModel],
        owner: str,
        required: tuple[str, ...] = (),
        outer: Names[str, str] = NOTHING,
    ) -> MappedObject:
        aliases, scopes = self._scopes.scopes(declared, place, outer)
        required_by_model = _required_fields(model)
        for name in dict.fromkeys((*required, *required_by_model)):
            if name not in declared:
                self._findings.fault((*place, name), f"expected, for each {owner or 'object'} has it")
        known = _known_fields(model, owner)
        constants: dict[str, Any] = {}
        fields: list[tuple[str, Callable[[Scope], Any]]] = []
        columns: dict[str, tuple[str, ...]] = {}
        field_groups: list[Callable[[Scope], dict[str, Any] | None]] = []
        for name, written in declared.items():
            field_place = (*place, name)
            if name in STEERING:
                continue
            if name not in known:
                self._findings.fault(field_place, f"unknown field{suggest_closest(name, known)}")
                continue
            if (owner, name) in SEVERAL_FIELDS:
                filled = SEVERAL_FIELDS[owner, name]
                template = self._values.several(name, filled, declared, field_place, aliases)
                field_groups.append(template.evaluate)
                columns |= dict.fromkeys((name, *filled), template.columns)
                continue
            if name in NESTED:
                template = self._compile_nested(name, written, field_place, aliases)
            else:
                template = self._values.field(owner, name, written, field_place, aliases)
            if template.columns:
                fields.append((name, template.evaluate))
                columns[name] = template.columns
                continue
            value = template.evaluate({})
            if value is not None:
                constants[name] = value
        for path, detail in wrong_constants(model, constants):
            self._findings.fault((*place, *path), detail)
        return MappedObject(
            conditions=tuple(self._scopes.conditions(declared, place, aliases)),
            scopes=scopes,
            constants=constants,
            fields=tuple(fields),
            columns=columns,
            required=required_by_model,
            field_groups=tuple(field_groups),
        )

    def _compile_nested(self, name: str, written: Any, place: Place, aliases: dict[str, str]) -> Template:
        """Return the template of a field that contains an object or a list of objects."""
        model = NESTED[name]
        owner = _owner_of(model)
        if isinstance(written, dict) and model in VALUES.values() and name == "excerpt":
            part = self._compile_object(written, place, model, owner, outer=aliases)
            return Template(partial(_first_object, part), all_columns([part]))
        if not isinstance(written, list) or not all(isinstance(table, dict) for table in written):
            self._findings.fault(place, f"expected tables, as in [[record.{name}]], got {format_value(written)}")
            return Template(lambda _: None, ())
        parts: list[MappedObject] = []
        for position, table in enumerate(written):
            parts.append(self._compile_object(table, (*place, position), model, owner, outer=aliases))
        return Template(partial(_all_objects, parts), all_columns(parts))


def _first_object(part: MappedObject, scope: Scope) -> dict[str, Any] | None:
    objects = make_complete_objects(part, scope)
    return objects[0] if objects else None


def _all_objects(parts: list[MappedObject], scope: Scope) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = []
    for part in parts:
        objects += make_complete_objects(part, scope)
    return objects


def _required_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields that a mapping has to give, because the model requires them."""
    required: list[str] = []
    for name, field in model.model_fields.items():
        if field.is_required() and name != "resource":
            required.append(name)
    return tuple(required)


def _known_fields(model: type[BaseModel], owner: str) -> list[str]:
    """Return the fields that a mapping may give, and the names for several of them."""
    known = [name for name in model.model_fields if name not in DETERMINED]
    for owner_of_several, name in SEVERAL_FIELDS:
        if owner_of_several == owner:
            known.append(name)
    return known


def _owner_of(model: type[BaseModel]) -> str:
    """Return the name of the children that a model checks; empty if it checks another object."""
    for name, form in CHILDREN.items():
        if form.model is model:
            return name
    return ""


def _is_table_of_texts(declared: Any) -> bool:
    return isinstance(declared, dict) and all(isinstance(text, str) for text in declared.values())
