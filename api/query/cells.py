"""A record as one flat row: the columns that a table of a resource has, derived from the catalog.

The fields come first, then the ids of the linked records, then the `flat` columns of the children. The values of
children are gathered in their order. Their columns are named as the filters through the link are: `citations.stance`.
Last come the labels of the linked records, which a reader of a spreadsheet wants beside their ids: `place_name`,
`citations.source_name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from api.catalog import Link, Resource, Version
from api.model import Type

# The number of the addition of labels to version 2. Columns that are added later have a higher number.
LABELS_ADDED = 3


@dataclass(frozen=True)
class Cell:
    """A column of a flat row. `column` is the column of the view, of the children at the end of `link`, or of the one
    record at the end of `via`, a link of these. `key` names a part of the object in that column."""

    name: str
    column: str
    type: Type
    description: str
    link: str = ""
    key: str = ""
    via: str = ""

    @property
    def free(self) -> bool:
        """True if it may contain any text: it is no number, time, id or term."""
        if self.type.name == "text":
            return self.type.of is None
        return self.type.name == "value"


def cells(version: Version, resource: Resource) -> tuple[Cell, ...]:
    """Return the columns of a flat row of the resource, in order. Columns that were added to the version come last,
    because programs know the earlier columns by their numbers."""
    links = resource.links.values()
    columns = list(_field_cells(resource))
    columns += [_id_cell(version, link) for link in links if link.kind in ("one", "several")]
    for link in links:
        if link.owned:
            columns += _child_cells(version, link)

    columns += _label_cells(version, resource)
    for link in links:
        if link.owned:
            for cell in _label_cells(version, version[link.target]):
                kind = replace(cell.type, many=True)
                columns.append(replace(cell, name=f"{link.name}.{cell.name}", type=kind, link=link.name))

    def addition(cell: Cell) -> int:
        if cell.via:
            return LABELS_ADDED
        if cell.name not in resource.fields:
            return 0
        return resource.fields[cell.name].added

    return tuple(sorted(columns, key=addition))


def _label_cells(version: Version, resource: Resource) -> Iterator[Cell]:
    """Yield the labels of the records that links to one lead to."""
    for link in resource.links.values():
        if not link.single:
            continue
        target = version[link.target]
        for name in target.label:
            field = target.fields[name]
            kind = replace(field.type, nullable=True)
            description = f"{link.description} {field.description}"
            yield Cell(f"{link.name}_{name}", name, kind, description, via=link.name)


def _field_cells(resource: Resource) -> Iterator[Cell]:
    for field in resource.fields.values():
        if field.hidden:
            continue
        if field.type.name == "value" and not field.type.many:
            for part in field.type.of.fields().values():
                kind = replace(part.type, nullable=True)
                yield Cell(f"{field.name}.{part.name}", field.name, kind, part.description, key=part.name)
            continue
        kind = field.type
        if field.format == "id" or (field.name == "id" and resource.prefix):
            kind = replace(kind, of=resource)
        yield Cell(field.name, field.name, kind, field.description)


def _id_cell(version: Version, link: Link) -> Cell:
    """Return the column of the id, or the ids, that a record links by."""
    kind = Type("text", version[link.target], link.nullable, link.kind == "several")
    return Cell(link.by, link.by, kind, f"{link.description} The id only.")


def _child_cells(version: Version, link: Link) -> Iterator[Cell]:
    child = version[link.target]
    by_column = {cell.column: cell for cell in _field_cells(child)}
    for child_link in child.links.values():
        by_column[child_link.by] = _id_cell(version, child_link)
    for name in child.flat:
        cell = by_column[name]
        kind = replace(cell.type, many=True)
        yield Cell(f"{link.name}.{name}", name, kind, f"{link.description} {cell.description}", link.name)
