"""The index at the address that the service prints: its links lead on, and programs get JSON."""

from __future__ import annotations

import httpx2
import pytest

from api.catalog import VERSIONS
from api.contracts import contracts


def test_every_link_of_the_index_leads_somewhere(service_url: str) -> None:
    index = httpx2.get(f"{service_url}/").json()
    version = index["versions"]["v1"]
    assert version == httpx2.get(f"{service_url}/v1").json()
    assert len(version["lists"]) == 7
    own = [version["openapi"], version["schema"], version["docs"]]
    for path in [*version["lists"].values(), *own, index["health"], index["ready"], index["docs"]]:
        assert httpx2.get(service_url + path).status_code == 200, path


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", "text/*;q=0.1, */*"])
def test_clients_other_than_browsers_get_json(client: httpx2.Client, accept: str) -> None:
    answer = client.get("/", headers={"accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert "accept" in answer.headers["vary"]
    assert set(answer.json()["versions"]) == set(VERSIONS)


@pytest.mark.parametrize("name", VERSIONS)
def test_the_schema_is_served_as_committed(browser: httpx2.Client, name: str) -> None:
    answer = browser.get(f"/{name}/schema.graphql")
    assert (answer.status_code, answer.text) == (200, contracts()[f"{name}.graphql"])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    again = browser.get(f"/{name}/schema.graphql", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
