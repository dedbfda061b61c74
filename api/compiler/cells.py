r"""Write the cells of a flat row: as values of their own types, or as text in a row of CSV (RFC 4180).

Text is always quoted. A text that a spreadsheet would run as a formula gets an apostrophe before it, unless it is a
plain number. Elements of a list are joined by `|`. Within an element a backslash is written as `\\` and a `|` as `\|`,
so that different lists have different cells.
"""

from __future__ import annotations

from itertools import groupby

from api.compiler.fallback import effective_id
from api.compiler.formula import guard
from api.compiler.json_text import literal
from api.compiler.writer import RowSource, StatementWriter
from api.query import Cell

# Cells in one call of `concat`: a function takes at most a hundred arguments, and a row may have more cells.
MANY = 40

Valued = list[tuple[Cell, str]]


def typed(writer: StatementWriter, source: RowSource, cells: tuple[Cell, ...]) -> Valued:
    """Return each cell with the expression of its value. Rows from which values are gathered are joined to the
    source."""
    found: Valued = []
    for link, group in groupby(cells, key=lambda cell: cell.link):
        there = list(group)
        found += _children(writer, source, link, there) if link else [_own(writer, source, one) for one in there]
    return found


def csv_row(writer: StatementWriter, source: RowSource, cells: tuple[Cell, ...]) -> str:
    """Return the expression of the whole row, without its line end."""
    texts = [_text(cell, value) for cell, value in typed(writer, source, cells)]
    parts = [f"concat({_with_commas(texts[at : at + MANY])})" for at in range(0, len(texts), MANY)]
    return f"concat({_with_commas(parts)})" if len(parts) > 1 else parts[0]


def _with_commas(texts: list[str]) -> str:
    return ", ',', ".join(texts)


def _own(writer: StatementWriter, source: RowSource, cell: Cell) -> tuple[Cell, str]:
    field = source.resource.fields.get(cell.name)
    if field and field.effective:
        return cell, effective_id(writer, source, source.resource.links[field.effective])
    column = source.column(cell.column)
    if cell.key:
        return cell, f"({column} ->> {literal(cell.key)})"
    if cell.type.name != "value":
        return cell, column
    there, item = writer.name(), writer.name()
    keys = ", ".join(f"{item}.one ->> '{name}'" for name in cell.type.of.fields())
    gathered = f"select array_agg(concat_ws(':', {keys}) order by n) as found"
    unnested = f"jsonb_array_elements({column}) with ordinality {item} (one, n)"
    source.joins.append(f"left join lateral ({gathered} from {unnested}) {there} on true")
    return cell, f"{there}.found"


def _children(writer: StatementWriter, source: RowSource, name: str, cells: list[Cell]) -> Valued:
    link = source.resource.links[name]
    there, item = writer.name(), writer.name()
    gathered = ", ".join(f"array_agg({one.column} order by position) as {one.column}" for one in cells)
    where = f"{item}.{link.by} = {source.column('id')}"
    source.joins.append(
        f"left join lateral (select {gathered} from {writer.view(link.target)} {item} where {where}) {there} on true"
    )
    return [(one, f"{there}.{one.column}") for one in cells]


def _text(cell: Cell, value: str) -> str:
    if cell.type.many:
        return _joined(cell, value)
    if cell.free:
        return _quoted(value, guard(value, numbers=True))
    if cell.type.name == "timestamp":
        return f"replace({value}::text, ' ', 'T') || ':00'"  # The session is in UTC, so this is how JSON writes it.
    return f"{value}::text" if cell.type.name == "boolean" else value


def _joined(cell: Cell, value: str) -> str:
    if not cell.free:
        return f"array_to_string({value}, '|', '')"
    # No text of the store holds the character 1.
    marked = f"array_to_string({value}, E'\\x01', '')"
    escaped = rf"replace(replace({marked}, '\', '\\'), '|', '\|')"
    # The cell begins as its first element does. If this is empty, the cell begins with a `|`.
    return _quoted(rf"nullif(translate({escaped}, E'\x01', '|'), '')", guard(f"({value})[1]", numbers=False))


def _quoted(value: str, before: str) -> str:
    return f"""'"' || {before} || replace({value}, '"', '""') || '"'"""
