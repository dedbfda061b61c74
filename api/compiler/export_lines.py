"""Write every record of a list as a line of an export: JSON, a GeoJSON feature or a row of CSV. Each shape is a row of
SHAPES.

Other rows that a line needs are joined laterally, record by record. So lines keep the order of the list, and Postgres
sends the first line before it reads the last record.
"""

from __future__ import annotations

from collections.abc import Callable

from api.compiler.cells import csv_row, typed_cells
from api.compiler.fallback import effective_id
from api.compiler.json_text import array_of, from_sql, literal, object_of, optional, string
from api.compiler.page import list_rows
from api.compiler.record import pairs, record
from api.compiler.writer import RowSource, StatementWriter, indent
from api.query import (
    ColumnField,
    CsvShape,
    ExportQuery,
    GeoJsonShape,
    Item,
    JsonShape,
    ListQuery,
    Page,
    RowShape,
    Shape,
    TypedShape,
)


def lines(writer: StatementWriter, root: ExportQuery) -> str:
    """Return the SQL of an export: a row for each record, with its `line` or with its typed cells."""
    writer.ordered = True
    source = RowSource(writer.name(), writer.version[root.resource])
    columns = SHAPES[type(root.shape)](writer, source, root)
    size = 0 if root.max_records is None else root.max_records
    rows = ListQuery(root.resource, Page(size, root.position), root.sort, (), root.filter)
    records = list_rows(writer, rows, source)
    return f"select {columns}\nfrom (\n  {indent(records)}\n) {source.alias}{source.join_clauses()}"


def _line_column(root: ExportQuery, text: str) -> str:
    return f"concat({_escape(root.before)}, {text}, {_escape(root.after)}) as line"


def _escape(text: str) -> str:
    """Return a text as an SQL literal with escaped line ends, so that a printed statement keeps its lines."""
    return "E" + literal(text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n"))


def _write_record(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    assert isinstance(root.shape, JsonShape)
    return _line_column(root, record(writer, source, root.shape.selection).sql())


def _write_csv_row(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    assert isinstance(root.shape, CsvShape)
    return _line_column(root, csv_row(writer, source, root.shape.cells))


def _write_row(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    """Write the cells as a JSON array. Decimals are texts, because a reader of JSON may take them for doubles."""
    assert isinstance(root.shape, RowShape)
    values = []
    for cell, value in typed_cells(writer, source, root.shape.cells):
        is_decimal = cell.type.name == "number" and not cell.type.many
        values.append(f"{value}::text" if is_decimal else value)
    return _line_column(root, f"json_build_array({', '.join(values)})")


def _write_typed_cells(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    assert isinstance(root.shape, TypedShape)
    values = typed_cells(writer, source, root.shape.cells)
    return ", ".join(f'{value} as "{cell.name}"' for cell, value in values)


def _write_feature(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    """Write a feature by RFC 7946: longitude first, and a geometry of null if the position is not known."""
    assert isinstance(root.shape, GeoJsonShape)
    place = _join_place(writer, source, root.shape) if root.shape.link else source
    latitude, longitude = place.column("latitude"), place.column("longitude")
    coordinates = array_of([from_sql(longitude), from_sql(latitude)])
    point = object_of([("type", string("Point")), ("coordinates", coordinates)])
    properties = pairs(writer, source, root.shape.selection)
    if root.shape.link:
        properties += pairs(writer, place, root.shape.place)
    feature = object_of(
        [
            ("type", string("Feature")),
            *pairs(writer, source, (Item("id", ColumnField("id")),)),
            ("geometry", optional(f"case when {latitude} is not null then {point.sql()} end")),
            ("properties", object_of(properties)),
        ]
    )
    return _line_column(root, feature.sql())


def _join_place(writer: StatementWriter, source: RowSource, shape: GeoJsonShape) -> RowSource:
    """Join the place of a record to the source, and return it. It has no row if the place is not known."""
    link = source.resource.links[shape.link]
    place = RowSource(writer.name(), writer.version[link.target], outer=True)
    columns = ["latitude", "longitude"]
    columns += [item.value.name for item in shape.place if isinstance(item.value, ColumnField)]
    unique_columns = ", ".join(dict.fromkeys(columns))
    view = writer.view(link.target)
    place_id = effective_id(writer, source, link)
    # The limit keeps the join lateral. Postgres could hash a plain join, which loses the order.
    select = f"select {unique_columns} from {view} where id = {place_id} limit 1"
    source.joins.append(f"left join lateral ({select}) {place.alias} on true")
    return place


SHAPES: dict[type[Shape], Callable[[StatementWriter, RowSource, ExportQuery], str]] = {
    JsonShape: _write_record,
    GeoJsonShape: _write_feature,
    CsvShape: _write_csv_row,
    RowShape: _write_row,
    TypedShape: _write_typed_cells,
}
