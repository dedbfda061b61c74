"""Counts and series as CSV: the same rows as in JSON, complete, safe in spreadsheets, and at the same price."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import V2, dimensions
from api.ingest.load import load
from api.query import price
from api.rest.group_request import counts_query, series_query
from tests.rest.conftest import run
from tests.rest.test_export_cells import FORMULAS, TEXTS, is_safe

Row = dict[str, str]
CONTENT_TYPE = "text/csv; charset=utf-8; header=present"
COUNTS = [
    "by=kind&top=3",
    "by=kind&bucket=month&top=3",
    "bucket=day&time_zone=Europe/Kyiv",
    "bucket=day&fill=true&starts_at_gte=2022-03-01&starts_at_lt=2022-03-20",
    "by=place_id,kind&include=place",
    "by=citations.stance,citations.source_id&include=citations.source",
    "by=country&kind=shelling",
    "by=kind&country=AQ",
]


def rows(client: httpx2.Client, path: str) -> list[Row]:
    """Return the rows of a file."""
    answer = client.get(path).raise_for_status()
    assert answer.headers["content-type"] == CONTENT_TYPE
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def cell(value: Any) -> str:
    """Return a value of JSON as a cell shows it. The sample has no text that needs a guard."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def flat(group: dict[str, Any]) -> Row:
    """Return a group of JSON as a row has it."""
    row: Row = {}
    for name, value in group["key"].items():
        if name in ("place", "citations.source"):
            row |= {f"{name}_{key}": cell(part) for key, part in (value or {}).items()}
        else:
            row[name] = cell(value)
    return row | {name: cell(group[name]) for name in ("count", "low", "high")}


@pytest.mark.parametrize("query", COUNTS)
def test_a_file_of_counts_has_the_groups_of_the_json_and_the_records_of_none(client: httpx2.Client, query: str) -> None:
    answer = client.get(f"/v2/events/counts?{query}").raise_for_status().json()
    file = rows(client, f"/v2/events/counts.csv?{query}")
    groups = [row for row in file if row["part"] == "group"]
    expected = [{"part": "group"} | flat(group) for group in answer["data"]]
    assert [{name: value for name, value in row.items() if value} for row in groups] == [
        {name: value for name, value in row.items() if value} for row in expected
    ]
    others = {row["part"]: int(row["count"]) for row in file if row["part"] != "group"}
    numbers = {"rest": answer["rest"]["count"]} | answer["unplaced"]
    assert others == {name: count for name, count in numbers.items() if count}
    if answer["additive"]:
        assert sum(int(row["count"]) for row in file) == answer["total"]


def test_a_file_without_groups_has_its_header(client: httpx2.Client) -> None:
    answer = client.get("/v2/events/counts.csv?by=kind,place_id&bucket=year&include=place&country=AQ")
    header = "part,kind,place_id,place_name,place_country,place_latitude,place_longitude,place_geo_precision,bucket"
    assert answer.text == f"{header},count,low,high\r\n"


def test_a_file_of_series_has_their_points_and_those_of_envelopes(client: httpx2.Client) -> None:
    query = "by=source_id,population,series,basis&bucket=month&top=3"
    answer = client.get(f"/v2/figures/series?{query}").raise_for_status().json()
    file = rows(client, f"/v2/figures/series.csv?{query}")
    points = [row for row in file if row["part"] == "point"]
    expected = []
    for series in answer["data"]:
        for point in series["points"]:
            row = {name: cell(value) for name, value in series["key"].items()}
            row["not_additive"] = cell(series["not_additive"])
            row |= {f"last_{name}": cell(value) for name, value in point["last"].items()}
            expected.append(row | {name: cell(value) for name, value in point.items() if name != "last"})
    assert len(points) == len(expected) >= 3
    assert [{name: row[name] for name in other} for row, other in zip(points, expected, strict=True)] == expected
    envelopes = [row for row in file if row["part"] == "envelope"]
    expected = [
        {name: cell(value) for name, value in (envelope["key"] | point).items()}
        for envelope in answer["envelope"]
        for point in envelope["points"]
    ]
    assert [{name: row[name] for name in other} for row, other in zip(envelopes, expected, strict=True)] == expected
    others = {row["part"]: int(row["n"]) for row in file if row["part"] not in ("point", "envelope")}
    assert others == {"rest": answer["rest"]["figures"], "undated": answer["undated"]}
    assert all(others.values())


def test_every_list_is_counted_in_a_file_by_each_of_its_fields(client: httpx2.Client) -> None:
    for resource in V2.lists.values():
        for name in dimensions(V2, resource):
            path = f"/v2/{resource.plural}/counts"
            answer = client.get(f"{path}?by={name}&top=2000").raise_for_status().json()
            file = rows(client, f"{path}.csv?by={name}&top=2000")
            groups = [(cell(group["key"][name]), cell(group["count"])) for group in answer["data"]]
            assert [(row[name].removeprefix("'"), row["count"]) for row in file] == groups, (resource.name, name)


def test_a_file_is_named_and_begins_with_a_byte_order_mark_if_it_is_asked_for(client: httpx2.Client) -> None:
    for path, name in (("events/counts", "events-counts.csv"), ("figures/series", "figures-series.csv")):
        query = "by=status" if path.endswith("series") else "by=kind,status"
        query = "by=basis" if path.endswith("series") else query
        plain = client.get(f"/v2/{path}.csv?{query}").raise_for_status()
        assert plain.headers["content-disposition"] == f'attachment; filename="{name}"'
        marked = client.get(f"/v2/{path}.csv?{query}&bom=true").raise_for_status()
        assert marked.content == b"\xef\xbb\xbf" + plain.content
        assert plain.content.startswith(b"part,")


def test_a_file_is_kept_and_named_by_an_entity_tag_of_its_own(client: httpx2.Client) -> None:
    first = client.get("/v2/events/counts.csv?by=kind")
    again = client.get("/v2/events/counts.csv?by=kind", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    other = client.get("/v2/events/counts?by=kind", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200
    assert other.headers["content-type"] == "application/json"
    # The path names the format, whatever the client accepts.
    assert client.get("/v2/events/counts.csv?by=kind", headers={"accept": "application/json"}).text == first.text


def test_a_file_shows_what_was_known_then(client: httpx2.Client) -> None:
    edition = client.get("/v2/events/counts.csv?by=kind").headers["edition"]
    for path, query in (("events/counts", "by=kind"), ("figures/series", "by=source_id")):
        now = client.get(f"/v2/{path}.csv?{query}").raise_for_status()
        then = client.get(f"/v2/{path}.csv?{query}&known_at=e{edition}").raise_for_status()
        assert then.text == now.text
        assert then.headers["memento-datetime"]
        assert then.headers["content-disposition"]


def test_a_file_refuses_what_the_json_refuses_with_the_same_words(client: httpx2.Client) -> None:
    for path, query in (("events/counts", "by=kinds"), ("events/counts", ""), ("figures/series", "by=measure")):
        refusals = [client.get(f"/v2/{path}{end}?{query}") for end in ("", ".csv")]
        assert [refusal.status_code for refusal in refusals] == [400, 400]
        assert refusals[0].json()["errors"] == refusals[1].json()["errors"]
    assert client.get("/v2/events/counts?by=kind&bom=true").status_code == 400
    assert client.get("/v1/events/counts.csv").status_code == 404


def test_a_file_costs_what_the_json_costs() -> None:
    for query in ("by=kind", "by=country&kind=shelling&q=corridor", "bucket=day&quality=exact"):
        queries = [counts_query(V2, V2["event"], query.encode(), file=file) for file in (False, True)]
        assert price(queries[0]) == price(queries[1])
    queries = [series_query(V2, V2["figure"], b"by=source_id", file=file) for file in (False, True)]
    assert price(queries[0]) == price(queries[1])


@pytest.fixture(scope="module")
async def hostile(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    """A client of a service over places whose names some spreadsheet runs as a formula, with an event each."""
    url = await new_store()
    names = [text for text in (*FORMULAS, *TEXTS) if not set(text) & {"\n", "\t"}]
    lines: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        lines.append({"resource": "place", "dataset": "cells", "key": f"p{number}", "name": name})
        event = {"resource": "event", "dataset": "cells", "key": f"e{number}", "kind": "other", "title": "x"}
        lines.append(event | {"time_precision": "unknown", "status": "occurred", "place": f"p{number}"})
    file: Path = tmp_path_factory.mktemp("groups") / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


def test_no_cell_of_a_key_or_of_a_label_is_run_as_a_formula(hostile: httpx2.Client) -> None:
    by_name = rows(hostile, "/v2/places/counts.csv?by=name&top=2000")
    labels = rows(hostile, "/v2/events/counts.csv?by=place_id&include=place&top=2000")
    assert len(by_name) == len(labels) > 30
    for row in (*by_name, *labels):
        for value in row.values():
            assert is_safe(value), ascii(value)
    names = [group["key"]["name"] for group in hostile.get("/v2/places/counts?by=name&top=2000").json()["data"]]
    guarded = [row["name"] for row in by_name]
    assert [text in (name, f"'{name}") for text, name in zip(guarded, names, strict=True)] == [True] * len(names)
    assert sum(text.startswith("'") for text in guarded) > 15
