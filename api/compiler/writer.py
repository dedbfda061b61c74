"""The state of a statement that is being written: its arguments, fresh names, and the row sources that it reads.

At the end are the clauses that many selects have.
"""

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
class StatementWriter:
    """A statement while it is being written. `edition` is the change number as of which it reads, None for the present.
    `custom`: its best plan depends on the values. `ordered`: it returns rows in the order in which it reads them.
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
        """Return `$n::type` for a value. Equal values share one argument."""
        key = (value, cast)
        if key not in self.seen:
            # The driver takes lists for arrays. A filter has tuples, which can be keys.
            argument = list(value) if isinstance(value, tuple) else value
            self.arguments.append(argument)
            self.seen[key] = f"${len(self.arguments)}::{cast}"
        return self.seen[key]

    def name(self) -> str:
        """Return a fresh alias."""
        self.names += 1
        return f"t{self.names}"

    def view(self, resource: str) -> str:
        """Return the view of a resource in this version, or the function that shows it as of the edition. Note the
        resource as read, unless it is one of children, which change with their record."""
        if resource in self.version.resources:
            self.reads.add(resource)
        if self.edition is None:
            return f"{self.version.name}.{resource}"
        return f"{self.version.name}_at.{resource}({self.argument(self.edition, 'bigint')})"


@dataclass
class RowSource:
    """A row source under an alias: the columns that are read from it, its joins, the points of the joined rows, and the
    bytes of the texts that its record shows. An `outer` source may have no row. Its columns are then null."""

    alias: str
    resource: Resource
    columns: dict[str, None] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    text_bytes: list[str] = field(default_factory=list)
    outer: bool = False

    def column(self, name: str) -> str:
        """Return a column, and note it as read."""
        self.columns[name] = None
        return f"{self.alias}.{name}"

    def join_clauses(self) -> str:
        """Return the joins, each on a line of its own; empty if there are none."""
        return "".join(f"\n{join}" for join in self.joins)


def indent(text: str) -> str:
    """Indent a text by one level, so that the SQL is readable."""
    return text.replace("\n", "\n  ")


def where_clause(*conditions: str) -> str:
    """Return the `where` of all conditions that are not empty, on a line of its own; empty if there are none."""
    tests = [condition for condition in conditions if condition]
    if not tests:
        return ""
    return f"\nwhere {' and '.join(tests)}"


def filter_clause(condition: str) -> str:
    """Return the `filter` of an aggregate; empty if the condition is empty."""
    return f" filter (where {condition})" if condition else ""


def limit_clause(size: int | None) -> str:
    """Return the `limit` of a select on a line of its own; empty without a size."""
    return f"\nlimit {size}" if size else ""
