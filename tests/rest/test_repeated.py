"""A parameter that takes several values takes them in three forms, and the forms are one request."""

from __future__ import annotations

import httpx2
import pytest

COMMAS = "/v2/events?kind=air_strike,shelling&country=UA&limit=3"


@pytest.mark.parametrize(
    "query",
    [
        "kind=air_strike&kind=shelling&country=UA&limit=3",
        "kind[]=air_strike&kind[]=shelling&country=UA&limit=3",
        "kind%5B%5D=air_strike&country=UA&limit=3&kind%5b%5d=shelling",
        "kind=air_strike&country[]=UA&limit=3&kind[]=shelling",
        "kind=air_strike,shelling&kind=air_strike&country=UA&limit=3",
    ],
)
def test_repeated_values_are_the_same_request_as_values_with_commas(client: httpx2.Client, query: str) -> None:
    expected, answer = client.get(COMMAS), client.get(f"/v2/events?{query}")
    assert answer.status_code == 200, answer.text
    permalinks = [response.json()["page"]["permalink"] for response in (expected, answer)]
    # A permalink has the values as they were sent.
    bodies = [response.text.replace(link, "") for response, link in zip((expected, answer), permalinks, strict=True)]
    assert bodies[0] == bodies[1]
    assert client.get(permalinks[1]).json()["data"] == expected.json()["data"]


@pytest.mark.parametrize("form", ["kind=air_strike&kind=shelling", "kind[]=air_strike&kind%5B%5D=shelling"])
def test_they_have_the_same_tag_and_the_same_next_page(client: httpx2.Client, form: str) -> None:
    path = f"/v2/events?{form}&country=UA&limit=3"
    expected, answer = client.get(COMMAS), client.get(path)
    assert answer.headers["etag"] == expected.headers["etag"]
    assert answer.headers["link"] == expected.headers["link"]
    assert client.get(path, headers={"If-None-Match": expected.headers["etag"]}).status_code == 304
    assert client.get(COMMAS, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    cursor = answer.json()["page"]["next_cursor"]
    assert client.get(f"{path}&cursor={cursor}").content == client.get(f"{COMMAS}&cursor={cursor}").content


@pytest.mark.parametrize(
    ("parameters", "other_parameters"),
    [
        ("bbox=22,44,41,53", "bbox=22&bbox=44&bbox=41&bbox=53"),
        ("bbox=22,44,41,53", "bbox[]=22,44&bbox[]=41,53"),
        ("near=50.45,30.52,100", "near=50.45&near=30.52&near=100"),
        ("include=place,figures", "include=place&include=figures"),
        ("tag=%22humanitarian-corridor%22,ceasefire", "tag=humanitarian-corridor&tag=ceasefire"),
        ("figures.measure=killed,injured", "figures.measure=killed&figures.measure[]=injured"),
        ("identifier=wikidata:Q1,glide:2", "identifier=wikidata:Q1&identifier=glide:2"),
    ],
)
def test_every_kind_of_value_can_be_repeated(client: httpx2.Client, parameters: str, other_parameters: str) -> None:
    first, second = client.get(f"/v1/events?{parameters}"), client.get(f"/v1/events?{other_parameters}")
    assert first.status_code == second.status_code == 200, second.text
    assert first.content == second.content
    assert (
        client.get(f"/v1/events.csv?{parameters}").status_code
        == client.get(f"/v1/events.csv?{other_parameters}").status_code
    )


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ("limit=1&limit=1", "limit", "Given twice, but takes one value."),
        ("q=a&q=b", "q", "Given twice, but takes one value."),
        ("sort=id&sort=-id", "sort", "Given twice, but takes one value."),
        ("disputed=true&disputed=true", "disputed", "Given twice, but takes one value."),
        ("starts_at_gte=2022-01-01&starts_at_gte=2022-01-02", "starts_at_gte", "Given twice, but takes one value."),
        ("limit[]=1", "limit[]", "There is no such parameter here. Did you mean limit?"),
        ("kind=shelling&kind=", "kind", "Has no value."),
        ("kind=shelling&kind=sheling", "kind", "'sheling' is not one of"),
        ("tag=%22a&tag=b%22", "tag", "Expected values separated by commas"),
        ("near=50&near=30", "near", "Expected three numbers"),
        ("&".join(f"tag=t{number}" for number in range(201)), "tag", "Expected at most 200 values."),
    ],
)
def test_a_wrong_parameter_is_named(client: httpx2.Client, query: str, parameter: str, detail: str) -> None:
    answer = client.get(f"/v2/events?{query}")
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert fault["parameter"] == parameter
    assert fault["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("query", "wrong_query"),
    [("q=a,b", "q=a&q=b"), ("limit=1", "limit[]=1"), ("q=a", "q[]=a"), ("sort=id", "sort=id&sort=id")],
)
def test_the_tag_of_another_request_does_not_hide_a_fault(client: httpx2.Client, query: str, wrong_query: str) -> None:
    tag = client.get(f"/v2/events?{query}").headers["etag"]
    answer = client.get(f"/v2/events?{wrong_query}", headers={"If-None-Match": tag})
    assert answer.status_code == 400, answer.text


def test_200_values_are_taken_in_any_form(client: httpx2.Client) -> None:
    values = [f"t{number}" for number in range(200)]
    assert client.get(f"/v2/events?tag={','.join(values)}").status_code == 200
    assert client.get(f"/v2/events?tag={'&tag='.join(values)}").status_code == 200


def test_two_forms_have_one_price(client: httpx2.Client) -> None:
    prices = {
        client.get(f"/v2/events?{query}&sort=id&limit=7").headers.get("ratelimit-cost")
        for query in ("kind=air_strike,shelling", "kind=air_strike&kind=shelling")
    }
    assert len(prices) == 1
