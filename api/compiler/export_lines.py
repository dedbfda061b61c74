"""Write every record of a list as a line of an export: JSON, a GeoJSON feature or a row of CSV. Each shape is a row of
SHAPES.

Other rows that a line needs are joined laterally, record by record. So lines keep the order of the list, and Postgres
sends the first line before it reads the last record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.compiler.cells import csv_row, typed
from api.compiler.fallback import effective_id
from api.compiler.json_text import array_of, literal, object_of, optional, string, written
from api.compiler.page import everything
from api.compiler.record import pairs, record
from api.compiler.writer import RowSource, StatementWriter, indent
from api.query import ColumnField, CsvShape, ExportQuery, GeoJsonShape, Item, JsonShape, ListQuery, Page, TypedShape


def lines(writer: StatementWriter, root: ExportQuery) -> str:
    """Return the SQL of an export: a row for each record, with its `line` or with its typed cells."""
    writer.ordered = True
    source = RowSource(writer.name(), writer.version[root.resource])
    made = SHAPES[type(root.shape)](writer, source, root)
    rows = ListQuery(root.resource, Page(root.most or 0), root.sort, (), root.filter)
    inner = everything(writer, rows, source)
    joins = "".join(f"\n{join}" for join in source.joins)
    return f"select {made}\nfrom (\n  {indent(inner)}\n) {source.alias}{joins}"


def _line(root: ExportQuery, text: str) -> str:
    return f"concat({_escaped(root.before)}, {text}, {_escaped(root.after)}) as line"


def _escaped(text: str) -> str:
    """Return a text as an SQL literal with escaped line ends, so that a printed statement keeps its lines."""
    return "E" + literal(text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n"))


def _whole(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    assert isinstance(root.shape, JsonShape)
    return _line(root, record(writer, source, root.shape.selection).sql())


def _flat(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    assert isinstance(root.shape, CsvShape)
    return _line(root, csv_row(writer, source, root.shape.cells))


def _typed(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    assert isinstance(root.shape, TypedShape)
    found = typed(writer, source, root.shape.cells)
    return ", ".join(f'{value} as "{cell.name}"' for cell, value in found)


def _feature(writer: StatementWriter, source: RowSource, root: ExportQuery) -> str:
    """Write a feature by RFC 7946: longitude first, and a geometry of null if the position is not known."""
    assert isinstance(root.shape, GeoJsonShape)
    place = _place(writer, source, root.shape) if root.shape.link else source
    latitude, longitude = place.column("latitude"), place.column("longitude")
    point = object_of([("type", string("Point")), ("coordinates", array_of([written(longitude), written(latitude)]))])
    properties = pairs(writer, source, root.shape.selection)
    if root.shape.link:
        properties += pairs(writer, place, root.shape.place)
    made = object_of(
        [
            ("type", string("Feature")),
            *pairs(writer, source, (Item("id", ColumnField("id")),)),
            ("geometry", optional(f"case when {latitude} is not null then {point.sql()} end")),
            ("properties", object_of(properties)),
        ]
    )
    return _line(root, made.sql())


def _place(writer: StatementWriter, source: RowSource, shape: GeoJsonShape) -> RowSource:
    link = source.resource.links[shape.link]
    place = RowSource(writer.name(), writer.version[link.target], outer=True)
    shown = [entry.value.name for entry in shape.place if isinstance(entry.value, ColumnField)]
    columns = ", ".join(dict.fromkeys(["latitude", "longitude", *shown]))
    # The limit keeps the join lateral. Postgres could hash a plain join, which loses the order.
    found = f"select {columns} from {writer.view(link.target)} where id = {effective_id(writer, source, link)} limit 1"
    source.joins.append(f"left join lateral ({found}) {place.alias} on true")
    return place


SHAPES: dict[type[Any], Callable[[StatementWriter, RowSource, ExportQuery], str]] = {
    JsonShape: _whole,
    GeoJsonShape: _feature,
    CsvShape: _flat,
    TypedShape: _typed,
}
