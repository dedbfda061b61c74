r"""Write the cells of a flat row: as values of their own types, or as text in a row of CSV (RFC 4180).

Text is always quoted. A text that a spreadsheet would run as a formula gets an apostrophe before it, unless it is a
plain number. Elements of a list are joined by `|`. Within an element a backslash is written as `\\` and a `|` as `\|`,
so that different lists have different cells.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from api.compiler.fallback import effective_id
from api.compiler.formula import guard
from api.compiler.json_text import literal
from api.compiler.writer import RowSource, StatementWriter
from api.query import Cell

# Cells in one call of `concat`: a function takes at most a hundred arguments, and a row may have more cells.
MAX_CONCAT_CELLS = 40

# Each cell with the expression of its value.
CellValues = list[tuple[Cell, str]]


def typed_cells(writer: StatementWriter, source: RowSource, cells: tuple[Cell, ...]) -> CellValues:
    """Return each cell with the expression of its value. Rows from which values are gathered are joined to the
    source."""
    values: CellValues = []
    for link, group in groupby(cells, key=attrgetter("link")):
        if link:
            values += _gather_children(writer, source, link, list(group))
            continue
        for cell in group:
            value = _read_cell(writer, source, cell)
            values.append((cell, value))
    return values


def csv_row(writer: StatementWriter, source: RowSource, cells: tuple[Cell, ...]) -> str:
    """Return the expression of the whole row, without its line end."""
    texts = [_write_text(cell, value) for cell, value in typed_cells(writer, source, cells)]
    starts = range(0, len(texts), MAX_CONCAT_CELLS)
    parts = [_concat_with_commas(texts[start : start + MAX_CONCAT_CELLS]) for start in starts]
    if len(parts) > 1:
        return _concat_with_commas(parts)
    return parts[0]


def _concat_with_commas(texts: list[str]) -> str:
    arguments = ", ',', ".join(texts)
    return f"concat({arguments})"


def _read_cell(writer: StatementWriter, source: RowSource, cell: Cell) -> str:
    """Return the value of a cell that the record itself has."""
    field = source.resource.fields.get(cell.name)
    if field and field.effective:
        return effective_id(writer, source, source.resource.links[field.effective])
    column = source.column(cell.column)
    if cell.key:
        return f"({column} ->> {literal(cell.key)})"
    if cell.type.name == "value":
        return _gather_objects(writer, source, cell, column)
    return column


def _gather_objects(writer: StatementWriter, source: RowSource, cell: Cell, column: str) -> str:
    """Return the list of the objects in a column, each as one text."""
    gathered, item = writer.name(), writer.name()
    keys = ", ".join(f"{item}.one ->> '{name}'" for name in cell.type.of.fields())
    select = f"select array_agg(concat_ws(':', {keys}) order by n) as found"
    unnested = f"jsonb_array_elements({column}) with ordinality {item} (one, n)"
    source.joins.append(f"left join lateral ({select} from {unnested}) {gathered} on true")
    return f"{gathered}.found"


def _gather_children(writer: StatementWriter, source: RowSource, link_name: str, cells: list[Cell]) -> CellValues:
    """Return the lists of the values of a record's children."""
    link = source.resource.links[link_name]
    gathered, child = writer.name(), writer.name()
    lists = ", ".join(f"array_agg({cell.column} order by position) as {cell.column}" for cell in cells)
    is_child = f"{child}.{link.by} = {source.column('id')}"
    select = f"select {lists} from {writer.view(link.target)} {child} where {is_child}"
    source.joins.append(f"left join lateral ({select}) {gathered} on true")
    return [(cell, f"{gathered}.{cell.column}") for cell in cells]


def _write_text(cell: Cell, value: str) -> str:
    """Return the text of a cell in a row of CSV."""
    if cell.type.many:
        return _join_elements(cell, value)
    if cell.free:
        return _quote(value, guard(value, numbers=True))
    if cell.type.name == "timestamp":
        # The session is in UTC, so this is how JSON writes it.
        return f"replace({value}::text, ' ', 'T') || ':00'"
    if cell.type.name == "boolean":
        return f"{value}::text"
    return value


def _join_elements(cell: Cell, value: str) -> str:
    if not cell.free:
        return f"array_to_string({value}, '|', '')"
    # No text of the store holds the character 1.
    marked = f"array_to_string({value}, E'\\x01', '')"
    escaped = rf"replace(replace({marked}, '\', '\\'), '|', '\|')"
    text = rf"nullif(translate({escaped}, E'\x01', '|'), '')"
    # The cell begins as its first element does. If this is empty, the cell begins with a `|`.
    return _quote(text, guard(f"({value})[1]", numbers=False))


def _quote(value: str, guard_text: str) -> str:
    return f"""'"' || {guard_text} || replace({value}, '"', '""') || '"'"""
