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
from api.compiler.json_text import literal, timestamp
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
    for (link, via), group in groupby(cells, key=attrgetter("link", "via")):
        if link:
            values += _gather_children(writer, source, link, list(group))
        elif via:
            values += _join_linked(writer, source, via, list(group))
        else:
            values += [(cell, _read_cell(writer, source, cell)) for cell in group]
    return values


def _join_linked(writer: StatementWriter, source: RowSource, link_name: str, cells: list[Cell]) -> CellValues:
    """Join the record at the end of a link to one, and return its cells."""
    link = source.resource.links[link_name]
    alias = writer.name()
    columns = ", ".join(cell.column for cell in cells)
    linked_id = effective_id(writer, source, link)
    # The limit keeps the join lateral, and so the order of the rows.
    select = f"select {columns} from {writer.view(link.target)} where id = {linked_id} limit 1"
    source.joins.append(f"left join lateral ({select}) {alias} on true")
    return [(cell, f"{alias}.{cell.column}") for cell in cells]


def csv_row(writer: StatementWriter, source: RowSource, cells: tuple[Cell, ...]) -> str:
    """Return the expression of the whole row, without its line end."""
    utc = writer.version.utc
    return join_cells([cell_text(cell, value, utc) for cell, value in typed_cells(writer, source, cells)])


def join_cells(texts: list[str]) -> str:
    """Return the expression of a row of these texts. A null is an empty cell."""
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
    child = RowSource(writer.name(), writer.version[link.target])
    gathered = writer.name()
    names = [cell.column for cell in cells]
    values = [child.column(cell.column) for cell in cells]
    via = cells[0].via
    if via:
        names = [f"{via}_{name}" for name in names]
        values = [value for _, value in _join_linked(writer, child, via, cells)]
    position = child.column("position")
    lists = ", ".join(
        f"array_agg({value} order by {position}) as {name}" for name, value in zip(names, values, strict=True)
    )
    rows = f"{writer.view(link.target)} {child.alias}{child.join_clauses()}"
    select = f"select {lists} from {rows} where {child.column(link.by)} = {source.column('id')}"
    source.joins.append(f"left join lateral ({select}) {gathered} on true")
    return [(cell, f"{gathered}.{name}") for cell, name in zip(cells, names, strict=True)]


def cell_text(cell: Cell, value: str, utc: str) -> str:
    """Return the text of a cell in a row of CSV. `utc` is how times write the offset of UTC."""
    if cell.type.many:
        return _join_elements(cell, value)
    if cell.free:
        return _quote(value, guard(value, numbers=True))
    if cell.type.name == "timestamp":
        text, end = timestamp(value, utc)
        return f"{text} || {literal(end)}"
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
