"""The contracts that are committed under `openapi/`: each by its file's name."""

from __future__ import annotations

from api.catalog import VERSIONS
from api.graphql import contract as graphql
from api.ingest import contract as ingest
from api.rest import contract as rest
from api.rest.access import contract as access


def contracts() -> dict[str, str]:
    """Every contract's text."""
    found = {"load.json": ingest.load_contract(), "admin.json": access.text()}
    for version in (one for one in VERSIONS.values() if one.lifecycle.status != "retired"):
        found[f"{version.name}.json"] = rest.text(version)
        found[f"{version.name}.graphql"] = graphql.text(version)
    return found
