"""What each version offers, declared once: resources, their fields, links and filters.

REST parameters, OpenAPI schemas, GraphQL types, the load format and the compiler are all derived from these
declarations. A new filter is one line here; a new field is a column in the version's view and one line here.
Nothing is rejected at this level, but a declaration that contradicts itself fails when it is imported.
"""

from api.catalog.declaration import Condition, Field, Group, Link, Resource, Value
from api.catalog.lifecycle import Lifecycle, Outdated
from api.catalog.v1 import V1
from api.catalog.v2 import V2
from api.catalog.version import Version
from api.model.types import Vocabulary

VERSIONS: dict[str, Version] = {one.name: one for one in (V1, V2)}

__all__ = [
    "V1",
    "V2",
    "VERSIONS",
    "Condition",
    "Field",
    "Group",
    "Lifecycle",
    "Link",
    "Outdated",
    "Resource",
    "Value",
    "Version",
    "Vocabulary",
]
