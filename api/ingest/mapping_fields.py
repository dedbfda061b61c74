"""The fields of the load format by what a mapping has to know of them, derived from the catalog."""

from __future__ import annotations

from api.catalog import V1
from api.ingest.converters.amounts import FIELDS
from api.ingest.converters.places import POINT

_RESOURCES = (*V1.resources.values(), *V1.children.values())
NUMERIC = {
    (owner.name, one.name)
    for owner in _RESOURCES
    for one in owner.fields.values()
    if one.type.name in ("number", "float")
}
COUNTRY = {(owner.name, one.name) for owner in _RESOURCES for one in owner.fields.values() if one.format == "country"}
LISTS = {one.name for owner in _RESOURCES for one in owner.fields.values() if one.type.many and one.type.name == "text"}
LINKS = {one.name for owner in _RESOURCES for one in owner.links.values() if one.kind in ("one", "several")}
SEVERAL = {one.name for owner in _RESOURCES for one in owner.links.values() if one.kind == "several"}
BELONGING = {one.name for one in V1.resources.values() if "briefing" in one.links}
TERMS = {
    (owner.name, one.name): tuple(one.type.of.terms())
    for owner in _RESOURCES
    for one in owner.fields.values()
    if one.type.name == "vocabulary"
}

# Names for several fields that one value of a mapping fills.
SEVERAL_FIELDS = {("figure", "amount"): FIELDS, ("place", "point"): POINT}
