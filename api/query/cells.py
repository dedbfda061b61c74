"""A record as one flat row: the columns that a table of a resource has, derived from the catalog.

The fields come first, then the ids of the linked records, then the `flat` columns of the children. The values of
children are gathered in their order. Their columns are named as the filters through the link are: `citations.stance`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from api.catalog import Link, Resource, Version
from api.model import Type


@dataclass(frozen=True)
class Cell:
    """A column of a flat row. `column` is the column of the view, or of the children at the end of `link`. `key` names
    a part of the object in that column."""

    name: str
    column: str
    type: Type
    description: str
    link: str = ""
    key: str = ""

    @property
    def free(self) -> bool:
        """True if it may contain any text: it is no number, time, id or term."""
        return self.type.name == "value" or (self.type.name == "text" and self.type.of is None)


def cells(version: Version, resource: Resource) -> tuple[Cell, ...]:
    """Return the columns of a flat row of the resource, in order. Columns that were added to the version come last,
    because programs know the earlier columns by their numbers."""
    links = resource.links.values()
    found = [*_fields(resource), *(_by(version, link) for link in links if link.kind in ("one", "several"))]
    found += [cell for link in links if link.owned for cell in _children(version, link)]
    added = {name: field.added for name, field in resource.fields.items()}
    return tuple(sorted(found, key=lambda cell: added.get(cell.name, 0)))


def _fields(resource: Resource) -> Iterator[Cell]:
    for field in (one for one in resource.fields.values() if not one.hidden):
        if field.type.name == "value" and not field.type.many:
            for part in field.type.of.fields().values():
                kind = replace(part.type, nullable=True)
                yield Cell(f"{field.name}.{part.name}", field.name, kind, part.description, key=part.name)
            continue
        is_id = field.format == "id" or (field.name == "id" and bool(resource.prefix))
        kind = replace(field.type, of=resource) if is_id else field.type
        yield Cell(field.name, field.name, kind, field.description)


def _by(version: Version, link: Link) -> Cell:
    kind = Type("text", version[link.target], link.nullable, link.kind == "several")
    return Cell(link.by, link.by, kind, f"{link.description} The id.")


def _children(version: Version, link: Link) -> Iterator[Cell]:
    child = version[link.target]
    known = {cell.column: cell for cell in (*_fields(child), *(_by(version, one) for one in child.links.values()))}
    for name in child.flat:
        found = known[name]
        kind = replace(found.type, many=True)
        yield Cell(f"{link.name}.{name}", name, kind, f"{link.description} {found.description}", link.name)
