"""Refusals name what the client means: a bound, a file, a time, a name in other letters, a path."""

from __future__ import annotations

import httpx2
import pytest

LOWER = "The lower bound is {}, which includes its value."
UPPER = "The upper bound is {}, which excludes its value."
BOTH = "The bounds are {0}_gte, which includes its value, and {0}_lt, which excludes it."


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("list_", "pair", "hint"),
    [
        ("events", "starts_at_lte=2022-03-01", UPPER.format("starts_at_lt")),
        ("events", "starts_at__lte=2022-03-01", UPPER.format("starts_at_lt")),
        ("events", "Ends_At_GT=2022-03-01", LOWER.format("ends_at_gte")),
        ("events", "ends_at[gte]=2022-03-01", LOWER.format("ends_at_gte")),
        ("events", "updated_at.before=2022-03-01", UPPER.format("updated_at_lt")),
        ("events", "starts_at=2022-03-01", BOTH.format("starts_at")),
        ("events", "figures.as_of_lte=2022-03-01", UPPER.format("figures.as_of_lt")),
        ("figures", "value_max=5", UPPER.format("value_lt")),
        ("figures", "min_value=5", LOWER.format("value_gte")),
        ("figures", "value=5", BOTH.format("value")),
        ("events", "from=2022-03-01", LOWER.format("starts_at_gte")),
        ("events", "Since=2022-03-01", LOWER.format("starts_at_gte")),
        ("events", "end_date=2022-03-01", UPPER.format("starts_at_lt")),
        ("events.csv", "to=2022-03-01", UPPER.format("starts_at_lt")),
        ("figures", "until=2022-03-01", UPPER.format("as_of_lt")),
        ("quotes", "date=2022-03-01", BOTH.format("said_at")),
        ("events", "LIMIT=1", "Did you mean limit?"),
        ("quotes", "Q=word", "Did you mean q?"),
        ("events", "Kind=shelling", "Did you mean kind?"),
        ("places", "from=2022-03-01", "There is no such parameter here."),
        ("places", "nothing_lte=1", "There is no such parameter here."),
    ],
)
def test_an_unknown_parameter_is_answered_with_the_name_used_here(
    client: httpx2.Client, version: str, list_: str, pair: str, hint: str
) -> None:
    answer = client.get(f"/{version}/{list_}?{pair}")
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert fault["parameter"] == pair.partition("=")[0]
    assert fault["detail"].endswith(hint)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/v2/events?format=csv", "requested by its path: /v2/events.csv."),
        ("/v1/figures?Output=GeoJSON", "requested by its path: /v1/figures.geojson."),
        ("/v1/sources?format=json", "requested by its path: /v1/sources.csv, /v1/sources.ndjson."),
        ("/v2/places.csv?format=ndjson", "requested by its path: /v2/places.ndjson."),
    ],
)
def test_a_format_parameter_is_answered_with_the_path_to_use(client: httpx2.Client, path: str, hint: str) -> None:
    (fault,) = client.get(path).json()["errors"]
    assert fault["detail"].endswith(hint)
    assert client.get(hint.split()[-1].removesuffix(".")).status_code == 200


@pytest.mark.parametrize(
    ("pair", "suggestion"),
    [("kind=ATTACK", "attack"), ("kind=Shelling", "shelling"), ("status=OCCURED", "occurred"), ("sort=-STARTS_AT", "")],
)
def test_a_term_in_other_letters_gets_the_right_spelling(client: httpx2.Client, pair: str, suggestion: str) -> None:
    for version in ("v1", "v2"):
        (fault,) = client.get(f"/{version}/events?{pair}").json()["errors"]
        assert fault["detail"].endswith(f"Did you mean {suggestion or 'starts_at'}?")


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("/v2/event", "/v2/events"),
        ("/v2/citation", "/v2/citations"),
        ("/v2/withdrawals/", "/v2/withdrawals"),
        ("/v2/events/", "/v2/events"),
        ("/v1/Figures", "/v1/figures"),
        ("/V2/events", "/v2/events"),
        ("/v2/quote.csv", "/v2/quotes.csv"),
        ("/v2/sources.csv/", "/v2/sources.csv"),
        ("/v1/place/pla_1", "/v1/places/pla_1"),
        ("/events", "/v2/events"),
        ("/briefing", "/v2/briefings"),
    ],
)
def test_a_misspelt_path_gets_a_suggestion(client: httpx2.Client, path: str, suggestion: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["detail"].endswith(f" Did you mean {suggestion}?")


@pytest.mark.parametrize(
    "path",
    ["/v2/unrelated", "/v2/events.xml", "/v2/events/evt_1/figures", "/favicon.png", "/v2/" + "e" * 300, "/v9/event"],
)
def test_a_path_that_resembles_no_other_gets_no_suggestion(client: httpx2.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "Did you mean" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/events?limit=1&",
        "/v2/events?&limit=1&&",
        "/v2/events?&",
        "/v2/events.csv?limit=1&",
        "/v2/graphql?query={places{nodes{id}}}&",
        "/v2/me?&",
    ],
)
def test_an_ampersand_without_a_parameter_is_fine(client: httpx2.Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v2/events?limit=1", "/v1/events.csv", "/v2/places.geojson", "/v2/events?limit=x"])
def test_answers_say_that_no_part_of_them_can_be_requested(client: httpx2.Client, path: str) -> None:
    whole = client.get(path)
    assert whole.headers["accept-ranges"] == "none"
    part = client.get(path, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.headers["accept-ranges"]) == (whole.status_code, "none")
    if whole.status_code == 200:
        assert part.content == whole.content


def test_a_page_may_send_the_fields_that_its_libraries_add(client: httpx2.Client) -> None:
    names = "apollographql-client-name,baggage,cache-control,sentry-trace,traceparent,x-requested-with"
    origin = {"Origin": "https://a.example"}
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": names}
    for path in ("/v2/graphql", "/v1/events", "/v2/events.csv"):
        preflight = client.options(path, headers=origin | headers)
        assert preflight.status_code == 200
        assert set(names.split(",")) <= set(preflight.headers["access-control-allow-headers"].split(", "))
