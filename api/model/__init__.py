"""The model of what is stored: records, their fields, links and children, and the vocabularies of their values.

Load format, ids, merge statements, snapshot and the versions of the contract follow from these declarations. A version
(api/catalog/vN) is what it shows of them. `store.resource` is the same list of records in the database, and a test
compares the two, column by column.
"""

from api.model.briefing import Briefing
from api.model.citation import Citation
from api.model.document import Document
from api.model.entity import Entity, StoredLink, write_order
from api.model.event import Event, Participant, Relation
from api.model.figure import Figure
from api.model.place import Place
from api.model.quote import Quote
from api.model.source import Source
from api.model.types import StoredField, Type, Value, Vocabulary

_DECLARED: tuple[Entity, ...] = (
    Event,
    Figure,
    Quote,
    Source,
    Document,
    Place,
    Briefing,
    Citation,
    Participant,
    Relation,
)  # type: ignore[assignment]  # a decorator turns each class into an Entity
ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _DECLARED}
RECORDS: dict[str, Entity] = {name: entity for name, entity in ENTITIES.items() if entity.prefix}
CHILDREN: dict[str, Entity] = {name: entity for name, entity in ENTITIES.items() if not entity.prefix}
PREFIXES: dict[str, str] = {name: entity.prefix for name, entity in RECORDS.items()}
WRITE_ORDER: tuple[str, ...] = write_order(ENTITIES.values())

__all__ = [
    "CHILDREN",
    "ENTITIES",
    "PREFIXES",
    "RECORDS",
    "WRITE_ORDER",
    "Entity",
    "StoredField",
    "StoredLink",
    "Type",
    "Value",
    "Vocabulary",
]
