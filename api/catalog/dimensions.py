"""The ways in which the records of a list can be grouped when they are counted, found from the filters of the list.

Records are grouped by the fields that have an `in` filter, by the ids of links to one, and by the columns of children
that flat rows contain, such as the source and the stance of citations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from api.catalog.declaration import RECORD_FIELDS
from api.catalog.resource import Condition, Link, Resource
from api.catalog.version import Version


@dataclass(frozen=True)
class Dimension:
    """A value by which records are grouped: a `column` of the record itself or, with a `link`, of the row at the end of
    this link. Its name is that of the filter that takes its values. If the value is the id of a record with a label,
    `label` is the name under which an answer describes that record, and `target` is its resource."""

    name: str
    description: str
    column: str
    link: str = ""
    label: str = ""
    target: str = ""

    @property
    def term(self) -> str:
        """The name with an underscore for the dot, as names of a programming language have it."""
        return self.name.replace(".", "_")


@dataclass(frozen=True)
class Dated:
    """The time by which the records of a list are counted, and the field that says how exactly it is known; empty if
    there is none."""

    name: str
    precision: str = ""


@cache
def dimensions(version: Version, resource: Resource) -> dict[str, Dimension]:
    """Return the dimensions of a list by name."""
    found: list[Dimension] = []
    for condition in version.conditions[resource.name].values():
        dimension = _of_condition(version, resource, condition)
        if dimension is not None:
            found.append(dimension)
    for link in resource.links.values():
        if link.owned:
            found += _of_children(version, version[link.target], link)
    return {dimension.name: dimension for dimension in found}


@cache
def dated(resource: Resource) -> Dated | None:
    """Return the time by which the records of a list are counted; None if they have none. It is the time by which they
    are listed, or the first one that they can be filtered by."""
    sorted_by = resource.fields.get(resource.sort.removeprefix("-"))
    fields = [sorted_by] if sorted_by is not None else []
    fields += [field for field in resource.fields.values() if "gte" in field.operators]
    for field in fields:
        # The times at which a record was stored say nothing of what it is about.
        if field.type.name in ("timestamp", "date") and field.name not in RECORD_FIELDS:
            has_precision = "time_precision" in resource.fields and field.type.name == "timestamp"
            return Dated(field.name, "time_precision" if has_precision else "")
    return None


# The fields by which every series of figures is grouped: numbers of different measures or units are never compared.
ALWAYS_KEYS = ("measure", "unit")
# The fields of a list whose records are numbers with bounds.
OF_FIGURES = (*ALWAYS_KEYS, "value", "value_low", "value_high", "quantifier", "as_of", "basis", "series")
SOURCE = Dimension("source_id", "The source that asserts or confirms the figure.", "source_id", "citations")


def has_counts(version: Version, resource: Resource) -> bool:
    """Return True if the records of a list are counted: if there is something to group them by."""
    return version.counts and bool(dimensions(version, resource))


def has_series(version: Version, resource: Resource) -> bool:
    """Return True if the records of a list are figures, which can be shown as series over time."""
    return version.counts and all(name in resource.fields for name in OF_FIGURES)


@cache
def series_dimensions(version: Version, resource: Resource) -> dict[str, Dimension]:
    """Return the dimensions that series of figures can be grouped by beside those of ALWAYS_KEYS."""
    left_out = (*ALWAYS_KEYS, "unit_code", "quantifier")
    found = {SOURCE.name: SOURCE}
    for name, dimension in dimensions(version, resource).items():
        if name in left_out:
            continue
        if is_additive(resource, (dimension,)):
            found[name] = dimension
    return found


def is_additive(resource: Resource, by: tuple[Dimension, ...]) -> bool:
    """Return True if each record counts in one group. A record with several children counts once in each of theirs."""
    return not any(dimension.link and not resource.links[dimension.link].single for dimension in by)


def _of_condition(version: Version, resource: Resource, condition: Condition) -> Dimension | None:
    if condition.operator != "in" or condition.name == "id" or condition.deprecated:
        return None
    if condition.path:
        is_direct = len(condition.path) == 1 and resource.links[condition.path[0]].single
        if not is_direct:
            return None
        return Dimension(condition.name, condition.description, condition.column, condition.path[0])
    if condition.name in resource.fields:
        # The field shows what the answer groups by, even if its filter reads another column.
        return Dimension(condition.name, condition.description, condition.name)
    for link in resource.links.values():
        if link.single and link.by == condition.name:
            return _of_link(version, link, Dimension(link.by, link.description, link.by), link.name)
    # The ids of the owners of children are all in `record_id`.
    return None


def _of_children(version: Version, child: Resource, link: Link) -> list[Dimension]:
    found: list[Dimension] = []
    for column in child.flat:
        name = f"{link.name}.{column}"
        field = child.fields.get(column)
        if field is not None:
            if "in" in field.operators and not field.deprecated:
                found.append(Dimension(name, field.description, column, link.name))
            continue
        for way in child.links.values():
            if way.single and way.filtered and way.by == column:
                dimension = Dimension(name, way.description, column, link.name)
                found.append(_of_link(version, way, dimension, f"{link.name}.{way.name}"))
    return found


def _of_link(version: Version, link: Link, dimension: Dimension, label: str) -> Dimension:
    """Return the dimension of the ids of a link, with a label if the linked records have one."""
    if not version[link.target].label:
        return dimension
    return replace(dimension, label=label, target=link.target)
