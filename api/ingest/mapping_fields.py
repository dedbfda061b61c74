"""The fields of the load format, derived from the model and grouped by the properties that matter to a mapping."""

from __future__ import annotations

from api.ingest.converters.amounts import FIELDS
from api.ingest.converters.places import POINT
from api.model import ENTITIES, RECORDS, Entity, StoredField

FieldName = tuple[str, str]  # the name of an entity and of its field

NUMERIC: set[FieldName] = set()
COUNTRY: set[FieldName] = set()
TERMS: dict[FieldName, tuple[str, ...]] = {}
LISTS: set[str] = set()
LINKS: set[str] = set()
SEVERAL: set[str] = set()
BELONGING = {record.name for record in RECORDS.values() if "briefing" in record.links}


def _add_field(entity: Entity, field: StoredField) -> None:
    name = (entity.name, field.name)
    if field.type.name in ("number", "float"):
        NUMERIC.add(name)
    if field.type.name == "vocabulary":
        TERMS[name] = tuple(field.type.of.terms())
    if field.format == "country":
        COUNTRY.add(name)
    if field.type.name == "text" and field.type.many:
        LISTS.add(field.name)


for _entity in ENTITIES.values():
    for _field in _entity.loaded:
        _add_field(_entity, _field)
    LINKS.update(link.name for link in _entity.references)
    SEVERAL.update(link.name for link in _entity.links.values() if link.kind == "several")

# Names for several fields that one value of a mapping fills.
SEVERAL_FIELDS = {("figure", "amount"): FIELDS, ("place", "point"): POINT}
