"""The operations of a version's REST API, in one table: routes, OpenAPI, examples and the clients follow from it.

A new kind of path is a kind here with its rows, an endpoint in `routes.py`, and a description in `contract.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from api.catalog import Resource, Version, has_counts, has_series
from api.rest.feeds import FeedFormat, offered_feeds
from api.rest.formats import DIFF_FORMATS, FORMATS, Format, offered

Kind = Literal[
    "list",
    "counts",
    "counts_file",
    "series",
    "series_file",
    "record",
    "revisions",
    "export",
    "diff",
    "diff_export",
    "feed",
]


CSV = FORMATS["csv"]


@dataclass(frozen=True)
class Operation:
    """One operation: its id in OpenAPI, its path below the version as OpenAPI writes it, and what it is about. Only
    exports and files with counts or series have a format, and only a feed has that of a feed."""

    id: str
    kind: Kind
    path: str
    resource: Resource
    format: Format | None = None
    feed: FeedFormat | None = None

    @property
    def route(self) -> str:
        """The path as metrics and logs show it. Dashboards depend on its parameter's name."""
        return self.path.replace("{id}", "{identifier}")


@cache
def operations(version: Version) -> tuple[Operation, ...]:
    """Return the operations of a version, those of one resource after another."""
    result: list[Operation] = []
    for resource in version.lists.values():
        result += _of_resource(version, resource)
    return tuple(result)


def _of_resource(version: Version, resource: Resource) -> Iterator[Operation]:
    path = f"/{resource.plural}"
    yield Operation(list_id(resource), "list", path, resource)
    if has_counts(version, resource):
        count_id = f"count_{resource.plural}"
        yield Operation(count_id, "counts", f"{path}/counts", resource)
        yield Operation(f"{count_id}_csv", "counts_file", f"{path}/counts.csv", resource, CSV)
    if has_series(version, resource):
        series_id = f"{resource.name}_series"
        yield Operation(series_id, "series", f"{path}/series", resource)
        yield Operation(f"{series_id}_csv", "series_file", f"{path}/series.csv", resource, CSV)
    if resource.prefix:
        yield Operation(get_id(resource), "record", f"{path}/{{id}}", resource)
        if version.history:
            yield Operation(revisions_id(resource), "revisions", f"{path}/{{id}}/revisions", resource)
    for form in offered(version, resource):
        export_id = f"export_{resource.plural}_{form.name}"
        yield Operation(export_id, "export", f"{path}.{form.name}", resource, form)
    if resource.prefix and version.history:
        yield Operation(diff_id(resource), "diff", f"{path}/diff", resource)
        for form in DIFF_FORMATS:
            export_id = f"export_{resource.plural}_diff_{form.name}"
            yield Operation(export_id, "diff_export", f"{path}/diff.{form.name}", resource, form)
    for feed in offered_feeds(version, resource):
        yield Operation(f"feed_{resource.plural}_{feed.name}", "feed", f"{path}.{feed.suffix}", resource, feed=feed)


def diff_id(resource: Resource) -> str:
    """Return the operation id of the differences between two states of a list."""
    return f"diff_{resource.plural}"


def list_id(resource: Resource) -> str:
    """Return the operation id of a list."""
    return f"list_{resource.plural}"


def get_id(resource: Resource) -> str:
    """Return the operation id of a record."""
    return f"get_{resource.name}"


def revisions_id(resource: Resource) -> str:
    """Return the operation id of the revisions of a record."""
    return f"list_{resource.name}_revisions"
