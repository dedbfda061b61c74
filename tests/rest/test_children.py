"""Everything that belongs to a record can be read: in lists of its own, through both APIs, and in each export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import V2
from api.compiler import compile_query
from api.ingest.load import load
from api.query import price
from api.rest.request import list_query
from tests.rest.conftest import run
from tests.walking import bounded_walk

MANY = 60
LISTS = ("citations", "participants", "relations")
Record = dict[str, Any]


def citations(count: int) -> list[Record]:
    stances = ("asserts", "confirms", "denies")
    return [
        {"source": f"s{number % 7}", "stance": stances[number % 3], "statement": f"statement {number}"}
        | ({"excerpt": {"exact": f'"words" {number}', "prefix": "=1"}} if number % 2 else {})
        for number in range(count)
    ]


def records() -> list[Record]:
    def record(resource: str, key: str, **fields: Any) -> Record:
        return {"resource": resource, "dataset": "t", "key": key, **fields}

    event = {"kind": "other", "status": "occurred", "time_precision": "unknown"}
    participants = [{"name": f"party {number}", "role": "target"} for number in range(MANY)]
    relations = [{"event": f"e{number}", "relation": "follows"} for number in range(MANY)]
    others = {"participants": participants, "related": relations}
    return [
        *(record("source", f"s{number}", name=f"Source {number}", kind="outlet") for number in range(7)),
        *(record("event", f"e{number}", title=f"e{number}", **event) for number in range(MANY)),
        record("event", "many", title="many", citations=citations(MANY), **event, **others),
        record("event", "gone", title="gone", citations=citations(3), participants=participants[:2], **event),
        record("figure", "f", measure="count", unit="items", value=1, citations=citations(25)),
        record("quote", "q", text="words", quote_type="direct", speaker="s1", citations=citations(2)),
    ]  # fmt: skip


@pytest.fixture(scope="module")
async def client(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    url = await new_store()
    withdrawal = {"resource": "event", "dataset": "t", "key": "gone", "withdrawn": {"reason": "wrong"}}
    for number, part in enumerate((records(), [withdrawal])):
        file: Path = tmp_path_factory.mktemp("children") / f"{number}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in part), encoding="utf-8")
        await load([str(file)], url)
    with run(url) as client:
        yield client


@pytest.fixture(scope="module")
def ids(client: httpx2.Client) -> dict[str, str]:
    """The ids of the records that have children."""
    events = {record["title"]: record["id"] for record in client.get("/v2/events?limit=200").json()["data"]}
    figures, quotes = (client.get(f"/v2/{name}").json()["data"] for name in ("figures", "quotes"))
    return {"event": events["many"], "figure": figures[0]["id"], "quote": quotes[0]["id"]}


def read_pages(client: httpx2.Client, path: str, limit: int = 7) -> list[Record]:
    """Return all rows of a list, read page after page."""
    rows: list[Record] = []
    cursor = ""
    for _ in bounded_walk():
        answer = client.get(f"{path}limit={limit}{cursor}").raise_for_status().json()
        rows += answer["data"]
        if not answer["page"]["has_more"]:
            return rows
        cursor = f"&cursor={answer['page']['next_cursor']}"
    raise AssertionError


def places(rows: list[Record]) -> list[tuple[str, int]]:
    return [(row["record_id"], row["position"]) for row in rows]


def test_every_citation_of_a_record_is_listed_in_order(client: httpx2.Client, ids: dict[str, str]) -> None:
    for kind, count in (("event", MANY), ("figure", 25), ("quote", 2)):
        for name in (f"{kind}_id", "record_id"):
            rows = read_pages(client, f"/v2/citations?{name}={ids[kind]}&")
            assert places(rows) == [(ids[kind], number) for number in range(count)]
            assert [row["statement"] for row in rows] == [f"statement {number}" for number in range(count)]


def test_every_participant_and_relation_of_an_event_is_listed_in_order(
    client: httpx2.Client, ids: dict[str, str]
) -> None:
    participants = read_pages(client, f"/v2/participants?event_id={ids['event']}&")
    assert [participant["name"] for participant in participants] == [f"party {number}" for number in range(MANY)]
    relations = read_pages(client, f"/v2/relations?record_id={ids['event']}&")
    assert places(relations) == [(ids["event"], number) for number in range(MANY)]
    other = relations[3]["event_id"]
    assert read_pages(client, f"/v2/relations?event_id={other}&") == [relations[3]]


@pytest.mark.parametrize("plural", LISTS)
@pytest.mark.parametrize("sort", ["record_id", "-record_id"])
def test_a_list_holds_the_children_of_all_records_but_those_withdrawn(
    client: httpx2.Client, ids: dict[str, str], plural: str, sort: str
) -> None:
    counts = {"citations": {"event": MANY, "figure": 25, "quote": 2}}.get(plural, {"event": MANY})
    expected = sorted((ids[kind], number) for kind, count in counts.items() for number in range(count))
    rows = read_pages(client, f"/v2/{plural}?sort={sort}&")
    assert places(rows) == (expected if sort == "record_id" else expected[::-1])
    page = client.get(f"/v2/{plural}?count=exact&limit=1").json()["page"]
    assert page["total"] == len(expected)


def test_lists_of_children_have_filters_and_includes(client: httpx2.Client, ids: dict[str, str]) -> None:
    rows = read_pages(client, f"/v2/citations?event_id={ids['event']}&stance=denies&include=source&")
    assert [row["position"] for row in rows] == list(range(2, MANY, 3))
    assert {row["source"]["name"] for row in rows} == {f"Source {number}" for number in range(7)}
    few = read_pages(client, f"/v2/citations?source_id={rows[0]['source_id']}&stance=denies&")
    assert few and {row["source_id"] for row in few} == {rows[0]["source_id"]}
    assert read_pages(client, f"/v2/citations?event_id={ids['event']}&figure_id={ids['figure']}&") == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("event_id=evt_1", "event_id"), ("record_id=x", "record_id"), ("sort=position", "sort"), ("q=x", "q")],
)
def test_unknown_parameters_of_a_list_of_children_are_refused(
    client: httpx2.Client, query: str, parameter: str
) -> None:
    answer = client.get(f"/v2/citations?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, parameter)


def test_children_have_no_paths_and_version_1_does_not_list_them(client: httpx2.Client) -> None:
    assert client.get("/v2/citations/evt_1").status_code == 404
    assert client.get("/v1/citations").status_code == 404


def test_embedded_children_say_nothing_of_their_record(client: httpx2.Client, ids: dict[str, str]) -> None:
    event = client.get(f"/v2/events/{ids['event']}").json()["data"]
    for name in ("citations", "participants", "related"):
        assert event[name]["has_more"] and len(event[name]["data"]) == 20
        assert not {"record_id", "position"} & event[name]["data"][0].keys()
    parameters = client.get("/v2/openapi.json").json()["components"]["parameters"]
    assert not [parameter for parameter in parameters if parameter.startswith("events.citations.record_id")]


def ask_graphql(client: httpx2.Client, query: str) -> Any:
    answer = client.post("/v2/graphql", json={"query": query}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_graphql_lists_them_forwards_and_backwards(client: httpx2.Client, ids: dict[str, str]) -> None:
    filter = f'filter: {{eventId: {{in: ["{ids["event"]}"]}}}}'
    positions: list[int] = []
    after = ""
    for _ in bounded_walk():
        page = ask_graphql(
            client,
            f"{{ citations({filter}, first: 25{after}) {{"
            " nodes { recordId position statement source { name } } pageInfo { hasNextPage endCursor } totalCount } }",
        )["citations"]
        positions += [node["position"] for node in page["nodes"]]
        assert page["totalCount"] == MANY
        assert {node["recordId"] for node in page["nodes"]} == {ids["event"]}
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert positions == list(range(MANY))
    last = ask_graphql(client, f"{{ citations({filter}, last: 3) {{ edges {{ cursor node {{ position }} }} }} }}")
    edges = last["citations"]["edges"]
    assert [edge["node"]["position"] for edge in edges] == [MANY - 3, MANY - 2, MANY - 1]
    way = f'last: 2, before: "{edges[0]["cursor"]}"'
    before = ask_graphql(client, f"{{ citations({filter}, {way}) {{ nodes {{ position }} }} }}")
    assert [node["position"] for node in before["citations"]["nodes"]] == [MANY - 5, MANY - 4]
    of_record = filter.replace("eventId", "recordId")
    others = ask_graphql(
        client,
        f"{{ participants({filter}, first: 200) {{ nodes {{ name }} }}"
        f" relations({of_record}, first: 200) {{ nodes {{ event {{ title }} }} }} }}",
    )
    assert [node["name"] for node in others["participants"]["nodes"]] == [f"party {number}" for number in range(MANY)]
    assert [node["event"]["title"] for node in others["relations"]["nodes"]] == [f"e{number}" for number in range(MANY)]


def test_a_cursor_of_one_api_goes_on_in_the_other(client: httpx2.Client, ids: dict[str, str]) -> None:
    page = client.get(f"/v2/citations?event_id={ids['event']}&limit=10").json()["page"]
    query = f'filter: {{eventId: {{in: ["{ids["event"]}"]}}}}, first: 2, after: "{page["next_cursor"]}"'
    nodes = ask_graphql(client, f"{{ citations({query}) {{ nodes {{ position }} }} }}")["citations"]["nodes"]
    assert [node["position"] for node in nodes] == [10, 11]


@pytest.mark.parametrize("cursor", ["WyJ4Iiwi", "bnVsbA", "W10"])
def test_an_invalid_cursor_is_refused(client: httpx2.Client, cursor: str) -> None:
    answer = client.get(f"/v2/citations?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_exports_of_records_contain_all_children(client: httpx2.Client, ids: dict[str, str], version: str) -> None:
    lines = client.get(f"/{version}/events.ndjson?ids={ids['event']}").text.splitlines()
    features = client.get(f"/{version}/events.geojson?ids={ids['event']}").json()["features"]
    (event,) = map(json.loads, lines)
    for record in (event, features[0]["properties"]):
        for name in ("citations", "participants", "related"):
            assert len(record[name]["data"]) == MANY and record[name]["has_more"] is False
    (row,) = csv.DictReader(io.StringIO(client.get(f"/{version}/events.csv?ids={ids['event']}").text))
    assert len(row["citations.stance"].split("|")) == MANY
    (figure,) = map(json.loads, client.get(f"/{version}/figures.ndjson").text.splitlines())
    assert len(figure["citations"]["data"]) == 25


def test_children_are_exported_flat(client: httpx2.Client) -> None:
    citations = read_pages(client, "/v2/citations?", limit=200)
    lines = client.get("/v2/citations.ndjson").text.splitlines()
    assert [json.loads(line) for line in lines] == citations
    rows = list(csv.DictReader(io.StringIO(client.get("/v2/citations.csv").text, newline=""), strict=True))
    assert [(row["record_id"], int(row["position"])) for row in rows] == places(citations)
    for row, record in zip(rows, citations, strict=True):
        assert row["statement"] == record["statement"]
        excerpt = record["excerpt"] or {"exact": "", "prefix": ""}
        prefix = f"'{excerpt['prefix']}" if excerpt["prefix"] else ""
        assert (row["excerpt.exact"], row["excerpt.prefix"]) == (excerpt["exact"], prefix)
    for plural in ("participants", "relations"):
        rows = list(csv.DictReader(io.StringIO(client.get(f"/v2/{plural}.csv").text)))
        assert [(row["record_id"], int(row["position"])) for row in rows] == places(
            read_pages(client, f"/v2/{plural}?")
        )


def test_a_list_of_children_costs_a_point_a_row_and_changes_with_its_records() -> None:
    query = list_query(V2, V2["citation"], b"limit=20&event_id=evt_" + b"0" * 26)
    assert price(query) == 20
    assert compile_query(query).reads == ("event", "figure", "quote")
    assert compile_query(list_query(V2, V2["participant"], b"")).reads == ("event",)
    query_with_include = list_query(V2, V2["citation"], b"limit=20&include=source")
    assert price(query_with_include) == 40
