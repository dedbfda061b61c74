"""The versions of the API: each shows resources of the model (api/model), with their fields, links and filters.

REST parameters, OpenAPI schemas, GraphQL types and the compiler are all derived from these declarations. A new filter
is one line here; a field of the model is a column in the version's view and one line here. Nothing is rejected at this
level, but a declaration that contradicts itself or the model fails when it is imported.

The versions are listed here and nowhere else, the oldest first. No version imports another.
"""

from api.catalog.dimensions import (
    Dated,
    Dimension,
    dated,
    dimensions,
    has_counts,
    has_series,
    is_additive,
    series_dimensions,
)
from api.catalog.lifecycle import DeprecatedPart, Lifecycle
from api.catalog.resource import Condition, Field, Group, Link, Resource
from api.catalog.v1 import V1
from api.catalog.v2 import V2
from api.catalog.version import Version
from api.model import Value, Vocabulary

VERSIONS: dict[str, Version] = {version.name: version for version in (V1, V2)}


def newest() -> Version:
    """Return the newest version that is neither deprecated nor retired, or the last one if all of them are. It has what
    needs a version without a caller who names one, such as the tables of a snapshot."""
    versions = list(VERSIONS.values())
    current = [version for version in versions if version.lifecycle.status == "current"]
    if current:
        return current[-1]
    return versions[-1]


def newest_with_history(resource: str | None = None) -> Version | None:
    """Return the newest version that is not retired and can be read as it was known at a moment; None if there is none.
    If a resource is given, the version has a list of it."""
    for version in reversed(VERSIONS.values()):
        if (
            version.history
            and version.lifecycle.status != "retired"
            and (resource is None or resource in version.lists)
        ):
            return version
    return None


__all__ = [
    "V1",
    "V2",
    "VERSIONS",
    "Condition",
    "Dated",
    "DeprecatedPart",
    "Dimension",
    "Field",
    "Group",
    "Lifecycle",
    "Link",
    "Resource",
    "Value",
    "Version",
    "Vocabulary",
    "dated",
    "dimensions",
    "has_counts",
    "has_series",
    "is_additive",
    "newest",
    "newest_with_history",
    "series_dimensions",
]
