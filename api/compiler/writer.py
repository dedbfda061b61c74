"""What a statement is written with: its arguments, fresh names, and the row sources that are being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from api.catalog import Resource, Version

# The Postgres type of an argument, by the type of the column that it is compared with.
CASTS = {
    "text": "text",
    "vocabulary": "text",
    "collation key": "bytea",
    "integer": "bigint",
    "float": "float8",
    "number": "numeric",
    "real": "real",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "date": "date",
}


@dataclass
class Writer:
    """A statement while it is being written. `edition`: the change number as of which it reads, None for the present.
    `custom`: its best plan depends on the values. `ordered`: rows leave in the order in which they are read.
    `looked_at`: the resources of which a filter may have to look at many rows without returning them."""

    version: Version
    edition: int | None = None
    arguments: list[Any] = field(default_factory=list)
    custom: bool = False
    ordered: bool = False
    names: int = 0
    seen: dict[tuple[Any, str], str] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)

    def argument(self, value: Any, cast: str) -> str:
        """`$n::type` for a value; equal values share one argument."""
        key = (value, cast)
        if key not in self.seen:
            self.arguments.append(list(value) if isinstance(value, tuple) else value)
            self.seen[key] = f"${len(self.arguments)}::{cast}"
        return self.seen[key]

    def name(self) -> str:
        """A fresh alias."""
        self.names += 1
        return f"t{self.names}"

    def view(self, resource: str) -> str:
        """The view that shows a resource in this version, or the function that shows it as of the edition. Children
        change with their record, so it is noted alone."""
        if resource in self.version.resources:
            self.reads.add(resource)
        if self.edition is None:
            return f"{self.version.name}.{resource}"
        return f"{self.version.name}_at.{resource}({self.argument(self.edition, 'bigint')})"


@dataclass
class Source:
    """A row source under an alias: the columns that are read from it, what is joined to it, the points of the joined
    rows, and the bytes of the texts that its record shows. An `outer` source may have no row; its columns are then
    null."""

    alias: str
    resource: Resource
    columns: dict[str, None] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    text_bytes: list[str] = field(default_factory=list)
    outer: bool = False

    def column(self, name: str) -> str:
        """The column, noted as read."""
        self.columns[name] = None
        return f"{self.alias}.{name}"


def indent(text: str) -> str:
    """One level deeper, for reading."""
    return text.replace("\n", "\n  ")
