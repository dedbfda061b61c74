"""Whole lists as files: the same records as the pages have, in formats that other programs read."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import V1, Resource
from api.ingest.load import load
from api.query import cells
from api.rest.formats import FORMATS, offered
from tests.rest.conftest import run
from tests.walking import bounded_walk

RESOURCES = list(V1.resources.values())
NO_EVENT = f"evt_{'0' * 26}"
FILES = [(resource, form.name) for resource in RESOURCES for form in offered(V1, resource)]
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
each_file = pytest.mark.parametrize(("resource", "form"), FILES, ids=lambda value: getattr(value, "name", value))
# Filters and sorts: a key that some records lack, in both directions; a link, a search, and a place.
REQUESTS = [
    "/v1/events?status=occurred",
    "/v1/events?sort=starts_at",
    "/v1/events?sort=-ends_at&kind=shelling,evacuation",
    "/v1/events?sort=ends_at",
    "/v1/events?q=civilians&sort=relevance",
    "/v1/events?citations.stance=denies",
    "/v1/events?bbox=22,44,41,53",
    "/v1/figures?measure=killed&sort=value",
    "/v1/figures?sort=as_of",
    "/v1/quotes?speaker.kind=person",
    "/v1/sources?sort=name",
    "/v1/places?near=50.45,30.52,150",
]
TRICKY = {
    "formula": '=HYPERLINK("http://example.org";"click")',
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "number": "-42.5",
    "at": "@SUM(1)",
    "tab": "\t=1",
    "quoted": 'He said "no", twice',
    "lines": "first\nsecond, third",
    "unicode": "Маріуполь 🕊 日本 ‘’",
    "separators": "one\u2028two\u2029three\u0085four\\\\u2028",
    "bar": "a|b",
}


@pytest.fixture(scope="module")
async def tricky(new_store: Callable[[], Awaitable[str]], tmp_path_factory: Any) -> AsyncIterator[httpx2.Client]:
    """A client of a service over sources and places whose texts are hard to write."""
    url = await new_store()
    lines: list[dict[str, Any]] = [
        {"resource": "source", "dataset": "t", "key": key, "description": text, "kind": "other", "aliases": [text, "b"]}
        for key, text in TRICKY.items()
    ]
    for number, (latitude, longitude) in enumerate(((-33.5, 151.25), (0, -180), (None, None))):
        place = {"resource": "place", "dataset": "t", "key": f"p{number}", "name": f"Place\u2028one {number}"}
        lines.append(place | ({} if latitude is None else {"latitude": latitude, "longitude": longitude}))
    file: Path = tmp_path_factory.mktemp("tricky") / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


@pytest.mark.parametrize("request_", REQUESTS)
def test_an_export_has_the_records_of_all_pages_in_their_order(client: httpx2.Client, request_: str) -> None:
    expected = read_pages(client, f"{request_}&limit=7")
    path, _, query = request_.partition("?")
    lines = client.get(f"{path}.ndjson?{query}").text.splitlines()
    assert [json.loads(line) for line in lines] == expected
    assert [row["id"] for row in table(client.get(f"{path}.csv?{query}"))] == [record["id"] for record in expected]


@each_resource
def test_every_resource_is_exported_as_it_is_listed(client: httpx2.Client, resource: Resource) -> None:
    expected = read_pages(client, f"/v1/{resource.plural}?limit=200")
    answer = client.get(f"/v1/{resource.plural}.ndjson")
    assert [json.loads(line) for line in answer.text.splitlines()] == expected
    rows = table(client.get(f"/v1/{resource.plural}.csv"))
    assert rows == [flat(resource, record) for record in expected]


@each_file
def test_an_empty_export_is_a_whole_file(client: httpx2.Client, resource: Resource, form: str) -> None:
    answer = client.get(f"/v1/{resource.plural}.{form}?ids={resource.prefix}_{'0' * 26}")
    assert answer.status_code == 200
    if form == "csv":
        assert answer.text == ",".join(cell.name for cell in cells(V1, resource)) + "\r\n"
    elif form == "geojson":
        assert answer.json() == {"type": "FeatureCollection", "features": []}
    else:
        assert answer.content == b""


@each_file
def test_a_file_has_a_name_and_the_headers_of_every_answer(
    client: httpx2.Client, resource: Resource, form: str
) -> None:
    answer = client.get(f"/v1/{resource.plural}.{form}", headers={"X-Request-Id": "mine"})
    assert answer.headers["content-type"].partition(";")[0] == FORMATS[form].media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{resource.plural}.{form}"'
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server-timing" in answer.headers


def test_limit_takes_any_size_and_is_exact(client: httpx2.Client) -> None:
    whole = client.get("/v1/sources.ndjson").text.splitlines()
    for sort in ("id", "name", "-name"):
        assert len(client.get(f"/v1/sources.ndjson?limit=3&sort={sort}").text.splitlines()) == 3
    assert len(client.get("/v1/sources.ndjson?limit=1000000").text.splitlines()) == len(whole)


@pytest.mark.parametrize("name", ["cursor=x", "count=exact", "include=place", "limit=0", "limit=x", "knd=clash"])
def test_unknown_parameters_of_an_export_are_refused(client: httpx2.Client, name: str) -> None:
    answer = client.get(f"/v1/events.csv?{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["parameter"] for error in answer.json()["errors"]] == [name.partition("=")[0]]
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/v1/events.csv", "*/*"),
        ("/v2/events.csv", "*/*"),
        ("/v2/events.geojson", "*/*"),
        ("/v2/events.parquet", "*/*"),
        ("/v2/events", "text/csv"),
    ],
)
def test_links_of_other_formats_are_refused_with_the_way_to_ndjson(
    client: httpx2.Client, path: str, accept: str
) -> None:
    answer = client.get(f"{path}?include=figures", headers={"Accept": accept})
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    instead = f"{path[:3]}/events.ndjson"
    assert fault["parameter"] == "include"
    assert fault["detail"].endswith(f"Only NDJSON has linked records: request {instead} with include.")
    assert client.get(f"{instead}?include=figures").status_code == 200


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/v2/events.ndjson?include=figures.event.place", "goes deeper than 2 links"),
        ("/v2/events.ndjson?include=figurs", "'figurs' is no link of events"),
        ("/v2/places.ndjson?include=events,x", "'x' is no link of places"),
        ("/v2/withdrawals.ndjson?include=event", "There is no such parameter here."),
    ],
)
def test_links_that_a_list_refuses_an_export_refuses(client: httpx2.Client, path: str, detail: str) -> None:
    answer = client.get(path)
    listed = client.get(path.replace(".ndjson", ""))
    assert (answer.status_code, listed.status_code) == (400, 400)
    assert answer.json()["errors"] == listed.json()["errors"]
    assert detail in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/events?offset=50", "Pages go on with cursor"),
        ("/v1/events?page=2", "Pages go on with cursor"),
        ("/v1/events?order=desc", "is asked for with sort"),
        ("/v1/events?per_page=5", "is asked for with limit"),
        ("/v1/events?search=x", "is asked for with q"),
        ("/v1/events?knd=x", "Did you mean kind?"),
        ("/v1/events.csv?order=desc", "is asked for with sort"),
        ("/v1/events.csv?offset=50", "no such parameter here."),
    ],
)
def test_parameters_named_as_in_other_apis_get_a_suggestion(client: httpx2.Client, path: str, expected: str) -> None:
    (fault,) = client.get(path).json()["errors"]
    assert expected in fault["detail"]
    assert ("cursor" in expected) is ("cursor" in fault["detail"])


@pytest.mark.parametrize("accept", ["*/*", "text/*, */*;q=0.1", "application/*"])
def test_a_wildcard_means_a_page(client: httpx2.Client, accept: str) -> None:
    assert client.get("/v1/events", headers={"Accept": accept}).json()["page"]


def test_whom_citations_blame_stands_beside_their_stance(client: httpx2.Client) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/events.csv").text)))
    cells = [(row["citations.stance"].split("|"), row["citations.blames_id"].split("|")) for row in rows]
    assert any("blames" in stances for stances, _ in cells)
    for stances, blames in cells:
        assert [stance == "blames" for stance in stances] == [bool(name) for name in blames]


@each_file
def test_accept_on_the_list_gives_the_same_file(client: httpx2.Client, resource: Resource, form: str) -> None:
    path = f"/v1/{resource.plural}"
    response = client.get(f"{path}?limit=500", headers={"Accept": f"{FORMATS[form].media_type}, */*;q=0.1"})
    assert response.content == client.get(f"{path}.{form}").content
    assert client.get(path, headers={"Accept": "application/json, text/csv;q=0.5"}).json()["page"]


def test_an_unsupported_media_type_is_not_acceptable(client: httpx2.Client) -> None:
    for path, accept in (
        ("/v1/events", "text/html"),
        ("/v1/events", "application/json;q=0, */*"),
        ("/v1/sources", "application/geo+json"),
    ):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert client.get("/v1/sources.geojson").status_code == 404


@pytest.mark.parametrize("accept", ["application/problem+json", "application/json", "text/html", "nonsense"])
def test_a_path_that_names_a_format_ignores_accept(client: httpx2.Client, accept: str) -> None:
    answer = client.get("/v1/events.csv?limit=1", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv;")


@each_file
def test_head_and_options_are_as_for_lists(client: httpx2.Client, resource: Resource, form: str) -> None:
    path = f"/v1/{resource.plural}.{form}"
    get_answer, head = client.get(path), client.head(path)
    # The edition is known only when the records are read, so a HEAD may leave it out (RFC 9110, 9.3.2).
    changing = ("date", "edition", "ratelimit-cost", "server-timing", "transfer-encoding", "x-request-id")
    assert (head.status_code, head.content) == (200, b"")
    headers = [{k: v for k, v in response.headers.items() if k not in changing} for response in (get_answer, head)]
    assert headers[0] == headers[1]
    assert client.head(f"{path}?colour=red").status_code == 400
    for method, status in (("OPTIONS", 204), ("POST", 405)):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (status, "GET, HEAD, OPTIONS")


def test_gzip_is_streamed_where_it_is_accepted(client: httpx2.Client) -> None:
    plain = client.get("/v1/events.ndjson", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with client.stream("GET", "/v1/events.ndjson", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(answer.iter_raw())) == plain.content


def test_cells_are_safe_in_a_spreadsheet_and_numbers_stay_numbers(tricky: httpx2.Client) -> None:
    rows = {row["description"].lstrip("'"): row for row in table(tricky.get("/v1/sources.csv"))}
    assert set(rows) == set(TRICKY.values())
    guarded_keys = {key for key, text in TRICKY.items() if rows[text]["description"] != text}
    assert guarded_keys == {"formula", "plus", "minus", "at", "tab"}
    assert all(rows[TRICKY[key]]["description"] == "'" + TRICKY[key] for key in guarded_keys)
    assert rows["a|b"]["aliases"] == r"a\|b|b"
    assert rows[TRICKY["formula"]]["aliases"].startswith("'=")


def test_a_number_below_zero_is_a_number(tricky: httpx2.Client) -> None:
    rows = table(tricky.get("/v1/places.csv?sort=name"))
    assert [(row["latitude"], row["longitude"]) for row in rows] == [("-33.5", "151.25"), ("0", "-180"), ("", "")]


def test_lines_end_as_rfc_4180_says(tricky: httpx2.Client) -> None:
    text = tricky.get("/v1/sources.csv").content.decode("utf-8")
    assert text.endswith("\r\n") and not text.startswith("\ufeff")
    assert text.replace("\r\n", "").count("\n") == text.count("first\nsecond") == 2, "line feeds stand within cells"
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_json_lines_keep_every_text_as_it_is(tricky: httpx2.Client) -> None:
    records = [json.loads(line) for line in tricky.get("/v1/sources.ndjson").text.split("\n")[:-1]]
    assert {record["description"] for record in records} == set(TRICKY.values())


@pytest.mark.parametrize("form", ["ndjson", "geojson"])
def test_no_line_holds_what_some_readers_take_for_its_end(tricky: httpx2.Client, form: str) -> None:
    for version in ("v1", "v2"):
        text = tricky.get(f"/{version}/{'sources' if form == 'ndjson' else 'places'}.{form}").content.decode("utf-8")
        assert text.splitlines() == text.removesuffix("\n").split("\n")
        assert "Place\\u2028one" in text or "one\\u2028two\\u2029three\\u0085four" in text


def test_points_stand_where_places_are(tricky: httpx2.Client) -> None:
    features = tricky.get("/v1/places.geojson?sort=name").json()["features"]
    points = [feature["geometry"] and feature["geometry"]["coordinates"] for feature in features]
    assert points == [[151.25, -33.5], [-180, 0], None]


@pytest.mark.parametrize("name", ["event", "figure", "place"])
def test_geojson_is_a_collection_of_features(client: httpx2.Client, name: str) -> None:
    resource = V1[name]
    answer = client.get(f"/v1/{resource.plural}.geojson").json()
    records = {record["id"]: record for record in read_pages(client, f"/v1/{resource.plural}?limit=200")}
    places = {place["id"]: place for place in read_pages(client, "/v1/places?limit=200")}
    assert set(answer) == {"type", "features"} and answer["type"] == "FeatureCollection"
    assert [feature["id"] for feature in answer["features"]] == list(records)
    for feature in answer["features"]:
        record = records[feature["id"]]
        place = record if name == "place" else places.get(record["place_id"])
        assert set(feature) == {"type", "id", "geometry", "properties"} and feature["type"] == "Feature"
        assert record.items() <= feature["properties"].items()
        if place and place["latitude"] is not None:
            point = {"type": "Point", "coordinates": [place["longitude"], place["latitude"]]}
            assert feature["geometry"] == point
        else:
            assert feature["geometry"] is None
        assert feature["properties"]["geo_precision"] == (place and place["geo_precision"])
    assert any(feature["geometry"] for feature in answer["features"])


def test_each_kind_of_child_has_its_columns() -> None:
    assert all(child.flat for child in V1.children.values())
    for resource in RESOURCES:
        names = [cell.name for cell in cells(V1, resource)]
        assert len(names) == len(set(names))


def test_a_store_that_is_away_is_a_problem_document() -> None:
    with run("postgresql://briefing@127.0.0.1:1/none") as client:
        for path in ("/v1/events.csv", "/v1/events.ndjson"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"] == "1"
        assert client.head("/v1/events.csv").status_code == 503


def read_pages(client: httpx2.Client, request: str) -> list[dict[str, Any]]:
    """Return the records of a list, read page by page."""
    records: list[dict[str, Any]] = []
    cursor = ""
    for _ in bounded_walk():
        page = client.get(request + cursor).json()
        records += page["data"]
        if not page["page"]["has_more"]:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    return records


def table(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def flat(resource: Resource, record: dict[str, Any]) -> dict[str, str]:
    """Return the row of a record, as an independent reader of its JSON makes it."""
    row = {}
    for cell in cells(V1, resource):
        link, _, name = cell.name.rpartition(".")
        value = [child[name] for child in record[link]["data"]] if link else record[cell.name]
        if isinstance(value, list):
            parts = [":".join(entry.values()) if isinstance(entry, dict) else entry or "" for entry in value]
            row[cell.name] = "|".join(parts)
        else:
            row[cell.name] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return row


def test_an_export_goes_on_after_the_last_whole_record(client: httpx2.Client) -> None:
    whole = client.get("/v2/events.ndjson?sort=id").content.splitlines(keepends=True)
    last = json.loads(whole[2])["id"]
    rest = client.get(f"/v2/events.ndjson?sort=id&after_id={last}")
    assert rest.content == b"".join(whole[3:])
    rows = client.get("/v2/events.csv?sort=id").text.splitlines(keepends=True)
    assert client.get(f"/v2/events.csv?sort=id&after_id={last}&limit=2").text == rows[0] + "".join(rows[4:6])
    end = json.loads(whole[-1])["id"]
    assert client.get(f"/v2/events.csv?sort=id&after_id={end}").text == rows[0]


@pytest.mark.parametrize(
    ("path", "parameter", "detail"),
    [
        (f"/v2/events.csv?after_id={NO_EVENT}", "after_id", "Needs sort=id beside it"),
        (f"/v2/events.csv?sort=-id&after_id={NO_EVENT}", "after_id", "Needs sort=id beside it"),
        ("/v2/events.csv?sort=id&after_id=fig_00000000000000000000000000", "after_id", "Expected an id of events"),
        (
            "/v2/events.geojson?sort=id&after_id={NO_EVENT}",
            "after_id",
            "There is no such parameter",
        ),
        (f"/v2/events?sort=id&after_id={NO_EVENT}", "after_id", "There is no such parameter"),
        (f"/v2/citations.csv?after_id={NO_EVENT}", "after_id", "There is no such parameter"),
        ("/v2/events.ndjson?bom=true", "bom", "There is no such parameter"),
        ("/v2/events.csv?bom=yes", "bom", "Expected true or false."),
    ],
)
def test_parameters_of_one_format_are_refused_elsewhere(
    client: httpx2.Client, path: str, parameter: str, detail: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert (fault["parameter"], fault["detail"].startswith(detail)) == (parameter, True), fault


def test_a_csv_file_for_excel_begins_with_a_byte_order_mark(client: httpx2.Client) -> None:
    plain, with_mark = client.get("/v2/events.csv"), client.get("/v2/events.csv?bom=true")
    assert with_mark.content == b"\xef\xbb\xbf" + plain.content
    assert client.get("/v2/events.csv?bom=false").content == plain.content


def test_a_row_names_the_records_that_it_links_to(client: httpx2.Client) -> None:
    """A reader of a spreadsheet sees names beside the ids, in the last columns."""
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(client.get("/v2/figures.csv").text))}
    records = client.get("/v2/figures?limit=200&include=event,briefing,citations.source").json()["data"]
    assert len(records) == len(rows) > 5
    for record in records:
        row = rows[record["id"]]
        assert row["event_title"] == ((record["event"] or {}).get("title") or "")
        assert (row["briefing_title"], row["briefing_licence"]) == (
            record["briefing"]["title"],
            record["briefing"]["licence"] or "",
        )
        sources = [(citation["source"] or {}).get("name") or "" for citation in record["citations"]["data"]]
        assert row["citations.source_name"].split("|") == sources or "|" in "".join(sources)
        if row["effective_place_id"]:
            place = client.get(f"/v2/places/{row['effective_place_id']}").json()["data"]
            assert row["place_name"] == place["name"]
            assert row["place_country"] == (place["country"] or "")
            assert float(row["place_latitude"] or "nan") == pytest.approx(
                place["latitude"] or float("nan"), nan_ok=True
            )
        else:
            assert row["place_name"] == row["place_latitude"] == ""
    names = list(next(iter(rows.values())))
    assert names[-8:] == [
        "event_title", "place_name", "place_country", "place_latitude", "place_longitude", "place_geo_precision",
        "citations.source_name", "citations.blames_name",
    ]  # fmt: skip


def test_version_1_has_the_columns_that_it_had(client: httpx2.Client) -> None:
    header = client.get("/v1/figures.csv?limit=1").text.splitlines()[0]
    assert "place_name" not in header and "event_title" not in header
