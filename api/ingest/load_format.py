"""The load format as pydantic models, derived from api/model: one for each kind of record, on a line or in a document.

A record has the fields that the model declares, except those that the store derives. A link is a field of the same name
with a key or a public id, or a list of them. Children stand within the record. Defaults are those of the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from api.ingest.formatting import with_article
from api.ingest.identity import ID, RESOURCES
from api.ingest.rule import NAMED, PLACED, RULES, Rule
from api.ingest.scalar import LINE, NAME, refusal, scalar
from api.model import CHILDREN as STORED_CHILDREN
from api.model import ENTITIES, PREFIXES, Entity, StoredLink, Value
from api.model import RECORDS as STORED_RECORDS
from api.model import StoredField as Stored

MARK = "briefing/1"
STRICT = ConfigDict(strict=True, extra="forbid")

Definition = tuple[Any, Any]


@dataclass(frozen=True)
class RecordModel:
    """The form of one kind of record: the model that checks it, and the rules between its fields. `envelope` contains
    the rules about its names, which apply to a withdrawal, too."""

    resource: Entity
    model: type[BaseModel]
    rules: tuple[Rule, ...]
    envelope: tuple[Rule, ...] = ()


def _check_key(value: str) -> str:
    if ID.fullmatch(value):
        raise refusal("expected a key of your own: this has the form of a public id, which goes into `id`")
    return value


def _check_reference(target: str, value: str) -> str:
    """Return the key or id that a link contains. It is refused if it is the id of another resource."""
    match = ID.fullmatch(value)
    if match and match[1] != PREFIXES[target]:
        linked = RESOURCES[match[1]]
        raise refusal(f"expected {with_article(target)}, and this is the id of {with_article(linked)}")
    return value


def _define_record(resource: Entity) -> dict[str, Definition]:
    identifier = Annotated[str, StringConstraints(strict=True, pattern=f"^{resource.prefix}_[0-9a-hjkmnp-tv-z]{{26}}$")]
    key = Annotated[NAME, AfterValidator(_check_key)]
    return {
        "key": _optional(key, "The key of the record, unique for its resource in the dataset."),
        "id": _optional(
            identifier, "The public id, instead of a key or in addition to it. Records from an export have it."
        ),
        "withdrawn": _optional(WITHDRAWAL, "The withdrawal of the record. The other fields may then be omitted."),
        **_define_content(resource),
    }


def _define_line(resource: Entity) -> dict[str, Definition]:
    return {
        "resource": (Literal[resource.name], Field(description="The type of the record.")),
        "dataset": _optional(NAME, "The dataset of the key and of the links by key."),
        **_define_record(resource),
    }


def _define_in_document(resource: Entity) -> dict[str, Definition]:
    """Return the fields of a record in a document. They do not include `briefing`, because all records belong to the
    document's briefing."""
    definitions = _define_record(resource)
    definitions.pop("briefing", None)
    return definitions


def _define_content(resource: Entity) -> dict[str, Definition]:
    fields = {field.name: _define_field(field) for field in resource.loaded}
    links = {link.name: _define_link(link) for link in resource.links.values()}
    return fields | links


def _define_field(field: Stored) -> Definition:
    kind = field.type
    value: Any
    if kind.name == "value":
        value = VALUES[kind.of]
    elif kind.of:
        value = Literal[*kind.of.terms()]
    else:
        value = scalar(field)
    if kind.many:
        return _list(value, field.max_items, field.description)
    if kind.nullable:
        return _optional(value, field.description)
    return value, Field(field.default or ..., description=field.description)


def _define_link(link: StoredLink) -> Definition:
    if link.kind == "children":
        return _list(CHILDREN[link.target].model, link.max_items, link.description)
    reference = Annotated[NAME, AfterValidator(partial(_check_reference, link.target))]
    text = f"{link.description} The key of {with_article(link.target)} of this dataset, or a public id."
    if link.kind == "several":
        return _list(reference, link.max_items, text)
    if link.nullable:
        return _optional(reference, text)
    return reference, Field(description=text)


def _optional(value: Any, description: str) -> Definition:
    return value | None, Field(None, description=description)


def _list(element: Any, max_length: int | None, description: str) -> Definition:
    return list[element], Field(default_factory=list, max_length=max_length, description=description)


def _make_model(name: str, description: str | None, definitions: dict[str, Any]) -> type[BaseModel]:
    model: type[BaseModel] = create_model(name, __config__=STRICT, __doc__=description, **definitions)
    return model


def _make_document_model(record_types: Mapping[str, Any]) -> type[BaseModel]:
    """Return the model of a document. `record_types` has for each resource the type that checks its records."""
    definitions: dict[str, Definition] = {
        "format": (Literal[MARK], Field(description="The format of this file.")),
        "dataset": (NAME, Field(description="The dataset that the keys in this file belong to.")),
        "briefing": (
            record_types["briefing"],
            Field(description="The briefing of the events, figures and quotes."),
        ),
    }
    for plural, name in LISTS.items():
        definitions[plural] = _list(record_types[name], None, f"The {plural} of the dataset, in any order.")
    return _make_model(
        "File",
        "One briefing with all of its records. It is loaded completely or not at all.",
        definitions,
    )


def _make_value_model(value: type[Value]) -> type[BaseModel]:
    definitions = {field.name: _define_field(field) for field in value.fields().values()}
    return _make_model(value.__name__, value.__doc__, definitions)


def _make_value_models() -> dict[Any, type[BaseModel]]:
    """Return the models of the values that are objects, such as an excerpt."""
    models: dict[Any, type[BaseModel]] = {}
    for entity in ENTITIES.values():
        for field in entity.fields.values():
            if field.type.name == "value" and field.type.of not in models:
                models[field.type.of] = _make_value_model(field.type.of)
    return models


def _make_record_model(
    resource: Entity, suffix: str, definitions: dict[str, Definition], *envelope: Rule
) -> RecordModel:
    model = _make_model(resource.name.capitalize() + suffix, resource.description, definitions)
    return RecordModel(resource, model, RULES.get(resource.name, ()), envelope)


def _make_child_model(child: Entity) -> RecordModel:
    return _make_record_model(child, "", _define_content(child))


def _make_line_model(resource: Entity) -> RecordModel:
    """Return the model of a record on a line."""
    return _make_record_model(resource, "Line", _define_line(resource), *NAMED, *PLACED)


def _make_model_in_document(resource: Entity) -> RecordModel:
    """Return the model of a record in a document."""
    return _make_record_model(resource, "", _define_in_document(resource), *NAMED)


WITHDRAWAL = _make_model(
    "Withdrawal",
    "The withdrawal of a record. The record stays in the log, and requests for it return the reason.",
    {"reason": (LINE, Field(description="The reason, which is shown to callers."))},
)
VALUES = _make_value_models()
CHILDREN: dict[str, RecordModel] = {name: _make_child_model(child) for name, child in STORED_CHILDREN.items()}
LINES: dict[str, RecordModel] = {name: _make_line_model(resource) for name, resource in STORED_RECORDS.items()}
RECORDS: dict[str, RecordModel] = {name: _make_model_in_document(resource) for name, resource in STORED_RECORDS.items()}
LISTS: dict[str, str] = {resource.plural: name for name, resource in STORED_RECORDS.items() if name != "briefing"}
HEADER = _make_document_model(dict.fromkeys(STORED_RECORDS, dict[str, Any]))
DOCUMENT = _make_document_model({name: form.model for name, form in RECORDS.items()})


def _collect_nested_models() -> dict[str, type[BaseModel]]:
    models = {"withdrawn": WITHDRAWAL}
    for entity in ENTITIES.values():
        for field in entity.fields.values():
            if field.type.of in VALUES:
                models[field.name] = VALUES[field.type.of]
    for entity in ENTITIES.values():
        for link in entity.owned:
            models[link.name] = CHILDREN[link.target].model
    return models


# The models of objects within a record, by the field that contains them. A field means the same in all records.
NESTED = _collect_nested_models()
