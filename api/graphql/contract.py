"""The GraphQL contract of a version, in the schema definition language."""

from __future__ import annotations

from api.catalog import Version
from api.graphql.schema import schema


def text(version: Version) -> str:
    """The SDL, with descriptions, as it is committed."""
    return schema(version).as_str() + "\n"
