"""A record as a JSON object, and a page of records as one: records hold pages of what they link to, and so on.

A page is one row whatever is asked of it: `having true` makes one group of its records, even where nothing is
aggregated (`__typename` alone) and where there are none.
"""

from __future__ import annotations

from api.compiler.page import Reading, counts, numbered, order, reading, total
from api.compiler.planning import settled
from api.compiler.writer import Source, Writer, indent, json_object, literal
from api.query import (
    All,
    Column,
    Constant,
    Cursor,
    Edges,
    HasMore,
    HasNext,
    HasPrevious,
    NextCursor,
    Nodes,
    Object,
    Part,
    Quality,
    Rows,
    Selection,
    Several,
    Single,
    Total,
)


def record(writer: Writer, source: Source, selection: Selection) -> str:
    """The expression that makes the object; joins it needs are added to the source."""
    return json_object(pairs(writer, source, selection))


def pairs(writer: Writer, source: Source, selection: Selection) -> list[tuple[str, str]]:
    """The keys of the object and the expressions of their values."""
    return [(entry.key, _value(writer, source, entry.value)) for entry in selection]


def _value(writer: Writer, source: Source, value: object) -> str:
    match value:
        case Column():
            column = source.column(value.name)
            # In Turkish the capital of i is İ: a vocabulary knows no language.
            return f'upper({column} collate "C")' if value.upper else column
        case Constant():
            return literal(value.text)
        case Part():
            return _part(writer, source, value)
        case Single():
            return _single(writer, source, value)
        case Several():
            return _several(writer, source, value)
        case Rows():
            alias = writer.name()
            made = page(writer, value, source)
            source.joins.append(f"left join lateral (\n  {indent(made)}\n) {alias} on true")
            return f"{alias}.made"
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a record")


def _part(writer: Writer, source: Source, part: Part) -> str:
    column = source.column(part.name)
    item = writer.name() if part.many else column
    made = json_object([(entry.key, _key(item, entry.value)) for entry in part.selection])
    if part.many:
        return f"coalesce((select json_agg({made}) from jsonb_array_elements({column}) {item}), '[]')"
    return f"case when {column} is not null then {made} end"


def _key(item: str, value: object) -> str:
    if isinstance(value, Constant):
        return literal(value.text)
    assert isinstance(value, Column)
    return f"{item} -> {literal(value.name)}"


def _single(writer: Writer, source: Source, single: Single) -> str:
    link = source.resource.links[single.link]
    there = Source(writer.name(), writer.version[link.target])
    made = record(writer, there, single.selection)
    joined = f"left join {writer.view(link.target)} {there.alias} on {there.alias}.id = {source.column(link.by)}"
    source.joins += [joined, *there.joins]
    return f"case when {there.alias}.id is not null then {made} end"


def _several(writer: Writer, source: Source, several: Several) -> str:
    link = source.resource.links[several.link]
    there = Source(writer.name(), writer.version[link.target])
    order = writer.name()
    made = record(writer, there, several.selection)
    joins = "".join(f"\n{join}" for join in there.joins)
    return (
        f"coalesce((select json_agg({made} order by {order}.position)"
        f" from unnest({source.column(link.by)}) with ordinality {order} (id, position)"
        f" join {writer.view(link.target)} {there.alias} on {there.alias}.id = {order}.id{indent(joins)}), '[]')"
    )


def page(writer: Writer, rows: Rows, parent: Source | None = None) -> str:
    """The select that makes the object of a page, as `made`; with `next`, the next page's cursor, for a root."""
    source = Source(writer.name(), writer.version[rows.resource])
    there = source.resource
    link = parent.resource.links[rows.link] if parent else None
    joined = f"{{}}.{link.by} = {parent.column('id')}" if parent and link else ""
    if link and link.owned and rows.filter == All():
        return _owned(writer, rows, source, joined)
    writer.custom = writer.custom or not settled(there, rows)
    read = reading(writer, rows, there)
    made = json_object([(entry.key, _page_value(writer, rows, read, source, entry.value)) for entry in rows.selection])
    marked = f", {read.next_cursor(source)} as next" if not parent else ""
    inner = numbered(writer, rows, read, source, joined)
    joins = "".join(f"\n{join}" for join in source.joins)
    shown = f"\nwhere {source.alias}.n <= {rows.page.size}" if read.counted else ""
    counted = counts(writer, rows, there)
    read_from = f"from (\n  {indent(inner)}\n) {source.alias}{joins}{shown}"
    return f"{counted}select {made} as made{marked}\n{read_from}\nhaving true"


def _owned(writer: Writer, rows: Rows, source: Source, joined: str) -> str:
    """Children stand in order from position 0, so that neither a limit nor a count is needed to cut them."""
    size = rows.page.size
    position = f"{source.alias}.position"
    values = []
    for entry in rows.selection:
        match entry.value:
            case Nodes():
                made = record(writer, source, entry.value.selection)
                inside = f"filter (where {position} < {size})"
                values.append((entry.key, f"coalesce(json_agg({made} order by {position}) {inside}, '[]')"))
            case HasMore():
                values.append((entry.key, f"coalesce(bool_or({position} >= {size}), false)"))
            case Constant():
                values.append((entry.key, literal(entry.value.text)))
            case _:
                raise TypeError(f"{type(entry.value).__name__} has no place in a set of children")
    joins = "".join(f"\n{join}" for join in source.joins)
    view = f"{writer.view(rows.resource)} {source.alias}"
    return (
        f"select {json_object(values)} as made\nfrom {view}{joins}"
        f"\nwhere {joined.format(source.alias)} and {position} <= {size}\nhaving true"
    )


def _page_value(writer: Writer, rows: Rows, read: Reading, source: Source, value: object) -> str:
    match value:
        case Nodes():
            return _listed(record(writer, source, value.selection), rows, read, source)
        case Edges():
            return _listed(_edge(writer, read, source, value.selection), rows, read, source)
        case Object():
            return json_object(
                [(entry.key, _page_value(writer, rows, read, source, entry.value)) for entry in value.selection]
            )
        case Constant():
            return literal(value.text)
        case Total() | Quality():
            return total(value)
        case Cursor() | NextCursor() | HasMore() | HasNext() | HasPrevious():
            return read.about(source, value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a page")


def _listed(made: str, rows: Rows, read: Reading, source: Source) -> str:
    if read.counted:
        ordered = f"{source.alias}.n" + (" desc" if rows.page.backward else "")
    else:
        ordered = order(rows, source.alias, shown=True)
    return f"coalesce(json_agg({made} order by {ordered}), '[]')"


def _edge(writer: Writer, read: Reading, source: Source, selection: Selection) -> str:
    pairs = []
    for entry in selection:
        match entry.value:
            case Cursor():
                pairs.append((entry.key, read.cursor(source)))
            case Object():
                pairs.append((entry.key, record(writer, source, entry.value.selection)))
            case Constant():
                pairs.append((entry.key, literal(entry.value.text)))
            case _:
                raise TypeError(f"{type(entry.value).__name__} has no place in an edge")
    return json_object(pairs)


def by_id(writer: Writer, resource: str, identifier: str, selection: Selection) -> str:
    """The select that makes one record, as `made`; no row where there is none."""
    source = Source(writer.name(), writer.version[resource])
    made = record(writer, source, selection)
    joins = "".join(f"\n{join}" for join in source.joins)
    wanted = writer.argument(identifier, "text")
    return (
        f"select {made} as made\nfrom {writer.view(resource)} {source.alias}{joins}\nwhere {source.alias}.id = {wanted}"
    )
