"""A key in the wrong place of a request is refused like any other text there, and not repeated."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from api.access import key

# Not random, because the names of the tests would differ between processes.
RANDOM = "bak_live_7Hq2mV9xKc4TzR8wLd3NbY6fJ1sGpE"
KEY = f"{RANDOM}_{key.checksum(RANDOM)}"
REST = ("/v1/events", "/v1/events/evt_" + "0" * 26, "/v1/events.csv")
ROOT = Path(__file__).parents[1]
NAMES = ("api_key", "key", "access_token", "X-API-Key", "authorization")


@pytest.mark.parametrize("path", REST)
@pytest.mark.parametrize("name", NAMES)
def test_a_key_in_a_url_is_an_unknown_parameter_and_not_repeated(service_url: str, path: str, name: str) -> None:
    answer = httpx2.get(f"{service_url}{path}", params={name: KEY})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert name in answer.text and KEY not in answer.text and KEY not in str(answer.headers)


@pytest.mark.parametrize("name", NAMES)
def test_a_key_in_the_url_of_a_graphql_request_is_not_repeated(service_url: str, name: str) -> None:
    answer = httpx2.get(f"{service_url}/v1/graphql", params={"query": "{ events { totalCount } }", name: KEY})
    assert answer.status_code == 400
    assert name in answer.text and KEY not in answer.text and KEY not in str(answer.headers)


@pytest.mark.parametrize("name", NAMES)
def test_a_key_in_a_graphql_body_is_not_repeated(service_url: str, name: str) -> None:
    for body in (
        {"query": "{ events { totalCount } }", name: KEY},
        {"query": "{ nothing }", "extensions": {name: KEY}},
    ):
        answer = httpx2.post(f"{service_url}/v1/graphql", json=body)
        assert KEY not in answer.text and KEY not in str(answer.headers), json.dumps(answer.json())


def test_a_key_in_place_of_a_parameter_is_not_repeated(service_url: str) -> None:
    for path in (*REST, "/v1/graphql"):
        answer = httpx2.get(f"{service_url}{path}?{KEY}")
        assert answer.status_code == 400 and KEY not in answer.text
        answer = httpx2.get(f"{service_url}{path}?{KEY}=1")
        assert answer.status_code == 400 and KEY not in answer.text


@pytest.mark.parametrize("query", ["kind", "starts_at_gte", "cursor", "include", "sort", "near", "limit", "place_id"])
def test_a_key_as_a_value_is_not_repeated(service_url: str, query: str) -> None:
    answer = httpx2.get(f"{service_url}/v1/events", params={query: KEY})
    assert answer.status_code == 400, answer.text
    assert KEY[9:25] not in answer.text


def test_a_key_in_a_path_is_not_repeated(service_url: str) -> None:
    for path in (f"/{KEY}", f"/v1/{KEY}", f"/v1/events/{KEY}", f"/problems/{KEY}"):
        answer = httpx2.get(f"{service_url}{path}")
        assert answer.status_code in (400, 404)
        assert KEY[9:25] not in answer.text


@pytest.mark.parametrize(
    "query", [f"{{ {KEY} }}", f'{{ node(id: "{KEY}") {{ id }} }}', f'{{ events(after: "{KEY}") }}', KEY]
)
def test_a_key_in_a_graphql_document_is_not_repeated(service_url: str, query: str) -> None:
    for body in ({"query": query}, {"query": "query A { __typename }", "operationName": KEY}):
        answer = httpx2.post(f"{service_url}/v1/graphql", json=body)
        assert answer.json()["errors"] and KEY[9:25] not in answer.text


SECRET = KEY.partition("_live_")[2]


def test_a_key_without_its_prefix_is_not_repeated(service_url: str) -> None:
    """A key that was pasted without `bak_live_` is still a secret, because the prefix is no part of the secret."""
    for path in (f"/v1/events?{SECRET}=1", f"/v1/events?kind={SECRET}", f"/v1/{SECRET}", f"/v1/events/{SECRET}"):
        answer = httpx2.get(f"{service_url}{path}")
        assert answer.status_code in (400, 404) and SECRET[:30] not in answer.text + str(answer.headers)
    answer = httpx2.post(f"{service_url}/v1/graphql", json={"query": "{ a" + SECRET + " }"})
    assert answer.json()["errors"] and SECRET[:30] not in answer.text
    answer = httpx2.get(f"{service_url}/v1/events", headers={"authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 401 and SECRET[:30] not in answer.text


@pytest.mark.parametrize("secret", [KEY, SECRET])
def test_a_key_is_no_request_id_and_in_no_link(service_url: str, secret: str) -> None:
    answer = httpx2.get(f"{service_url}/v1/events?limit=1", headers={"x-request-id": secret})
    assert answer.status_code == 200 and secret[-30:] not in str(answer.headers)
    for query in (f"limit=1&q={secret} or war", f"limit=1&q=war or %{ord(secret[0]):x}{secret[1:]}"):
        answer = httpx2.get(f"{service_url}/v1/events?{query}")
        assert answer.json()["page"]["has_more"]
        assert "link" not in answer.headers and secret[-30:] not in str(answer.headers)
    assert "link" in httpx2.get(f"{service_url}/v1/events?limit=1&q=war").headers


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_key_is_in_no_line_of_the_log(format: str) -> None:
    """The log hides keys in messages, values and tracebacks, written by structlog or by the standard library."""
    program = f"""
import logging
import structlog
from api.logs import configure
from api.settings import Settings
configure(Settings(log_format={format!r}))
structlog.get_logger("briefing").warning("sent {SECRET}", more=["{SECRET}"], path="/v1/{SECRET}")
structlog.get_logger("briefing").warning("sent {KEY}", path="/v1/{KEY}", more={{"deep": ["{KEY}"]}})
logging.getLogger("uvicorn").error("sent %s", "{KEY}")
try:
    raise ValueError("{KEY}")
except ValueError:
    structlog.get_logger("briefing").exception("it failed")
    logging.getLogger("uvicorn").exception("it failed")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("bak_…") + result.stderr.count("bak_\\u2026") >= 9
    assert KEY[9:25] not in result.stderr
