"""A request as a value: its version, and the root of the tree that it reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.catalog import DeprecatedPart
from api.query.export_query import ExportQuery
from api.query.group_query import CountQuery, SeriesQuery
from api.query.history_query import DiffQuery, RevisionsQuery
from api.query.known_at import AsOf
from api.query.list_query import ListQuery
from api.query.selection import Answer, Item, Object, Record, Records, Selection

# The root of a request: an object (GraphQL, one record), a page of a list, of revisions or of differences, an export,
# counts or series.
Root = Object | ListQuery | ExportQuery | RevisionsQuery | DiffQuery | CountQuery | SeriesQuery


@dataclass(frozen=True)
class Query:
    """A request to one version as a tree, and the deprecated parts that it uses."""

    version: str
    root: Root
    outdated: tuple[DeprecatedPart, ...] = field(default=(), compare=False)

    @property
    def entries(self) -> Selection:
        """The entries of the request: those of an object, or the root alone, which then has no key."""
        if isinstance(self.root, Object):
            return self.root.selection
        return (Item("", self.root),)


def as_of(value: Answer) -> AsOf | None:
    """Return the edition as of which a root is read; None for the present, and for what is no root."""
    if isinstance(
        value, ListQuery | Record | Records | ExportQuery | RevisionsQuery | DiffQuery | CountQuery | SeriesQuery
    ):
        return value.as_of
    return None
