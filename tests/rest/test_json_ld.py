"""Records in the terms of schema.org: by Accept, and in the pages of records. Uncertainty and disagreement stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS, Resource
from api.rest.include import read_include
from api.rest.json_ld import CONTEXT, INCLUDED, WRITERS, included_paths, to_html, write_json_ld

NEWEST = list(VERSIONS.values())[-1]
RECORDS = list(NEWEST.resources.values())
JSON_LD = {"accept": "application/ld+json"}
each_record = pytest.mark.parametrize("resource", RECORDS, ids=lambda resource: resource.plural)
TYPES = {
    "event": {"Event"},
    "figure": {"Observation"},
    "quote": {"Quotation", "Claim"},
    "place": {"Place"},
    "briefing": {"Report"},
}


def first(client: httpx2.Client, path: str) -> dict[str, Any]:
    """Return the JSON-LD of the first record of a list."""
    plural = path.partition("?")[0]
    record = client.get(f"/v2/{path}").json()["data"][0]
    answer = client.get(f"/v2/{plural}/{record['id']}", headers=JSON_LD)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
    document: dict[str, Any] = answer.json()
    return document


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a document."""
    if isinstance(value, list):
        for member in value:
            yield from parts(member)
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from parts(member)


@each_record
def test_each_record_has_json_ld_whose_references_lead_somewhere(client: httpx2.Client, resource: Resource) -> None:
    for record in client.get(f"/v2/{resource.plural}?limit=10").json()["data"]:
        path = f"/v2/{resource.plural}/{record['id']}"
        answer = client.get(path, headers=JSON_LD)
        document = answer.json()
        assert document["@context"] == CONTEXT and document["@id"] == path
        assert document["@type"] in TYPES.get(resource.name, {document["@type"]})
        assert answer.headers["vary"].startswith("accept")
        for part in parts(document):
            assert None not in part.values() and [] not in part.values()
            assert "ClaimReview" not in str(part.get("@type"))
            if "@id" in part:
                assert client.get(part["@id"]).status_code == 200


def test_words_that_bind_a_number_become_bounds(client: httpx2.Client) -> None:
    document = first(client, "figures?measure=killed&population=civilians")
    value = document["value"]
    assert (value["@type"], value["minValue"], value["unitText"]) == ("QuantitativeValue", 364, "persons")
    assert "value" not in value and "maxValue" not in value
    assert document["measurementQualifier"] == "at_least" and document["observationDate"] == "2022-03-06"


AMOUNTS = [
    ("exact", (5, None, None), {"value": 5}),
    ("approximately", (5, 4, 6), {"value": 5, "minValue": 4, "maxValue": 6}),
    ("at_least", (5, None, None), {"minValue": 5}),
    ("more_than", (5, None, 9), {"minValue": 5, "maxValue": 9}),
    ("at_most", (5, None, None), {"maxValue": 5}),
    ("less_than", (5, 1, None), {"minValue": 1, "maxValue": 5}),
    ("between", (None, 3, 4), {"minValue": 3, "maxValue": 4}),
    ("magnitude", (None, 200, 999), {"minValue": 200, "maxValue": 999}),
]


@pytest.mark.parametrize(("quantifier", "numbers", "expected"), AMOUNTS, ids=[row[0] for row in AMOUNTS])
def test_no_number_stands_where_the_source_gave_none(
    client: httpx2.Client, quantifier: str, numbers: tuple[int | None, ...], expected: dict[str, int]
) -> None:
    figure = client.get("/v2/figures?limit=1").json()["data"][0]
    figure["amount"] |= dict(zip(("value", "low", "high"), numbers, strict=True)) | {"quantifier": quantifier}
    value = write_json_ld(NEWEST, NEWEST["figure"], figure, "")["value"]
    assert {name: value[name] for name in ("value", "minValue", "maxValue") if name in value} == expected


def test_every_stance_is_a_claim_and_none_is_a_verdict(client: httpx2.Client) -> None:
    document = first(client, "events?kind=evacuation&status=failed")
    claims = [part for part in document["subjectOf"] if part["@type"] == "Claim"]
    event = document["@id"].rpartition("/")[2]
    assert len(claims) == len(client.get(f"/v2/citations?event_id={event}").json()["data"])
    names = " ".join(claim["name"] for claim in claims)
    assert "Government of Russia blames Government of Ukraine" in names
    assert all(claim["author"]["@id"].startswith("/v2/sources/") for claim in claims)
    (report,) = [part for part in document["subjectOf"] if part["@type"] == "Report"]
    assert report["creditText"].startswith("Facts structured from")


def test_only_words_that_were_said_are_a_quotation(client: httpx2.Client) -> None:
    quotation, claim = first(client, "quotes?quote_type=direct"), first(client, "quotes?quote_type=indirect")
    assert quotation["@type"] == "Quotation" and "@type" in quotation["spokenByCharacter"]
    assert claim["@type"] == "Claim" and "@type" in claim["author"] and "spokenByCharacter" not in claim


def test_times_are_as_exact_as_they_are_known(client: httpx2.Client) -> None:
    event = client.get("/v2/events?limit=1").json()["data"][0]
    spans = {
        ("minute", "2022-03-06T14:30:00Z", None): ("2022-03-06T14:30:00Z", None),
        ("day", "2022-03-06T00:00:00Z", "2022-03-07T00:00:00Z"): ("2022-03-06", "2022-03-06"),
        ("week", "2022-02-28T00:00:00Z", "2022-03-07T00:00:00Z"): ("2022-W09", "2022-W09"),
        ("month", "2022-03-01T00:00:00Z", None): ("2022-03", None),
        ("year", "2016-01-01T00:00:00Z", "2017-01-01T00:00:00Z"): ("2016", "2016"),
        # Bounds between which it happened are no dates of the event.
        ("unknown", "2022-03-01T00:00:00Z", "2022-03-07T00:00:00Z"): (None, None),
        ("unknown", "2022-03-01T00:00:00Z", None): (None, None),
    }
    for (precision, starts_at, ends_at), expected in spans.items():
        event["time"] |= {"precision": precision, "starts_at": starts_at, "ends_at": ends_at}
        document = write_json_ld(NEWEST, NEWEST["event"], event, "")
        assert (document.get("startDate"), document.get("endDate")) == expected, precision


def test_json_ld_is_validated_apart_from_json(client: httpx2.Client) -> None:
    path = f"/v2/events/{client.get('/v2/events?limit=1').json()['data'][0]['id']}"
    json_tag = client.get(path).headers["etag"]
    answer = client.get(path, headers=JSON_LD)
    assert answer.headers["etag"] != json_tag
    assert client.get(path, headers=JSON_LD | {"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.get(path, headers=JSON_LD | {"if-none-match": json_tag}).status_code == 200
    assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 200


def test_what_cannot_be_had_is_refused(client: httpx2.Client) -> None:
    record = client.get("/v2/events?limit=1").json()["data"][0]["id"]
    refused = client.get(f"/v2/events/{record}?include=briefing", headers=JSON_LD)
    assert refused.status_code == 400 and refused.json()["errors"][0]["parameter"] == "include"
    older = client.get("/v1/events?limit=1").json()["data"][0]["id"]
    assert client.get(f"/v1/events/{older}", headers=JSON_LD).status_code == 406
    assert client.get(f"/v2/events/evt_{'0' * 26}", headers=JSON_LD).status_code == 404
    preferred = {"accept": "application/ld+json;q=0.5, application/json"}
    assert client.get(f"/v2/events/{record}", headers=preferred).headers["content-type"] == "application/json"


def test_an_edition_can_be_read_as_json_ld(client: httpx2.Client) -> None:
    answer = client.get("/v2/events?limit=1")
    record, edition = answer.json()["data"][0]["id"], answer.headers["edition"]
    past = client.get(f"/v2/events/{record}?known_at=e{edition}", headers=JSON_LD)
    assert past.status_code == 200 and "s-maxage" in past.headers["cache-control"]


def test_text_of_a_page_cannot_end_the_block_of_data() -> None:
    attack = "</script><!--<script>&\u2028\u2029 ]]>"
    block = to_html({"name": attack, attack: [attack]})
    assert not re.search("[<>&]", block)
    assert json.loads(block) == {"name": attack, attack: [attack]}


def test_the_table_names_records_and_links_that_exist() -> None:
    assert set(WRITERS) == {resource.name for resource in RECORDS} and set(INCLUDED) <= set(WRITERS)
    for resource in RECORDS:
        assert included_paths(NEWEST, resource) == INCLUDED.get(resource.name, ())
        read_include(NEWEST, resource, included_paths(NEWEST, resource))
