"""Write counts and series as rows of CSV, by the rules of exports (`cells.py`).

The first column, `part`, says what a row is about: a group or a point, or the records that no such row shows. So a file
is as complete as the JSON of the same request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from api.catalog import Resource
from api.compiler.cells import cell_text, join_cells
from api.compiler.columns import column_type
from api.compiler.json_text import literal
from api.query import Cell

PART = "part"
LINE_END = r"E'\r\n'"
BYTE_ORDER_MARK = r"E'\ufeff'"


@dataclass(frozen=True)
class CsvPart:
    """Rows of one part: the SQL of their values by the names of columns, and the rest of the select that they are read
    by. A column without a value is empty."""

    name: str
    values: Mapping[str, str]
    source: str = ""
    order: str = ""


def column_cell(resource: Resource, column: str, name: str) -> Cell:
    """Return the cell of a column of a resource, under a name."""
    kind, is_plain = column_type(resource, column)
    if is_plain:
        # Only texts that may contain anything are quoted.
        kind = replace(kind, of=resource)
    return Cell(name, column, kind, "")


def csv_text(cells: Sequence[Cell], parts: Sequence[CsvPart], utc: str, *, bom: bool) -> str:
    """Return the expression of a whole file. `utc` is how times write the offset of UTC."""
    names = [cell.name for cell in cells]
    header = f"{literal(','.join([PART, *names]))} || {LINE_END}"
    pieces = [header, *(_rows(cells, part, utc) for part in parts)]
    if bom:
        pieces.insert(0, BYTE_ORDER_MARK)
    return f"concat({', '.join(pieces)})"


def _rows(cells: Sequence[Cell], part: CsvPart, utc: str) -> str:
    texts = [literal(part.name)]
    for cell in cells:
        value = part.values.get(cell.name)
        texts.append("null" if value is None else cell_text(cell, value, utc))
    row = f"{join_cells(texts)} || {LINE_END}"
    order = f" order by {part.order}" if part.order else ""
    return f"(select string_agg({row}, ''{order}){part.source})"
