"""The order of a list, and a page of it. The id breaks ties, or another column of lists whose rows have no id. Records
without a sort key come last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.catalog import Resource


@dataclass(frozen=True)
class Sort:
    """The order of a list. `field` is the name that callers sort by, and `column` the column that is compared.
    Relevance has no column. The column `tie` breaks ties."""

    field: str
    column: str
    kind: str
    nullable: bool = False
    descending: bool = False
    tie: str = "id"
    tie_kind: str = "text"

    @property
    def in_key(self) -> bool:
        """True if it is the order of a primary key, which ends with the tie and has no nulls."""
        return self.tie != "id"

    @property
    def unique(self) -> bool:
        """True if the column alone gives the order, without ties."""
        return self.column == self.tie

    def __str__(self) -> str:
        if self.descending and self.field != "relevance":
            return f"-{self.field}"
        return self.field


@dataclass(frozen=True)
class Page:
    """A page of `size` rows after a position, or before it if `backward`. A position is a sort key and the value that
    breaks ties, usually an id."""

    size: int
    position: tuple[Any, Any] | None = None
    backward: bool = False


POSITION = Sort("position", "position", "integer", tie="position", tie_kind="integer")
REVISION = Sort("revision", "revision", "integer", descending=True, tie="revision", tie_kind="integer")
# The order of the differences between two states of a list: by the number of the last change between them. A record
# without one is among them only because of what it links to.
CHANGE = Sort("change", "change", "integer", nullable=True)
RELEVANCE = Sort("relevance", "", "real", descending=True)


def read_sort(resource: Resource, text: str) -> Sort | None:
    """Read a sort such as `-starts_at`. None if the resource cannot be sorted by it."""
    if text == "relevance":
        return RELEVANCE if resource.searched else None
    name = text.removeprefix("-")
    if name not in resource.sortable:
        return None
    field = resource.fields[name]
    column, kind = field.compared or name, field.type.name
    if field.collated:
        column, kind = field.collated, "collation key"
    tie_kind = resource.fields[resource.key].type.name
    return Sort(name, column, kind, field.type.nullable, text.startswith("-"), resource.key, tie_kind)
