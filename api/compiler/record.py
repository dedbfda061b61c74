"""Write a record, or a page of records, as a JSON object. Records contain pages of linked records, and so on.

A page is always one row: `having true` makes one group of its records, even if nothing is aggregated (`__typename`
alone) or there are no records. Its column `made` is the text, and `points` is its cost: the points of api.query.cost
for the rows that were found, and a point for each 4 KiB of a record's text beyond the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.catalog import Field
from api.compiler.columns import column_type
from api.compiler.facets import write_facets
from api.compiler.fallback import effective_id
from api.compiler.json_text import (
    NULL,
    Json,
    aggregate_array,
    boolean,
    fixed,
    from_sql,
    literal,
    object_of,
    optional,
    quoted,
    scalar,
    string,
)
from api.compiler.keyset import order
from api.compiler.page import PageScan, counts, page_rows, plan_scan, total
from api.compiler.writer import RowSource, StatementWriter, filter_clause, indent, where_clause
from api.model import Type
from api.query import (
    AllOf,
    Answer,
    ColumnField,
    Constant,
    Cursor,
    Edges,
    EditionNumber,
    Facets,
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
    Permalink,
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
    return [(item.key, _write_value(writer, source, item.value)) for item in selection]


def _write_value(writer: StatementWriter, source: RowSource, value: Answer) -> Json:
    match value:
        case ColumnField():
            return _write_column(writer, source, value)
        case Constant():
            return string(value.text)
        case Object():
            return record(writer, source, value.selection)
        case ObjectField():
            return _write_object_field(writer, source, value)
        case LinkedRecord():
            return _write_linked_record(writer, source, value)
        case LinkedRecords():
            return _write_linked_records(writer, source, value)
        case ListQuery():
            return _write_linked_page(writer, source, value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a record")


def _write_column(writer: StatementWriter, source: RowSource, column: ColumnField) -> Json:
    kind, is_plain = column_type(source.resource, column.name)
    field = source.resource.fields.get(column.name)
    if field and field.effective:
        link = source.resource.links[field.effective]
        return scalar(effective_id(writer, source, link), kind, plain=is_plain)
    _measure_text(source, column.name, kind)
    if source.outer:
        kind = replace(kind, nullable=True)
    utc = writer.version.utc
    return scalar(source.column(column.name), kind, plain=is_plain, upper=column.upper, utc=utc)


def _write_linked_page(writer: StatementWriter, source: RowSource, rows: ListQuery) -> Json:
    """Return the page of the records at the end of a link to many. It is joined to the source."""
    alias = writer.name()
    select = page(writer, rows, source)
    source.joins.append(f"left join lateral (\n  {indent(select.sql)}\n) {alias} on true")
    if select.has_points:
        source.points.append(f"{alias}.points")
    if select.has_text:
        source.text_bytes.append(f"{alias}.text_bytes")
    return from_sql(f"{alias}.made")


def _measure_text(source: RowSource, name: str, kind: Type) -> None:
    """Add the bytes of a column to the source if it can contain much text. They are measured in the store, so that they
    are the same for REST and GraphQL."""
    column = source.column(name)
    if name not in source.resource.fields:
        return  # It contains the ids of a link.
    if kind.many or kind.name == "value":
        size = f"octet_length({column}::text)"
        source.text_bytes.append(f"case when pg_column_size({column}) > {SMALL_BYTES} then {size} else 0 end")
    elif _is_free_text(source.resource.fields[name]):
        source.text_bytes.append(f"coalesce(octet_length({column}), 0)")


def _is_free_text(field: Field) -> bool:
    if field.name == "id" or field.format not in ("", "uri"):
        return False
    return field.type.name == "text" and field.type.of is None


def _text_points(source: RowSource) -> list[str]:
    """Return the points of the text of one record, including its citations and other children; none if it has no
    text."""
    if not source.text_bytes:
        return []
    text_bytes = " + ".join(source.text_bytes)
    return [f"greatest(0, ({text_bytes} - 1) / {TEXT_BYTES})"]


def _write_object_field(writer: StatementWriter, source: RowSource, field: ObjectField) -> Json:
    column = source.column(field.name)
    _measure_text(source, field.name, source.resource.fields[field.name].type)
    if not field.many:
        fields = _write_object(column, field.selection)
        return optional(f"case when {column} is not null then {fields.sql()} end")
    item = writer.name()
    fields = _write_object(item, field.selection)
    # Most lists are empty, and a comparison costs less than the start of a select.
    items = f"select string_agg({fields.sql()}, ',') from jsonb_array_elements({column}) {item}"
    return fixed("[") + from_sql(f"case when {column} <> '[]' then ({items}) end") + fixed("]")


def _write_object(item: str, selection: Selection) -> Json:
    """Return the object that the expression `item` yields, with the selected keys."""
    return object_of([(part.key, _write_object_key(item, part.value)) for part in selection])


def _write_object_key(item: str, value: Answer) -> Json:
    if isinstance(value, Constant):
        return string(value.text)
    assert isinstance(value, ColumnField)
    return optional(f"({item} -> {literal(value.name)})::text")


def _write_linked_record(writer: StatementWriter, source: RowSource, linked_record: LinkedRecord) -> Json:
    link = source.resource.links[linked_record.link]
    target = RowSource(writer.name(), writer.version[link.target])
    target_object = record(writer, target, linked_record.selection)
    linked_id = source.column(link.by)
    view = writer.view(link.target)
    join = f"left join {view} {target.alias} on {target.alias}.id = {linked_id}"
    if writer.ordered:
        # The limit keeps the join lateral. Postgres could hash a plain join, which loses the order.
        columns = ", ".join(dict.fromkeys(["id", *target.columns]))
        select = f"select {columns} from {view} where id = {linked_id} limit 1"
        join = f"left join lateral ({select}) {target.alias} on true"
    source.joins += [join, *target.joins]
    source.points += [*target.points, *_text_points(target)]
    return optional(f"case when {target.alias}.id is not null then {target_object.sql()} end")


def _write_linked_records(writer: StatementWriter, source: RowSource, linked_records: LinkedRecords) -> Json:
    link = source.resource.links[linked_records.link]
    target = RowSource(writer.name(), writer.version[link.target])
    linked_ids, alias = writer.name(), writer.name()
    target_object = record(writer, target, linked_records.selection)
    array = aggregate_array(target_object, f"{linked_ids}.position")
    points = _sum_points(base_of(writer.version, linked_records.selection), [*target.points, *_text_points(target)])
    ids_column = source.column(link.by)
    view = writer.view(link.target)
    source.joins.append(
        f"left join lateral (\n  select {array.sql()} as made, {points} as points"
        f"\n  from unnest({ids_column}) with ordinality {linked_ids} (id, position)"
        f"\n  join {view} {target.alias} on {target.alias}.id = {linked_ids}.id{indent(target.join_clauses())}"
        f"\n) {alias} on true"
    )
    source.points.append(f"{alias}.points")
    return from_sql(f"{alias}.made")


def _sum_points(unit: int, joined_points: list[str], only: str = "") -> str:
    """Return the SQL of the points of a group's rows: `unit` for each, and those of the rows that are joined to it. It
    is empty if there are none."""
    only_these = filter_clause(only)
    terms = []
    if unit == 1:
        terms.append(f"count(*){only_these}")
    elif unit:
        terms.append(f"count(*){only_these} * {unit}")
    if joined_points:
        terms.append(f"coalesce(sum({' + '.join(joined_points)}){only_these}, 0)")
    return " + ".join(terms)


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
    if parent is None:
        return _select_page(writer, rows, source)
    link = parent.resource.links[rows.link]
    parent_test = f"{{}}.{link.by} = {parent.column('id')}"
    if link.owned and rows.filter == AllOf():
        return _select_children(writer, rows, source, parent_test)
    return _select_page(writer, rows, source, parent_test, owned=link.owned)


def _select_page(
    writer: StatementWriter,
    rows: ListQuery,
    source: RowSource,
    parent_test: str = "",
    owned: bool = False,
) -> PageSelect:
    """Return the select of a page. `parent_test` ties its rows to a row of the parent (`{}` is their alias); without
    one, the page is a root. `owned` rows are part of the parent, as children of a record are."""
    resource = source.resource
    if not is_served(resource, rows):
        writer.custom = True
    scan = plan_scan(writer, rows, resource)
    page_object = _write_page_object(writer, rows, scan, source, rows.selection)
    next_column = ""
    if not parent_test:
        next_column = f", {scan.next_cursor(source)} as next"
    read_rows = page_rows(writer, rows, scan, source, parent_test)
    where = ""
    if scan.is_numbered:
        where = where_clause(f"{source.alias}.n <= {rows.page.size}")
    count_tables = counts(writer, rows, resource)
    joined_points = list(source.points)
    text_column = ""
    if owned:
        # The texts count as those of the parent.
        text_column = _text_column(writer, source)
    else:
        joined_points += _text_points(source)
    points = _sum_points(unit_of(writer.version, rows), joined_points) or "0"
    extra_points = extra_of(rows)
    if extra_points:
        points += f" + {extra_points}"
    sql = (
        f"{count_tables}select {page_object.sql()} as made, {points} as points{text_column}{next_column}"
        f"\nfrom (\n  {indent(read_rows)}\n) {source.alias}{source.join_clauses()}{where}\nhaving true"
    )
    return PageSelect(sql, has_text=bool(text_column))


def _text_column(writer: StatementWriter, source: RowSource, only: str = "") -> str:
    """Return the column `text_bytes` of a set of children; empty if they contain no text, or if an export reads them,
    whose price does not depend on it."""
    if not source.text_bytes or writer.ordered:
        return ""
    text_bytes = " + ".join(source.text_bytes)
    return f", coalesce(sum({text_bytes}){filter_clause(only)}, 0) as text_bytes"


def _select_children(writer: StatementWriter, rows: ListQuery, source: RowSource, parent_test: str) -> PageSelect:
    """Return the select of the children of a record. They are numbered from position 0, so neither a limit nor a count
    is needed to cut them. A page of the size 0 has all of them."""
    size = rows.page.size
    position = f"{source.alias}.position"
    # To know if there are more, one child more is read, which no aggregate takes.
    reads_one_more = size > 0 and any(isinstance(item.value, HasMore) for item in rows.selection)
    only = f"{position} < {size}" if reads_one_more else ""
    values = []
    for item in rows.selection:
        match item.value:
            case Nodes():
                value = aggregate_array(record(writer, source, item.value.selection), position, only)
            case HasMore():
                value = boolean(f"bool_or({position} >= {size})") if reads_one_more else fixed("false")
            case Constant():
                value = string(item.value.text)
            case _:
                raise TypeError(f"{type(item.value).__name__} has no place in a set of children")
        values.append((item.key, value))
    view = writer.view(rows.resource)
    columns = f"{object_of(values).sql()} as made"
    points = _sum_points(unit_of(writer.version, rows), source.points, only)
    if points:
        columns += f", {points} as points"
    text_column = _text_column(writer, source, only)
    is_on_page = ""
    if reads_one_more:
        is_on_page = f"{position} <= {size}"
    elif size:
        is_on_page = f"{position} < {size}"
    where = where_clause(parent_test.format(source.alias), is_on_page)
    sql = f"select {columns}{text_column}\nfrom {view} {source.alias}{source.join_clauses()}{where}\nhaving true"
    return PageSelect(sql, bool(points), bool(text_column))


def _write_page_object(
    writer: StatementWriter, rows: ListQuery, scan: PageScan, source: RowSource, selection: Selection
) -> Json:
    return object_of([(item.key, _write_page_value(writer, rows, scan, source, item.value)) for item in selection])


def _write_page_value(
    writer: StatementWriter, rows: ListQuery, scan: PageScan, source: RowSource, value: Answer
) -> Json:
    match value:
        case Nodes():
            return _aggregate_page(record(writer, source, value.selection), rows, scan, source)
        case Edges():
            return _aggregate_page(_write_edge(writer, scan, source, value.selection), rows, scan, source)
        case Object():
            return _write_page_object(writer, rows, scan, source, value.selection)
        case Constant():
            return string(value.text)
        case Total() | Quality():
            return total(value)
        case Cursor() | NextCursor() | HasMore() | HasNext() | HasPrevious():
            return scan.write_info(source, value)
        case Facets():
            return write_facets(writer, rows, value)
        case EditionNumber():
            return from_sql(writer.edition())
        case Permalink():
            return write_permalink(writer, value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a page")


def write_permalink(writer: StatementWriter, permalink: Permalink) -> Json:
    """Return the URL of a page as of its edition."""
    if not permalink.url:
        return fixed(NULL)
    number = writer.edition()
    name = f"'e' || {number} || '-' || {writer.store_mark()}"
    return optional(
        f"case when {number} > 0 then '\"' || {writer.argument(permalink.url, 'text')} || {name} || '\"' end"
    )


def _aggregate_page(item: Json, rows: ListQuery, scan: PageScan, source: RowSource) -> Json:
    """Return the array of the page's rows in the order of the answer."""
    if not scan.is_numbered:
        return aggregate_array(item, order(rows, source.alias, in_answer=True))
    # Rows are numbered in reading order.
    direction = " desc" if rows.page.backward else ""
    return aggregate_array(item, f"{source.alias}.n{direction}")


def _write_edge(writer: StatementWriter, scan: PageScan, source: RowSource, selection: Selection) -> Json:
    values = []
    for item in selection:
        match item.value:
            case Cursor():
                value = quoted(scan.cursor(source))
            case Object():
                value = record(writer, source, item.value.selection)
            case Constant():
                value = string(item.value.text)
            case _:
                raise TypeError(f"{type(item.value).__name__} has no place in an edge")
        values.append((item.key, value))
    return object_of(values)


def by_id(writer: StatementWriter, resource: str, identifier: str, selection: Selection) -> str:
    """Return the select of one record: its JSON, `made`, and its `points`. It has no row if there is no such record."""
    source = RowSource(writer.name(), writer.version[resource])
    record_object = record(writer, source, selection)
    record_id = writer.argument(identifier, "text")
    points = [str(base_of(writer.version, selection)), *source.points, *_text_points(source)]
    view = writer.view(resource)
    return (
        f"select {record_object.sql()} as made, {' + '.join(points)} as points"
        f"\nfrom {view} {source.alias}{source.join_clauses()}"
        f"\nwhere {source.alias}.id = {record_id}"
    )
