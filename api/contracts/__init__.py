"""The contracts: the files committed under `openapi/`, their released copies, and the gate between the two.

A released contract changes by additions. A change that would break its clients is refused here (`breaks.py`), with its
place, what it breaks and what to do instead, unless it is a listed correction (`corrections.py`). A released file that
was edited by hand is refused, too.
"""

from __future__ import annotations

from api.catalog import VERSIONS
from api.graphql import contract as graphql
from api.ingest import contract as ingest
from api.rest import contract as rest
from api.rest.access import contract as access


def contracts() -> dict[str, str]:
    """Return the text of every contract, by the name of its file."""
    texts = {"load.json": ingest.load_contract(), "admin.json": access.text()}
    for version in VERSIONS.values():
        if version.lifecycle.status == "retired":
            continue
        texts[f"{version.name}.json"] = rest.text(version)
        texts[f"{version.name}.graphql"] = graphql.text(version)
    return texts
