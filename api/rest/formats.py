"""The formats of an export, each a row: its name, its media type, and how a record becomes a line of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from api.catalog import Resource, Version
from api.compiler.diff import CSV_COLUMNS
from api.query import (
    ColumnField,
    CsvShape,
    DiffColumn,
    DiffCsvShape,
    DiffShape,
    FieldChanges,
    GeoJsonShape,
    Item,
    JsonShape,
    RowShape,
    Selection,
    Shape,
    cells,
)
from api.query.own_fields import own_selection
from api.rest.include import Tree, record_selection
from api.rest.parquet import INSTALLED, MEDIA_TYPE, ParquetEncoder

# Characters that some programs take for line ends, as UTF-8, and as escapes of JSON.
LINE_ENDS = ((b"\xe2\x80\xa8", rb"\u2028"), (b"\xe2\x80\xa9", rb"\u2029"), (b"\xc2\x85", rb"\u0085"))
# The fields of its place that a feature has beside those of the record. A place has them all itself.
PLACE = {"place_name": "name", "country": "country", "admin1": "admin1", "geo_precision": "geo_precision"}


def _no_head(version: Version, resource: Resource) -> bytes:
    return b""


@dataclass(frozen=True)
class Format:
    """A format. `shape` gets the links to show whole, and returns None for a resource that has no such export.
    `head` begins the file and `tail` ends it, even if there are no records. `before` and `after` stand around each
    line, except that the first line has no `before`. `schema` names the schema of the whole file, if it is JSON.
    `escape` is applied to the lines, some at a time. An `encoder` turns the lines into the file. `parameters` are
    those that only some formats take (`include`, and `ONLY_EXPORTS` of url.py). `missing` says what this
    installation lacks for the format; empty if nothing. A plan that has the format `like` has this one, too."""

    name: str
    media_type: str
    media_parameters: str
    description: str
    shape: Callable[[Version, Resource, Tree], Shape | None]
    head: Callable[[Version, Resource], bytes] = _no_head
    before: str = ""
    after: str = ""
    tail: bytes = b""
    schema: str = ""
    escape: Callable[[bytes], bytes] = bytes
    parameters: tuple[str, ...] = ()
    encoder: Callable[[Version, Resource], ParquetEncoder] | None = None
    missing: str = ""
    like: str = ""

    @property
    def permission(self) -> str:
        """The format that a plan has to name for this one."""
        return self.like or self.name

    @property
    def content_type(self) -> bytes:
        """The media type with its parameters, as answers name it."""
        return f"{self.media_type}{self.media_parameters}".encode()


def _escape_line_ends(lines: bytes) -> bytes:
    # In the statement this took 7 µs a record, a sixth of the time of an export.
    for character, escape in LINE_ENDS:
        lines = lines.replace(character, escape)
    return lines


def _csv_shape(version: Version, resource: Resource, include: Tree) -> CsvShape:
    return CsvShape(cells(version, resource))


def _csv_header(version: Version, resource: Resource) -> bytes:
    return ",".join(cell.name for cell in cells(version, resource)).encode() + b"\r\n"


def _json_shape(version: Version, resource: Resource, include: Tree) -> JsonShape:
    return JsonShape(record_selection(version, resource, include, listed=True, all_children=True))


def _geojson_shape(version: Version, resource: Resource, include: Tree) -> GeoJsonShape | None:
    selection = record_selection(version, resource, {}, all_children=True) + _flat_items(resource)
    if "latitude" in resource.fields:
        return GeoJsonShape(selection)
    for link in resource.links.values():
        if link.single and "latitude" in version[link.target].fields:
            place = tuple(Item(key, ColumnField(name)) for key, name in PLACE.items())
            return GeoJsonShape(selection, link.name, place)
    return None


def _flat_items(resource: Resource) -> Selection:
    """Return the parts of a record's objects as members of their own, for programs that read no nested properties:
    `amount_value`, `time_precision`, `starts_at`."""
    items = []
    for group in resource.groups.values():
        for key, field in resource.within(group).items():
            name = key if key.endswith("_at") else f"{group.name}_{key}"
            if field.type.name != "value":
                items.append(Item(name, ColumnField(field.name)))
    return tuple(items)


def _geojson_head(version: Version, resource: Resource) -> bytes:
    return b'{"type":"FeatureCollection","features":[\n'


def _row_shape(version: Version, resource: Resource, include: Tree) -> RowShape | None:
    return RowShape(cells(version, resource)) if version.parquet else None


def _parquet_encoder(version: Version, resource: Resource) -> ParquetEncoder:
    return ParquetEncoder(cells(version, resource))


def _by_name(*forms: Format) -> dict[str, Format]:
    """Return formats by their names."""
    return {form.name: form for form in forms}


FORMATS = _by_name(
    Format(
        "csv",
        "text/csv",
        "; charset=utf-8; header=present",
        "One row per record [RFC 4180], in UTF-8. The header row is always present. The elements of lists are "
        "joined by `|`, and so are the values of citations, participants and relations. Within an element, a "
        "backslash is written `\\\\` and a `|` is written `\\|`. Text that a spreadsheet would run as a formula is "
        "prefixed with an apostrophe.",
        _csv_shape,
        _csv_header,
        after="\r\n",
        parameters=("after_id", "bom"),
    ),
    Format(
        "ndjson",
        "application/x-ndjson",
        "",
        "One JSON object per line: a record as in the `data` of the list, with all of its children and the links "
        "in `include`.",
        _json_shape,
        after="\n",
        escape=_escape_line_ends,
        parameters=("include", "after_id"),
    ),
    Format(
        "geojson",
        "application/geo+json",
        "",
        "A FeatureCollection [RFC 7946]. The geometry of a record is a point, or null if its coordinates are not "
        "known. Its properties are the record with the `geo_precision` of its place.",
        _geojson_shape,
        _geojson_head,
        before=",\n",
        tail=b"\n]}\n",
        escape=_escape_line_ends,
        schema="FeatureCollection",
    ),
    Format(
        "parquet",
        MEDIA_TYPE,
        "",
        "A Parquet file with the columns of CSV. Lists have list types, amounts are decimals, and times are in UTC.",
        _row_shape,
        after="\n",
        encoder=_parquet_encoder,
        like="csv",
        missing="" if INSTALLED else "There is no Parquet here: the service lacks pyarrow (briefing-api[parquet]).",
    ),
)


def diff_selection(version: Version, resource: Resource) -> Selection:
    """Return the entries of a difference between two states of a list."""
    names = ("id", "change", "from_revision", "to_revision")
    fields = FieldChanges(own_selection(version, resource))
    return (*(Item(name, DiffColumn(name)) for name in names), Item("fields", fields))


def _diff_csv_header(version: Version, resource: Resource) -> bytes:
    return ",".join(CSV_COLUMNS).encode() + b"\r\n"


DIFF_FORMATS = (
    Format(
        "csv",
        "text/csv",
        "; charset=utf-8; header=present",
        "One row for each field that differs [RFC 4180], with both values. A record without such fields has one row "
        "without a field. Texts are written as in other exports, and lists as JSON.",
        lambda version, resource, _: DiffCsvShape(own_selection(version, resource)),
        _diff_csv_header,
        after="\r\n",
        parameters=("bom",),
    ),
    Format(
        "ndjson",
        "application/x-ndjson",
        "",
        "One JSON object per line, as in the `data` of the pages.",
        lambda version, resource, _: DiffShape(diff_selection(version, resource)),
        after="\n",
        escape=_escape_line_ends,
    ),
)


@cache
def offered(version: Version, resource: Resource) -> tuple[Format, ...]:
    """Return the formats that the resource is exported in."""
    return tuple(form for form in FORMATS.values() if form.shape(version, resource, {}) is not None)
