"""The fields of the load format, derived from the model and grouped by the properties that matter to a mapping."""

from __future__ import annotations

from api.ingest.converters.amounts import FIELDS
from api.ingest.converters.places import POINT
from api.model import ENTITIES, RECORDS

NUMERIC = {
    (owner.name, one.name)
    for owner in ENTITIES.values()
    for one in owner.loaded
    if one.type.name in ("number", "float")
}
COUNTRY = {(owner.name, one.name) for owner in ENTITIES.values() for one in owner.loaded if one.format == "country"}
LISTS = {one.name for owner in ENTITIES.values() for one in owner.loaded if one.type.many and one.type.name == "text"}
LINKS = {one.name for owner in ENTITIES.values() for one in owner.references}
SEVERAL = {one.name for owner in ENTITIES.values() for one in owner.links.values() if one.kind == "several"}
BELONGING = {one.name for one in RECORDS.values() if "briefing" in one.links}
TERMS = {
    (owner.name, one.name): tuple(one.type.of.terms())
    for owner in ENTITIES.values()
    for one in owner.loaded
    if one.type.name == "vocabulary"
}

# Names for several fields that one value of a mapping fills.
SEVERAL_FIELDS = {("figure", "amount"): FIELDS, ("place", "point"): POINT}
