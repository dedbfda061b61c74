"""BRIEFING_PUBLIC_URL makes every absolute URL, and a request's Host makes none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from api.catalog import V2
from api.ingest.load import load
from api.rest.contract import text
from api.settings import Settings
from tests.serving import serving

SAMPLE = Path(__file__).parents[2] / "api" / "sample"
PUBLIC = "https://example.org/briefing"


@pytest.fixture(scope="module")
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[httpx2.Client]:
    """A client of a service with a public address, which it calls by another name."""
    with serving(store, public_url=f"{PUBLIC}/") as server:
        headers = {"host": "evil.example"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers) as client:
            yield client


def test_the_contracts_name_it_as_their_server(client: httpx2.Client) -> None:
    document = client.get("/v2/openapi.json").json()
    assert [server["url"] for server in document["servers"]] == [PUBLIC]
    samples = [sample["source"] for sample in document["paths"]["/v2/events"]["get"]["x-codeSamples"]]
    assert all(PUBLIC in sample for sample in samples)
    assert "127.0.0.1" not in client.get("/v2/openapi.json").text


def test_links_and_problems_begin_with_the_public_url(client: httpx2.Client) -> None:
    answer = client.get("/v2/events?limit=1")
    assert answer.headers["link"].startswith(f"<{PUBLIC}/v2/events?limit=1&cursor=")
    problem = client.get("/v2/nothing").json()
    assert problem["type"] == f"{PUBLIC}/problems/not_found"
    malformed = client.get("/v2/events?" + "a" * 9000).json()
    assert malformed["type"] == f"{PUBLIC}/problems/uri_too_long"
    assert f"<{PUBLIC}/v2/datapackage.json>" in client.get("/v2/events.csv?limit=1").headers["link"]
    assert client.get("/v2/dataset.jsonld").json()["@id"] == f"{PUBLIC}/v2/dataset.jsonld"


def test_no_answer_repeats_the_host_of_a_request(client: httpx2.Client) -> None:
    for path in ("/", "/v2", "/versions", "/v2/events?limit=1", "/v2/openapi.json", "/v2/datapackage.json", "/nothing"):
        answer = client.get(path, headers={"accept": "text/html, */*"})
        assert "evil.example" not in answer.text
        assert all("evil.example" not in value for value in answer.headers.values())
    assert PUBLIC in client.get("/", headers={"accept": "text/html"}).text


def test_without_a_public_url_the_contract_is_the_committed_file() -> None:
    assert '"url": "/"' in text(V2)


@pytest.mark.parametrize(
    "value", ["example.org", "ftp://example.org", "https://", "https://a/b?c=d", "https://a b/", "//a"]
)
def test_an_invalid_address_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="expected http:// or https://"):
        Settings(public_url=value)
