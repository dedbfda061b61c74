"""The state of a statement that is being written: its arguments, fresh names, and the row sources that it reads.

At the end are the clauses that many selects have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from api.catalog import Resource, Version
from api.query.known_at import AsOf

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
class RootScope:
    """The root that is being written: the edition as of which it is read, None for the present, the resources that it
    reads, and all its views. `slot` is the place of its edition among the arguments, once it has one. `moment` is the
    SQL of the change as of which views are read instead, while a version of a record is written."""

    as_of: AsOf | None = None
    moment: str = ""
    reads: set[str] = field(default_factory=set)
    views: set[str] = field(default_factory=set)
    slot: int | None = None

    @property
    def edition(self) -> int | None:
        """The last edition that changed what the root reads; None if it reads the present."""
        return None if self.as_of is None else self.as_of.changed(self.reads)


@dataclass
class StatementWriter:
    """A statement while it is being written, root by root. `custom`: its best plan depends on the values. `ordered`: it
    returns rows in the order in which it reads them. `looked_at`: the resources of which a filter may have to look at
    many rows without returning them."""

    version: Version
    arguments: list[Any] = field(default_factory=list)
    custom: bool = False
    ordered: bool = False
    names: int = 0
    seen: dict[tuple[Any, str], str] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)
    root: RootScope = field(default_factory=RootScope)
    scopes: list[RootScope] = field(default_factory=list)
    # The place of the resources that the statement reads among the arguments, once there is one.
    reads_slot: int | None = None
    # Whether the statement finds records by the change log, and so may look at many of its rows.
    reads_log: bool = False

    def __post_init__(self) -> None:
        self.scopes.append(self.root)

    @property
    def reads(self) -> set[str]:
        """The resources that the statement reads."""
        names: set[str] = set()
        for scope in self.scopes:
            names |= scope.reads
        return names

    def begin_root(self, as_of: AsOf | None) -> RootScope:
        """Begin the next root."""
        if as_of is not None:
            # The number of rows as of an edition depends on it, so the best plan does, too.
            self.custom = True
        self.root = RootScope(as_of)
        self.scopes.append(self.root)
        return self.root

    def finish(self) -> None:
        """Fill in the arguments that follow from what all roots read."""
        for scope in self.scopes:
            if scope.slot is not None:
                self.arguments[scope.slot] = scope.edition
        if self.reads_slot is not None:
            self.arguments[self.reads_slot] = sorted(self.reads)

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
        """Return the view of a resource in this version, or the function that shows it as of the edition of the root.
        Note the resource as read, unless it is one of children, which change with their record."""
        self.root.views.add(resource)
        if resource in self.version.resources:
            self.root.reads.add(resource)
        if self.root.moment:
            return f"{self.version.name}_at.{resource}({self.root.moment})"
        if self.root.as_of is None:
            return f"{self.version.name}.{resource}"
        return f"{self.version.name}_at.{resource}({self.edition()})"

    def edition(self) -> str:
        """Return the SQL of the number of the root's edition, that is of the last one that changed what is read. It is
        known when everything is written."""
        root = self.root
        if root.as_of is not None:
            if root.slot is None:
                root.slot = self._add_slot()
            return f"${root.slot + 1}::bigint"
        if self.reads_slot is None:
            self.reads_slot = self._add_slot()
        resources = f"any(${self.reads_slot + 1}::text[])"
        return f"(select coalesce(max(edition), 0) from store.latest where resource = {resources})"

    def store_mark(self) -> str:
        """Return the SQL of the mark that the store adds to the numbers of its editions."""
        if self.root.as_of is not None:
            return self.argument(self.root.as_of.store, "text")
        return "(select mark from store.identity)"

    def _add_slot(self) -> int:
        self.arguments.append(None)
        return len(self.arguments) - 1


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
