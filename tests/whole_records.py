"""Records of every resource, made from the model, with all their fields or only the required ones."""

from __future__ import annotations

from typing import Any

from api.ingest.identity import public_id
from api.model import CHILDREN, RECORDS, WRITE_ORDER, Entity, StoredField

DATASET = "others"
# Values that depend on each other.
VALUES: dict[str, Any] = {
    "starts_at": "2022-03-06T00:00:00Z",
    "ends_at": "2022-03-07T00:00:00Z",
    "published_at": "2022-03-06T00:00:00Z",
    "modified_at": "2022-03-07T00:00:00Z",
    "time_precision": "day",
    "value": 2,
    "value_low": 1,
    "value_high": 3,
    "bounds_basis": "stated",
    "period_start": "2022-03-05",
    "latitude": 47.5,
    "longitude": 37.5,
    "geo_precision": "exact",
    "stance": "blames",
}
TYPES: dict[str, Any] = {"timestamp": "2022-03-06T00:00:00Z", "date": "2022-03-06", "number": 1, "float": 1.5}


def others() -> list[dict[str, Any]]:
    """Return a record of each resource with its required fields, for other records to link to."""
    return [
        {"resource": name, "dataset": DATASET, "key": "one"} | content(RECORDS[name], "plain", False)
        for name in WRITE_ORDER
    ]


def content(entity: Entity, word: str, whole: bool, also: str = "") -> dict[str, Any]:
    """Return the fields, links and children of a record. Each of its texts contains `word`, and those without a form
    also contain `also`. Links lead to the records of `others`."""
    needed = {"source": "name", "figure": "value"}.get(entity.name)
    fields = {
        field.name: _value(field, word, also)
        for field in entity.loaded
        if whole or (not field.type.nullable and not field.type.many and not field.default) or field.name == needed
    }
    if not whole and "starts_at" not in fields and "time_precision" in fields:
        fields["time_precision"] = "unknown"
    for link in entity.references:
        if whole or (not link.nullable and link.kind == "one"):
            identifier = public_id(DATASET, link.target, "one")
            fields[link.name] = identifier if link.kind == "one" else [identifier]
    # A quote needs a citation.
    owned = [link for link in entity.owned if whole or (entity.name, link.name) == ("quote", "citations")]
    return fields | {link.name: [content(CHILDREN[link.target], word, whole, also)] for link in owned}


def _value(field: StoredField, word: str, also: str) -> Any:
    if field.type.many:
        return [_value_of(field, word, also)]
    return VALUES.get(field.name) or _value_of(field, word, also)


def _value_of(field: StoredField, word: str, also: str) -> Any:
    kind = field.type
    if kind.name == "value":
        return {field.name: _value_of(field, word, also) for field in kind.of.fields().values()}
    if kind.name == "vocabulary":
        return field.default or next(iter(kind.of.terms()))
    if kind.name != "text":
        return TYPES[kind.name]
    forms = {"url": f"https://{word}.example/", "language": f"en-{word}", "country": "UA", "scheme": word}
    return forms.get(field.checked, f"{word} {field.name}{also}")
