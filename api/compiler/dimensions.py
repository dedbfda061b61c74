"""Read the values by which records are grouped, and join the rows that contain them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.catalog import Dimension, Link, Resource
from api.compiler.json_text import literal
from api.compiler.writer import StatementWriter


@dataclass
class DimensionJoins:
    """The joins that grouping needs to the records under the alias `p`. Each link is joined once."""

    writer: StatementWriter
    resource: Resource
    joins: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)

    def value(self, dimension: Dimension) -> str:
        """Return the value of a record in a dimension, and join the row that has it."""
        if not dimension.link:
            return f"p.{dimension.column}"
        if dimension.link not in self.aliases:
            self.aliases[dimension.link] = self._join(self.resource.links[dimension.link])
        return f"{self.aliases[dimension.link]}.{dimension.column}"

    def join_clauses(self) -> str:
        """Return the joins, each on a line of its own."""
        return "".join(f"\n{join}" for join in self.joins)

    def owner(self, dimension: Dimension) -> Resource:
        """Return the resource whose column the dimension is."""
        if not dimension.link:
            return self.resource
        return self.writer.version[self.resource.links[dimension.link].target]

    def _join(self, link: Link) -> str:
        if link.single:
            return self._join_one(link.target, self._linked_id(link))
        alias = self.writer.name()
        self.writer.looked_at.add(link.target)
        test = f"{alias}.{link.by} = p.id"
        if link.target in self.writer.version.children:
            # Without the bounds, the children of all resources would be read where those of a whole list are.
            first = self.resource.prefix + "_"
            test += f" and {alias}.{link.by} >= {literal(first)} and {alias}.{link.by} < {literal(first + '~')}"
        self.joins.append(f"left join {self.writer.view(link.target)} {alias} on {test}")
        return alias

    def _linked_id(self, link: Link) -> str:
        """Return the id of the record that counts for a link to one: that of its fallback if it has none."""
        own_id = f"p.{link.by}"
        if not link.fallback:
            return own_id
        source, resource = "p", self.resource
        *path, last = link.fallback.split(".")
        for name in path:
            step = resource.links[name]
            source = self._join_one(step.target, f"{source}.{step.by}")
            resource = self.writer.version[step.target]
        return f"coalesce({own_id}, {source}.{resource.links[last].by})"

    def _join_one(self, target: str, linked_id: str) -> str:
        alias = self.writer.name()
        self.writer.looked_at.add(target)
        self.joins.append(f"left join {self.writer.view(target)} {alias} on {alias}.id = {linked_id}")
        return alias


def read_columns(resource: Resource, by: tuple[Dimension, ...]) -> list[str]:
    """Return the columns of the list that the dimensions need, some of them perhaps twice."""
    columns: list[str] = []
    for dimension in by:
        if not dimension.link:
            columns.append(dimension.column)
            continue
        link = resource.links[dimension.link]
        columns.append(link.by if link.single else "id")
        if link.fallback:
            columns.append(resource.links[link.fallback.split(".")[0]].by)
    return columns


def in_order(alias: str, names: list[str]) -> str:
    """Return the order of the values of groups, which is the same in every database."""
    return ", ".join(f'{alias}.{name} collate "C" nulls last' for name in names)


def select_columns(columns: Sequence[str], rows: str) -> str:
    """Return the select of these columns of rows that have the alias `s`."""
    names = [f"s.{column}" for column in columns]
    return f"select {', '.join(names)} {rows}"


def table(name: str, select: str, *, materialized: bool = False) -> str:
    """Return a common table expression."""
    way = "materialized " if materialized else ""
    indented = select.replace("\n", "\n  ")
    return f"{name} as {way}(\n  {indented}\n)"
