"""An export as a value, and the shapes of its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.query.cells import Cell
from api.query.filters import EVERYTHING, Filter
from api.query.known_at import AsOf
from api.query.selection import Answer, Selection
from api.query.sort import Sort


@dataclass(frozen=True)
class JsonShape:
    """The shape of an export whose lines are records as JSON."""

    selection: Selection


@dataclass(frozen=True)
class GeoJsonShape:
    """The shape of an export whose lines are records as GeoJSON features. `link` leads to the record's place, whose
    `place` entries are added to the properties. It is empty if the record is a place itself."""

    selection: Selection
    link: str = ""
    place: Selection = ()


@dataclass(frozen=True)
class CsvShape:
    """The shape of an export whose lines are records as rows of CSV."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class RowShape:
    """The shape of an export whose lines are the cells of a flat row, as a JSON array."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TypedShape:
    """The shape of an export without lines: the cells of a flat row are columns of their own types."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DiffShape:
    """The shape of an export whose lines are the differences between two states of a list, as JSON."""

    selection: Selection


@dataclass(frozen=True)
class DiffCsvShape:
    """The shape of an export whose lines are rows of CSV, one for each field that differs between two states of a list.
    The paths of the fields are in the keys of a selection."""

    selection: Selection


Shape = JsonShape | GeoJsonShape | CsvShape | RowShape | TypedShape | DiffShape | DiffCsvShape


@dataclass(frozen=True)
class ExportQuery(Answer):
    """An export of all records of a list, or of the first `max_records`. Each record is a line with `before` and
    `after` around it. If `marked`, a row before them contains the mark of the state that they are read from.
    Only the records after the `position` are exported, if there is one. They are read at present or `as_of` an
    edition. With the number of an edition in `since`, what is exported is the difference between the two."""

    resource: str
    sort: Sort
    shape: Shape
    filter: Filter = EVERYTHING
    before: str = ""
    after: str = ""
    max_records: int | None = None
    marked: bool = False
    position: tuple[Any, Any] | None = None
    as_of: AsOf | None = None
    since: int | None = None
