"""The load format as tables in Markdown: the fields of each resource, the required ones, and the vocabularies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.ingest.formatting import with_article
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
        yield from _format_table(f"Fields of {with_article(resource.name)}:", resource, LINES[resource.name])
    for child in STORED_CHILDREN.values():
        title = f"Fields of {with_article(child.name)}, one of the `{_find_list(child)}` of a record:"
        yield from _format_table(title, child, CHILDREN[child.name])


def _find_list(child: Entity) -> str:
    """Return the name of the list of a record that contains these children."""
    for owner in RECORDS.values():
        for link in owner.owned:
            if link.target == child.name:
                return link.name
    raise LookupError(child.name)


def _format_table(title: str, resource: Entity, form: RecordModel) -> Iterator[str]:
    yield from ("", title, "", "| field | holds | |", "|---|---|---|")
    model_fields = form.model.model_fields
    for field in resource.loaded:
        requirement = _describe_requirement(field.default, model_fields[field.name].is_required())
        yield f"| `{field.name}` | {_describe_field(field)} | {requirement} |"
    for link in resource.links.values():
        requirement = _describe_requirement("", model_fields[link.name].is_required())
        yield f"| `{link.name}` | {_describe_link(link)} | {requirement} |"


def _describe_requirement(default: str, required: bool) -> str:
    if required:
        return "required"
    return f"`{default}` by default" if default else ""


def _describe_field(field: StoredField) -> str:
    kind = field.type
    if kind.name == "vocabulary":
        return "one of " + _quote_names(kind.of.terms())
    if kind.name == "value":
        parts = "{" + _quote_names(VALUES[kind.of].model_fields) + "}"
        return f"a list of objects {parts}" if kind.many else f"an object {parts}"
    if kind.many:
        return "a list of texts"
    return SCALARS[field.format or kind.name]


def _quote_names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _describe_link(link: StoredLink) -> str:
    if link.kind == "children":
        return f"a list of {link.target}s, in order"
    if link.kind == "several":
        return f"a list of keys of {link.target}s"
    return f"the key of {with_article(link.target)}"
