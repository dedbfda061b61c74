"""The load format as tables in Markdown: the fields of each resource, the required ones, and the vocabularies."""

from __future__ import annotations

from collections.abc import Iterator

from api.ingest.formatting import one
from api.ingest.load_format import CHILDREN, LINES, VALUES, RecordModel
from api.model import CHILDREN as STORED_CHILDREN
from api.model import RECORDS, Entity, StoredField, StoredLink

SCALARS = {
    "text": "text",
    "number": "a number",
    "float": "degrees",
    "timestamp": "a time with its offset [RFC 3339]",
    "date": "a date [ISO 8601]",
    "country": "a country [ISO 3166-1 alpha-2]",
    "language": "a language [BCP 47]",
    "uri": "an http or https address",
}


def field_tables() -> Iterator[str]:
    """Yield the lines of a table for each resource, and for each kind of children."""
    for resource in RECORDS.values():
        yield from _table(f"Fields of {one(resource.name)}:", resource, LINES[resource.name])
    for child in STORED_CHILDREN.values():
        yield from _table(
            f"Fields of {one(child.name)}, one of the `{_holder(child)}` of a record:", child, CHILDREN[child.name]
        )


def _holder(child: Entity) -> str:
    """Return the name of the list of a record that contains these children."""
    return next(link.name for owner in RECORDS.values() for link in owner.owned if link.target == child.name)


def _table(title: str, resource: Entity, form: RecordModel) -> Iterator[str]:
    yield from ("", title, "", "| field | holds | |", "|---|---|---|")
    fields = [(field.name, _holds(field), field.default) for field in resource.loaded]
    links = [(link.name, _leads(link), "") for link in resource.links.values()]
    for name, holds, default in (*fields, *links):
        yield f"| `{name}` | {holds} | {_need(default, form.model.model_fields[name].is_required())} |"


def _need(default: str, required: bool) -> str:
    if required:
        return "required"
    return f"`{default}` by default" if default else ""


def _holds(field: StoredField) -> str:
    kind = field.type
    if kind.name == "vocabulary":
        return "one of " + ", ".join(f"`{term}`" for term in kind.of.terms())
    if kind.name == "value":
        parts = "{" + ", ".join(f"`{name}`" for name in VALUES[kind.of].model_fields) + "}"
        return f"a list of objects {parts}" if kind.many else f"an object {parts}"
    return "a list of texts" if kind.many else SCALARS[field.format or kind.name]


def _leads(link: StoredLink) -> str:
    if link.kind == "children":
        return f"a list of {link.target}s, in order"
    return f"a list of keys of {link.target}s" if link.kind == "several" else f"the key of {one(link.target)}"
