"""Texts are found and sorted by their letters: in either Unicode form, in both APIs, and in the order of people."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Literal
from unicodedata import normalize
from urllib.parse import quote

import httpx2
import pytest

from api.ingest.load import load
from tests.rest.conftest import run

FORMS = ("NFC", "NFD")
WORD = "Bogotá"
# The filters by free text: the list, the parameter in a URL, and the filter in GraphQL with its value.
FILTERS = [
    ("places", "name", {"name": {"in": [WORD]}}),
    ("places", "admin1", {"admin1": {"in": [WORD]}}),
    ("places", "identifier", {"identifiers": {"has": [{"scheme": "x", "value": WORD}]}}),
    ("events", "tag", {"tags": {"has": [WORD]}}),
    ("events", "identifier", {"identifiers": {"has": [{"scheme": "x", "value": WORD}]}}),
    ("events", "place.name", {"place": {"name": {"in": [WORD]}}}),
    ("events", "place.admin1", {"place": {"admin1": {"in": [WORD]}}}),
    ("figures", "population", {"population": {"in": [WORD]}}),
    ("figures", "unit", {"unit": {"in": [WORD]}}),
    ("figures", "series", {"series": {"in": [WORD]}}),
    ("sources", "identifier", {"identifiers": {"has": [{"scheme": "x", "value": WORD}]}}),
]
# In the order of the root collation; by code points, capitals come before small letters and accents after all of them.
SORTED = [
    "(unnamed hamlet)",
    "7th Street",
    "al-Bab",
    "Ávila",
    "Bogotá",
    "bogota bay",
    "Österreich",
    "Zürich",
    "Київ",
    "東京",
]


def records() -> Iterator[dict[str, Any]]:
    word, identifiers = normalize("NFD", WORD), [{"scheme": "x", "value": normalize("NFD", WORD)}]
    for name in SORTED:
        of_word = {"admin1": word, "identifiers": identifiers} if name == WORD else {}
        yield record("place", name, name=normalize("NFD", name), **of_word)
        of_word = {"identifiers": identifiers} if name == WORD else {}
        yield record("source", name, name=normalize("NFD", name), kind="other", **of_word)
    yield record("source", "unnamed", description="An unnamed source", kind="other")
    kind = {"kind": "other", "title": "t", "status": "occurred", "time_precision": "unknown"}
    yield record("event", "e", place=word, tags=[word], identifiers=identifiers, **kind)
    yield record("event", "other", **kind)
    yield record("figure", "f", measure="count", value=1, population=word, unit=word, series=word)
    yield record("figure", "other", measure="count", value=1, unit="items")


def record(resource: str, key: str, **fields: Any) -> dict[str, Any]:
    return {"resource": resource, "dataset": "t", "key": key, **fields}


@pytest.fixture(scope="module")
async def client(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    url = await new_store()
    file = tmp_path_factory.mktemp("forms") / "records.ndjson"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in records()), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


def ask(client: httpx2.Client, version: str, query: str, **variables: Any) -> Any:
    answer = client.post(f"/{version}/graphql", json={"query": query, "variables": variables})
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("plural", "parameter", "filter"), FILTERS, ids=lambda value: str(value)[:30])
def test_a_text_is_found_in_either_form(
    client: httpx2.Client, version: str, form: Any, plural: str, parameter: str, filter: dict[str, Any]
) -> None:
    value = normalize(form, f"x:{WORD}" if parameter == "identifier" else WORD)
    answer = client.get(f"/{version}/{plural}?{parameter}={quote(value)}")
    assert len(answer.json()["data"]) == 1, answer.text
    kind = plural.removesuffix("s").capitalize()
    query = f"query($f: {kind}Filter!) {{ {plural}(filter: $f) {{ nodes {{ id }} }} }}"
    variables = json.loads(normalize(form, json.dumps(filter, ensure_ascii=False)))
    data = ask(client, version, query, f=variables)
    assert [node["id"] for node in data[plural]["nodes"]] == [entry["id"] for entry in answer.json()["data"]]


@pytest.mark.parametrize("form", FORMS)
def test_a_cursor_belongs_to_the_list_in_either_form(client: httpx2.Client, form: Any) -> None:
    first = client.get("/v2/places", params={"name": [f"{normalize(form, WORD)},Zürich"], "limit": "1"}).json()
    other: Literal["NFC", "NFD"] = "NFD" if form == "NFC" else "NFC"
    cursor = first["page"]["next_cursor"]
    parameters = {"name": [f"{normalize(other, WORD)},Zürich"], "limit": "1", "cursor": cursor}
    assert len(client.get("/v2/places", params=parameters).json()["data"]) == 1


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("plural", ["places", "sources"])
@pytest.mark.parametrize("descending", [False, True])
def test_names_are_in_the_order_of_people(client: httpx2.Client, version: str, plural: str, descending: bool) -> None:
    expected: list[str | None] = [normalize("NFC", name) for name in SORTED[:: -1 if descending else 1]]
    expected += [None] if plural == "sources" else []
    sort = "-name" if descending else "name"
    whole = client.get(f"/{version}/{plural}?sort={sort}").json()["data"]
    assert [entry["name"] for entry in whole] == expected
    assert list(pages(client, f"/{version}/{plural}?sort={sort}&limit=3")) == expected
    exported_lines = client.get(f"/{version}/{plural}.ndjson?sort={sort}").text.splitlines()
    assert [json.loads(line)["name"] for line in exported_lines] == expected
    direction = "DESC" if descending else "ASC"
    order = f"orderBy: {{field: NAME, direction: {direction}}}"
    nodes = ask(client, version, f"{{ {plural}({order}, first: 50) {{ nodes {{ name }} }} }}")[plural]["nodes"]
    assert [node["name"] for node in nodes] == expected
    backward = f"{{ {plural}({order}, last: 4) {{ nodes {{ name }} }} }}"
    assert [node["name"] for node in ask(client, version, backward)[plural]["nodes"]] == expected[-4:]


def pages(client: httpx2.Client, path: str) -> Iterator[Any]:
    cursor = ""
    for _ in range(20):
        answer = client.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        yield from (entry["name"] for entry in answer["data"])
        cursor = answer["page"]["next_cursor"]
        if not cursor:
            return
    raise AssertionError("the pages do not end")


def test_a_cursor_of_an_earlier_order_is_not_valid(client: httpx2.Client) -> None:
    # In earlier cursors the key was the name itself.
    page = client.get("/v2/places?sort=name&limit=1").json()["page"]
    mark, _, tie = json.loads(decode_cursor(page["next_cursor"]))
    before = encoded([mark, "Bogotá", tie])
    answer = client.get(f"/v2/places?sort=name&limit=1&cursor={before}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")
    for key in ("\\x0", "\\xzz", "\\x" + "00" * 301, "", 5):
        answer = client.get(f"/v2/places?sort=name&cursor={encoded([mark, key, tie])}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor"), key
    assert client.get(f"/v2/places?sort=name&cursor={encoded([mark, chr(92) + 'x', tie])}").status_code == 200


def decode_cursor(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def encoded(parts: list[Any]) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
