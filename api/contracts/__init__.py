"""The contracts: what is committed under `openapi/`, what of it has been released, and the gate between the two.

A released contract changes by addition alone. What would break whoever holds it is refused here (`breaks.py`), with the
place, what broke and what to do instead; a released file that somebody edited is refused, too.
"""

from __future__ import annotations

from api.catalog import VERSIONS
from api.graphql import contract as graphql
from api.ingest import contract as ingest
from api.rest import contract as rest
from api.rest.access import contract as access


def contracts() -> dict[str, str]:
    """Every contract's text, by its file's name."""
    found = {"load.json": ingest.load_contract(), "admin.json": access.text()}
    for version in (one for one in VERSIONS.values() if one.lifecycle.status != "retired"):
        found[f"{version.name}.json"] = rest.text(version)
        found[f"{version.name}.graphql"] = graphql.text(version)
    return found
