"""Subjects of events, quotes and briefings: version 2 shows them and filters by them, and version 1 has none."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest

from api.ingest.load import load
from api.store.migrate import migrate
from tests.rest.conftest import run

WAR = {"scheme": "medtop", "code": "16000000", "label": "conflict, war and peace"}
POLITICS = {"scheme": "medtop", "code": "11000000"}
OTHER = {"scheme": "desk", "code": "a:b|c", "label": 'The "desk"'}
Record = dict[str, Any]


def record(resource: str, key: str, **fields: Any) -> Record:
    return {"resource": resource, "dataset": "s", "key": key, **fields}


def records() -> list[Record]:
    event = {"kind": "other", "status": "occurred", "time_precision": "unknown", "briefing": "b"}
    quote = {"text": "words", "quote_type": "direct", "speaker": "s", "citations": [{"source": "s"}]}
    return [
        record("source", "s", name="S", kind="person"),
        record("briefing", "b", title="b", language="en", published_at="2022-03-06T00:00:00Z", subjects=[WAR]),
        record("event", "both", title="both", subjects=[POLITICS, WAR], **event),
        record("event", "other", title="other", subjects=[OTHER], **event),
        record("event", "none", title="none", **event),
        record("quote", "q", event="both", subjects=[POLITICS], **quote),
    ]


@pytest.fixture(scope="module")
async def client(
    fresh_database: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    url = await fresh_database()
    await migrate(url)
    file = tmp_path_factory.mktemp("subjects") / "subjects.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in records()), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


def titles(client: httpx2.Client, query: str) -> list[str]:
    data = client.get(f"/v2/events?{query}").raise_for_status().json()["data"]
    return sorted(event["title"] for event in data)


def ask_graphql(client: httpx2.Client, document: str) -> Any:
    answer = client.post("/v2/graphql", json={"query": document}).raise_for_status().json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_records_show_their_subjects_in_order(client: httpx2.Client) -> None:
    subjects = {event["title"]: event["subjects"] for event in client.get("/v2/events").json()["data"]}
    assert subjects == {"both": [POLITICS | {"label": None}, WAR], "other": [OTHER], "none": []}
    assert client.get("/v2/quotes").json()["data"][0]["subjects"] == [POLITICS | {"label": None}]
    assert client.get("/v2/briefings").json()["data"][0]["subjects"] == [WAR]
    data = ask_graphql(client, "{ events { nodes { title subjects { scheme code label } } } }")
    assert {node["title"]: node["subjects"] for node in data["events"]["nodes"]} == subjects


@pytest.mark.parametrize("plural", ["events", "quotes", "briefings"])
def test_version_1_has_no_subjects(client: httpx2.Client, plural: str) -> None:
    assert "subjects" not in client.get(f"/v1/{plural}").json()["data"][0]
    assert client.get(f"/v1/{plural}?subject=medtop:16000000").status_code == 400
    assert "subjects" not in client.get(f"/v1/{plural}.csv").text.splitlines()[0]


@pytest.mark.parametrize(
    ("query", "filter", "expected"),
    [
        ("subject=medtop:16000000", '{scheme: "medtop", code: "16000000"}', ["both"]),
        (
            "subject=medtop:16000000,desk:a:b|c",
            '[{scheme: "medtop", code: "16000000"}, {scheme: "desk", code: "a:b|c"}]',
            ["both", "other"],
        ),
        ("subject=medtop:1600000", '{scheme: "medtop", code: "1600000"}', []),
    ],
)
def test_lists_are_filtered_by_subjects(client: httpx2.Client, query: str, filter: str, expected: list[str]) -> None:
    assert titles(client, query) == expected
    data = ask_graphql(client, f"{{ events(filter: {{subjects: {{has: {filter}}}}}) {{ nodes {{ title }} }} }}")
    assert sorted(node["title"] for node in data["events"]["nodes"]) == expected


def test_filters_by_subjects_look_through_links(client: httpx2.Client) -> None:
    assert titles(client, "quotes.subject=medtop:11000000") == ["both"]
    assert titles(client, "briefing.subject=medtop:16000000") == ["both", "none", "other"]
    assert titles(client, "briefing.subject=medtop:11000000") == []


@pytest.mark.parametrize("value", ["16000000", "medtop:", ":16000000"])
def test_a_subject_without_scheme_or_code_is_refused(client: httpx2.Client, value: str) -> None:
    assert client.get(f"/v2/events?subject={value}").status_code == 400


def test_a_scheme_with_a_colon_is_refused(client: httpx2.Client) -> None:
    document = '{ events(filter: {subjects: {has: {scheme: "a:b", code: "c"}}}) { nodes { id } } }'
    errors = client.post("/v2/graphql", json={"query": document}).json()["errors"]
    assert "scheme without a colon" in errors[0]["message"]


def test_tables_have_subjects_after_the_earlier_columns(client: httpx2.Client) -> None:
    text = client.get("/v2/events.csv").text
    header = text.splitlines()[0].split(",")
    assert header.index("subjects") > header.index("citations.blames_id")
    rows = {row["title"]: row["subjects"] for row in csv.DictReader(io.StringIO(text))}
    assert rows == {
        "both": "medtop:11000000|medtop:16000000:conflict, war and peace",
        "other": 'desk:a:b\\|c:The "desk"',
        "none": "",
    }
