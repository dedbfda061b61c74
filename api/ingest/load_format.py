"""The load format as pydantic models, derived from api/model: one for each kind of record, on a line or in a document.

A record has the fields that the model declares, except those that the store derives. A link is a field of the same name
with a key or a public id, or a list of them. Children stand within the record. Defaults are those of the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from api.ingest.formatting import one
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


def _key(value: str) -> str:
    if ID.fullmatch(value):
        raise refusal("expected a key of your own: this has the form of a public id, which goes into `id`")
    return value


def _reference(target: str, value: str) -> str:
    if (found := ID.fullmatch(value)) and found[1] != PREFIXES[target]:
        raise refusal(f"expected {one(target)}, and this is the id of {one(RESOURCES[found[1]])}")
    return value


def _record(resource: Entity) -> dict[str, Definition]:
    identifier = Annotated[str, StringConstraints(strict=True, pattern=f"^{resource.prefix}_[0-9a-hjkmnp-tv-z]{{26}}$")]
    return {
        "key": _optional(Annotated[NAME, AfterValidator(_key)], "Its own key, unique for its resource in the dataset."),
        "id": _optional(identifier, "Its public id, in place of a key or beside it: an export is loaded back so."),
        "withdrawn": _optional(WITHDRAWAL, "Takes the record back; its other fields may then be left out."),
        **_content(resource),
    }


def _line(resource: Entity) -> dict[str, Definition]:
    return {
        "resource": (Literal[resource.name], Field(description="What the record is.")),
        "dataset": _optional(NAME, "The dataset that the key and the links by key belong to."),
        **_record(resource),
    }


def _in_document(resource: Entity) -> dict[str, Definition]:
    """Return the fields of a record in a document. They do not include `briefing`, because all records belong to the
    document's briefing."""
    return {name: one for name, one in _record(resource).items() if name != "briefing"}


def _content(resource: Entity) -> dict[str, Definition]:
    fields = {field.name: _field(field) for field in resource.loaded}
    links = {link.name: _link(link) for link in resource.links.values()}
    return fields | links


def _field(field: Stored) -> Definition:
    kind = field.type
    inner: Any = VALUES[kind.of] if kind.name == "value" else Literal[*kind.of.terms()] if kind.of else scalar(field)
    if kind.many:
        return _list(inner, field.most, field.description)
    if kind.nullable:
        return _optional(inner, field.description)
    return inner, Field(field.default or ..., description=field.description)


def _link(link: StoredLink) -> Definition:
    if link.kind == "children":
        return _list(CHILDREN[link.target].model, link.most, link.description)
    reference = Annotated[NAME, AfterValidator(partial(_reference, link.target))]
    text = f"{link.description} The key of {one(link.target)} of this dataset, or a public id."
    if link.kind == "several":
        return _list(reference, link.most, text)
    return _optional(reference, text) if link.nullable else (reference, Field(description=text))


def _optional(kind: Any, description: str) -> Definition:
    return kind | None, Field(None, description=description)


def _list(kind: Any, most: int | None, description: str) -> Definition:
    return list[kind], Field(default_factory=list, max_length=most, description=description)


def _model(name: str, description: str | None, definitions: dict[str, Any]) -> type[BaseModel]:
    made: type[BaseModel] = create_model(name, __config__=STRICT, __doc__=description, **definitions)
    return made


def _document(record: Callable[[str], Any]) -> type[BaseModel]:
    """Return the model of a document. `record` gives the type that its records are checked by."""
    lists = {
        plural: _list(record(name), None, f"The {plural} of the dataset, in any order.")
        for plural, name in LISTS.items()
    }
    briefing = (record("briefing"), Field(description="The briefing that its events, figures and quotes belong to."))
    return _model(
        "File",
        "One briefing with all that belongs to it. It is loaded whole or not at all.",
        {
            "format": (Literal[MARK], Field(description="The format of this file.")),
            "dataset": (NAME, Field(description="The name that the keys below belong to.")),
            "briefing": briefing,
            **lists,
        },
    )


def _value(kind: type[Value]) -> type[BaseModel]:
    return _model(kind.__name__, kind.__doc__, {field.name: _field(field) for field in kind.fields().values()})


def _form(resource: Entity, suffix: str, definitions: dict[str, Definition], *envelope: Rule) -> RecordModel:
    model = _model(resource.name.capitalize() + suffix, resource.description, definitions)
    return RecordModel(resource, model, RULES.get(resource.name, ()), envelope)


WITHDRAWAL = _model(
    "Withdrawal",
    "Takes a record back: it stays in the log, and answers with the reason.",
    {"reason": (LINE, Field(description="Why, in words that callers are shown."))},
)
VALUES: dict[Any, type[BaseModel]] = {
    kind: _value(kind)
    for kind in {
        field.type.of for one in ENTITIES.values() for field in one.fields.values() if field.type.name == "value"
    }
}
CHILDREN: dict[str, RecordModel] = {name: _form(one, "", _content(one)) for name, one in STORED_CHILDREN.items()}
LINES: dict[str, RecordModel] = {
    name: _form(one, "Line", _line(one), *NAMED, *PLACED) for name, one in STORED_RECORDS.items()
}
RECORDS: dict[str, RecordModel] = {
    name: _form(one, "", _in_document(one), *NAMED) for name, one in STORED_RECORDS.items()
}
LISTS: dict[str, str] = {one.plural: name for name, one in STORED_RECORDS.items() if name != "briefing"}
HEADER = _document(lambda _: dict[str, Any])
DOCUMENT = _document(lambda name: RECORDS[name].model)

# The models of objects within a record, by the field that contains them. A field means the same in all records.
NESTED: dict[str, type[BaseModel]] = {
    "withdrawn": WITHDRAWAL,
    **{
        field.name: VALUES[field.type.of]
        for one in ENTITIES.values()
        for field in one.fields.values()
        if field.type.of in VALUES
    },
    **{link.name: CHILDREN[link.target].model for one in ENTITIES.values() for link in one.owned},
}
