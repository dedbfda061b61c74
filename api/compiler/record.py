"""Write a record, or a page of records, as a JSON object. Records contain pages of linked records, and so on.

A page is always one row: `having true` makes one group of its records, even if nothing is aggregated (`__typename`
alone) or there are no records. Its column `made` is the text, and `points` is its cost: the points of api.query.cost
for the rows that were found, and a point for each 4 KiB of a record's text beyond the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.catalog import Field, Resource
from api.compiler.fallback import effective_id
from api.compiler.json_text import Json, boolean, fixed, listed, literal, object_of, optional, scalar, string, written
from api.compiler.keyset import order
from api.compiler.page import PageScan, counts, numbered, reading, total
from api.compiler.writer import RowSource, StatementWriter, indent
from api.model import Type
from api.query import (
    AllOf,
    ColumnField,
    Constant,
    Cursor,
    Edges,
    HasMore,
    HasNext,
    HasPrevious,
    LinkedRecord,
    LinkedRecords,
    ListQuery,
    NextCursor,
    Nodes,
    Object,
    ObjectField,
    Quality,
    Selection,
    Total,
    base_of,
    extra_of,
    is_served,
    unit_of,
)

# Bytes of a record's texts that its point pays for. Each further piece of this size costs a point.
TEXT_BYTES = 4096
# A list or an object with a smaller stored form contains little text and is not measured: casting each of them to text
# would take longer than writing the answer.
SMALL_BYTES = 200


def record(writer: StatementWriter, source: RowSource, selection: Selection) -> Json:
    """Return the JSON object of a record. The joins that it needs, their points and the bytes of its texts are added to
    the source."""
    return object_of(pairs(writer, source, selection))


def pairs(writer: StatementWriter, source: RowSource, selection: Selection) -> list[tuple[str, Json]]:
    """Return the keys of the object and their values."""
    return [(entry.key, _value(writer, source, entry.value)) for entry in selection]


def _value(writer: StatementWriter, source: RowSource, value: object) -> Json:
    match value:
        case ColumnField():
            kind, plain = column_type(source.resource, value.name)
            if (field := source.resource.fields.get(value.name)) and field.effective:
                link = source.resource.links[field.effective]
                return scalar(effective_id(writer, source, link), kind, plain=plain)
            _measure_text(source, value.name, kind)
            kind = replace(kind, nullable=kind.nullable or source.outer)
            return scalar(source.column(value.name), kind, plain=plain, upper=value.upper)
        case Constant():
            return string(value.text)
        case Object():
            return record(writer, source, value.selection)
        case ObjectField():
            return _part(writer, source, value)
        case LinkedRecord():
            return _single(writer, source, value)
        case LinkedRecords():
            return _several(writer, source, value)
        case ListQuery():
            alias = writer.name()
            made = page(writer, value, source)
            source.joins.append(f"left join lateral (\n  {indent(made.sql)}\n) {alias} on true")
            if made.has_points:
                source.points.append(f"{alias}.points")
            if made.has_text:
                source.text_bytes.append(f"{alias}.text_bytes")
            return written(f"{alias}.made")
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a record")


def _measure_text(source: RowSource, name: str, kind: Type) -> None:
    """Add the bytes of a column to the source if it can contain much text. They are measured in the store, so that they
    are the same for REST and GraphQL."""
    column = source.column(name)
    if name not in source.resource.fields:
        return  # It contains the ids of a link.
    if kind.many or kind.name == "value":
        bytes_of = f"octet_length({column}::text)"
        source.text_bytes.append(f"case when pg_column_size({column}) > {SMALL_BYTES} then {bytes_of} else 0 end")
    elif _is_free_text(source.resource.fields[name]):
        source.text_bytes.append(f"coalesce(octet_length({column}), 0)")


def _is_free_text(field: Field) -> bool:
    return field.type.name == "text" and field.type.of is None and field.format in ("", "uri") and field.name != "id"


def _text_points(source: RowSource) -> list[str]:
    """Return the points of the text of one record, including its citations and other children; none if it has no
    text."""
    if not source.text_bytes:
        return []
    return [f"greatest(0, ({' + '.join(source.text_bytes)} - 1) / {TEXT_BYTES})"]


def column_type(resource: Resource, name: str) -> tuple[Type, bool]:
    """Return the type of a column, and True if its texts contain no character that JSON escapes, as those of ids."""
    if name == "id":
        return Type("text"), True
    if name in resource.fields:
        kind = resource.fields[name].type
        return kind, isinstance(kind.of, Resource)
    link = next(one for one in resource.links.values() if one.by == name and one.kind in ("one", "several"))
    return Type("text", nullable=link.single and link.nullable, many=not link.single), link.single


def _part(writer: StatementWriter, source: RowSource, part: ObjectField) -> Json:
    column = source.column(part.name)
    _measure_text(source, part.name, source.resource.fields[part.name].type)
    item = writer.name() if part.many else column
    made = object_of((entry.key, _key(item, entry.value)) for entry in part.selection)
    if not part.many:
        return optional(f"case when {column} is not null then {made.sql()} end")
    # Most lists are empty, and a comparison costs less than the start of a select.
    rows = f"select string_agg({made.sql()}, ',') from jsonb_array_elements({column}) {item}"
    return fixed("[") + written(f"case when {column} <> '[]' then ({rows}) end") + fixed("]")


def _key(item: str, value: object) -> Json:
    if isinstance(value, Constant):
        return string(value.text)
    assert isinstance(value, ColumnField)
    return optional(f"({item} -> {literal(value.name)})::text")


def _single(writer: StatementWriter, source: RowSource, single: LinkedRecord) -> Json:
    link = source.resource.links[single.link]
    there = RowSource(writer.name(), writer.version[link.target])
    made = record(writer, there, single.selection)
    by = source.column(link.by)
    joined = f"left join {writer.view(link.target)} {there.alias} on {there.alias}.id = {by}"
    if writer.ordered:
        # The limit keeps the join lateral. Postgres could hash a plain join, which loses the order.
        columns = ", ".join(dict.fromkeys(["id", *there.columns]))
        found = f"select {columns} from {writer.view(link.target)} where id = {by} limit 1"
        joined = f"left join lateral ({found}) {there.alias} on true"
    source.joins += [joined, *there.joins]
    source.points += [*there.points, *_text_points(there)]
    return optional(f"case when {there.alias}.id is not null then {made.sql()} end")


def _several(writer: StatementWriter, source: RowSource, several: LinkedRecords) -> Json:
    link = source.resource.links[several.link]
    there = RowSource(writer.name(), writer.version[link.target])
    order, alias = writer.name(), writer.name()
    made = listed(record(writer, there, several.selection), f"{order}.position")
    joins = "".join(f"\n{join}" for join in there.joins)
    points = _points(base_of(writer.version, several.selection), [*there.points, *_text_points(there)])
    source.joins.append(
        f"left join lateral (\n  select {made.sql()} as made, {points} as points"
        f"\n  from unnest({source.column(link.by)}) with ordinality {order} (id, position)"
        f"\n  join {writer.view(link.target)} {there.alias} on {there.alias}.id = {order}.id{indent(joins)}"
        f"\n) {alias} on true"
    )
    source.points.append(f"{alias}.points")
    return written(f"{alias}.made")


def _points(unit: int, below: list[str], only: str = "") -> str:
    """Return the SQL of the points of a group's rows: `unit` for each, and those of the joined rows below. It is empty
    if there are none."""
    filtered = f" filter (where {only})" if only else ""
    own = [f"count(*){filtered} * {unit}" if unit > 1 else f"count(*){filtered}"] if unit else []
    return " + ".join([*own, *([f"coalesce(sum({' + '.join(below)}){filtered}, 0)"] if below else [])])


@dataclass(frozen=True)
class PageSelect:
    """The select of a page. Its columns are `made`, the object; `points`, if there are any; `next`, the cursor of the
    next page, if the page is a root; and `text_bytes` of children, whose texts count as those of their record."""

    sql: str
    has_points: bool = True
    has_text: bool = False


def page(writer: StatementWriter, rows: ListQuery, parent: RowSource | None = None) -> PageSelect:
    """Return the select of a page of a list, or of the records that a link of `parent` leads to."""
    source = RowSource(writer.name(), writer.version[rows.resource])
    there = source.resource
    link = parent.resource.links[rows.link] if parent else None
    joined = f"{{}}.{link.by} = {parent.column('id')}" if parent and link else ""
    if link and link.owned and rows.filter == AllOf():
        return _owned(writer, rows, source, joined)
    writer.custom = writer.custom or not is_served(there, rows)
    read = reading(writer, rows, there)
    made = object_of((entry.key, _page_value(writer, rows, read, source, entry.value)) for entry in rows.selection)
    marked = f", {read.next_cursor(source)} as next" if not parent else ""
    inner = numbered(writer, rows, read, source, joined)
    joins = "".join(f"\n{join}" for join in source.joins)
    shown = f"\nwhere {source.alias}.n <= {rows.page.size}" if read.counted else ""
    counted = counts(writer, rows, there)
    read_from = f"from (\n  {indent(inner)}\n) {source.alias}{joins}{shown}"
    is_child = bool(link and link.owned)
    below = source.points if is_child else [*source.points, *_text_points(source)]
    points = f"{_points(unit_of(writer.version, rows), below) or '0'} + {extra_of(rows)}".removesuffix(" + 0")
    text = _text_sum(writer, source) if is_child else ""
    columns = f"{made.sql()} as made, {points} as points{text}{marked}"
    return PageSelect(f"{counted}select {columns}\n{read_from}\nhaving true", has_text=bool(text))


def _text_sum(writer: StatementWriter, source: RowSource, only: str = "") -> str:
    """Return the column `text_bytes` of a set of children; empty if they contain no text, or if an export reads them,
    whose price does not depend on it."""
    if not source.text_bytes or writer.ordered:
        return ""
    filtered = f" filter (where {only})" if only else ""
    return f", coalesce(sum({' + '.join(source.text_bytes)}){filtered}, 0) as text_bytes"


def _owned(writer: StatementWriter, rows: ListQuery, source: RowSource, joined: str) -> PageSelect:
    """Return the select of the children of a record. They are numbered from position 0, so neither a limit nor a count
    is needed to cut them. A page of the size 0 has all of them."""
    size = rows.page.size
    position = f"{source.alias}.position"
    first = f"{position} < {size}"
    beyond = size > 0 and any(isinstance(entry.value, HasMore) for entry in rows.selection)
    values = []
    for entry in rows.selection:
        match entry.value:
            case Nodes():
                made = record(writer, source, entry.value.selection)
                values.append((entry.key, listed(made, position, first if beyond else "")))
            case HasMore():
                values.append((entry.key, boolean(f"bool_or({position} >= {size})") if beyond else fixed("false")))
            case Constant():
                values.append((entry.key, string(entry.value.text)))
            case _:
                raise TypeError(f"{type(entry.value).__name__} has no place in a set of children")
    joins = "".join(f"\n{join}" for join in source.joins)
    view = f"{writer.view(rows.resource)} {source.alias}"
    points = _points(unit_of(writer.version, rows), source.points, first if beyond else "")
    text = _text_sum(writer, source, first if beyond else "")
    cut = f" and {position} {'<=' if beyond else '<'} {size}" if size else ""
    sql = (
        f"select {object_of(values).sql()} as made{f', {points} as points' if points else ''}{text}\nfrom {view}{joins}"
        f"\nwhere {joined.format(source.alias)}{cut}\nhaving true"
    )
    return PageSelect(sql, bool(points), bool(text))


def _page_value(writer: StatementWriter, rows: ListQuery, read: PageScan, source: RowSource, value: object) -> Json:
    match value:
        case Nodes():
            return _listed(record(writer, source, value.selection), rows, read, source)
        case Edges():
            return _listed(_edge(writer, read, source, value.selection), rows, read, source)
        case Object():
            return object_of(
                (entry.key, _page_value(writer, rows, read, source, entry.value)) for entry in value.selection
            )
        case Constant():
            return string(value.text)
        case Total() | Quality():
            return total(value)
        case Cursor() | NextCursor() | HasMore() | HasNext() | HasPrevious():
            return read.about(source, value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a page")


def _listed(made: Json, rows: ListQuery, read: PageScan, source: RowSource) -> Json:
    if read.counted:
        return listed(made, f"{source.alias}.n" + (" desc" if rows.page.backward else ""))
    return listed(made, order(rows, source.alias, shown=True))


def _edge(writer: StatementWriter, read: PageScan, source: RowSource, selection: Selection) -> Json:
    pairs = []
    for entry in selection:
        match entry.value:
            case Cursor():
                pairs.append((entry.key, fixed('"') + written(read.cursor(source)) + fixed('"')))
            case Object():
                pairs.append((entry.key, record(writer, source, entry.value.selection)))
            case Constant():
                pairs.append((entry.key, string(entry.value.text)))
            case _:
                raise TypeError(f"{type(entry.value).__name__} has no place in an edge")
    return object_of(pairs)


def by_id(writer: StatementWriter, resource: str, identifier: str, selection: Selection) -> str:
    """Return the select of one record: its JSON, `made`, and its `points`. It has no row if there is no such record."""
    source = RowSource(writer.name(), writer.version[resource])
    made = record(writer, source, selection)
    joins = "".join(f"\n{join}" for join in source.joins)
    wanted = writer.argument(identifier, "text")
    points = " + ".join([str(base_of(writer.version, selection)), *source.points, *_text_points(source)])
    return (
        f"select {made.sql()} as made, {points} as points\nfrom {writer.view(resource)} {source.alias}{joins}"
        f"\nwhere {source.alias}.id = {wanted}"
    )
