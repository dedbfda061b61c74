"""Who opens the address that the service prints finds the way."""

from __future__ import annotations

import httpx2


def test_every_link_of_the_index_leads_somewhere(served: str) -> None:
    index = httpx2.get(f"{served}/").json()
    version = index["versions"]["v1"]
    assert version == httpx2.get(f"{served}/v1").json()
    assert len(version["lists"]) == 7
    for path in [*version["lists"].values(), version["openapi"], index["health"], index["ready"]]:
        assert httpx2.get(served + path).status_code == 200, path
