"""A refusal costs the service little: it compares few names and sends a short answer."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx2
import pytest

from api import suggest
from api.catalog import VERSIONS, Resource, Version
from api.rest.parameters import parameters
from tests.rest.conftest import run

if TYPE_CHECKING:
    from tests.hostile.raw_client import RawClient

LISTS = [(version, resource) for version in VERSIONS.values() for resource in version.resources.values()]
MAX_URL = 7900


@pytest.fixture(scope="module")
def client(sample: str) -> Iterator[httpx2.Client]:
    """A client of the service in this process, so that its comparisons can be counted."""
    with run(sample) as client:
        yield client


@pytest.fixture
def compared_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The valid names that unknown ones are compared with while the test runs."""
    names: list[str] = []
    compare = suggest.similarity

    def counting(matcher: SequenceMatcher[str], other: str) -> float:
        names.append(other)
        return compare(matcher, other)

    monkeypatch.setattr(suggest, "similarity", counting)
    return names


def join_pairs(pairs: Iterator[str]) -> str:
    """Join as many pairs as a URL may have."""
    text = ""
    for pair in pairs:
        if len(text) + len(pair) > MAX_URL:
            break
        text += f"{pair}&"
    return text.rstrip("&")


def similar_names(version: Version, resource: Resource) -> str:
    """Return names that are similar to valid ones, but are not valid."""
    chance, names = random.Random(7), list(parameters(version, resource))

    def pairs() -> Iterator[str]:
        while True:
            letters = list(chance.choice(names))
            chance.shuffle(letters)
            yield f"{quote(''.join(letters))}=1"

    return join_pairs(pairs())


def misspelt(version: Version, resource: Resource) -> str:
    """Return a wrong value for every parameter that has a vocabulary, and for all that take names."""
    rows = parameters(version, resource).values()
    terms = (f"{row.name}={','.join(['shelingg'] * 20)}" for row in rows if row.condition.type.name == "vocabulary")
    return join_pairs(iter(["include=plcae,citatons.surce", "sort=stats_at", *terms]))


def short(version: Version, resource: Resource) -> str:
    """Return as many short names as a URL has room for."""
    return join_pairs(f"{chr(97 + n % 26)}{n}=1" for n in range(480))


@pytest.mark.parametrize(("version", "resource"), LISTS, ids=[f"{v.name}-{r.plural}" for v, r in LISTS])
@pytest.mark.parametrize("make", [similar_names, misspelt, short])
@pytest.mark.parametrize("suffix", ["", ".csv"])
def test_a_refusal_compares_at_most_200_names(
    client: httpx2.Client,
    compared_names: list[str],
    version: Version,
    resource: Resource,
    make: Callable[[Version, Resource], str],
    suffix: str,
) -> None:
    answer = client.get(f"/{version.name}/{resource.plural}{suffix}?{make(version, resource)}")
    problem = answer.json()
    assert answer.status_code == 400
    assert len(compared_names) <= 200
    if make is not short:
        assert compared_names, "nothing was compared, so nothing was limited"
    assert 1 <= len(problem["errors"]) <= 20
    assert len(answer.content) <= 8192


def test_a_name_that_is_misspelt_is_suggested_to_every_caller(client: httpx2.Client, compared_names: list[str]) -> None:
    for query, suggestion in (("knid=shelling", "kind"), ("figure.measure=killed", "figures.measure")):
        problem = client.get(f"/v2/events?{query}").json()
        assert problem["errors"][0]["detail"].endswith(f"Did you mean {suggestion}?")
        assert f"Did you mean {suggestion}?" in problem["detail"]
    assert 2 <= len(compared_names) <= 2 * 200
    problem = client.get("/v2/events?kind=sheling&sort=start_at&include=plce&counrty=UA").json()
    suggestions = [error["detail"].rpartition("Did you mean ")[2] for error in problem["errors"]]
    assert sorted(suggestions) == ["country?", "place?", "shelling?", "starts_at?"]


FLOODS = {
    "names of emoji": "&".join("%F0%9F%98%80" * 8 + f"{n}=1" for n in range(70)),
    "names of controls": "&".join("%01" * 90 + f"{n}=1" for n in range(28)),
    "names twice": "&".join(["q=1"] * 499),
    "names without a value": "&".join(f"a{n}" for n in range(499)),
    "broken escapes": "&".join(["%zz=1"] * 499),
    "thousands of pairs": "a=1&" * 1900,
    "one long name": "a" * 7900 + "=1",
    "one long value": "kind=" + "%01" * 2600,
}


@pytest.mark.parametrize(
    "path", ["/v2/events", "/v2/events.csv", "/v2/events/evt_" + "0" * 26, "/v2/graphql", "/v2/me"]
)
@pytest.mark.parametrize("query", FLOODS.values(), ids=FLOODS)
def test_a_problem_document_has_at_most_20_faults_and_8_kb(raw_client: RawClient, path: str, query: str) -> None:
    answer = raw_client.get(f"{path}?{query}")
    assert answer.status == 400
    assert len(answer.body) <= 8192
    if "graphql" not in path:
        assert 1 <= len(answer.problem["errors"]) <= 20


def test_faults_that_are_not_listed_are_counted(raw_client: RawClient) -> None:
    problem = raw_client.get("/v2/events?" + "&".join(f"nothing{n}=1" for n in range(100))).problem
    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith("(and 99 more) The first 20 are listed.")


@pytest.mark.parametrize("query", ["&", "&" * 7900, "limit=1&", "&limit=1", "&&limit=1&&&q=a&"])
def test_empty_pairs_are_skipped(raw_client: RawClient, query: str) -> None:
    assert raw_client.get(f"/v1/events?{query}").status == 200


def test_names_of_thousands_of_plans_and_fields_are_cut() -> None:
    from api.query.parse import listed

    assert listed([f"plan{n}" for n in range(31)]).endswith("plan29 and 1 more")
    assert listed(["a", "b"]) == "a, b"


TWICE = [
    b'{"query": "{ __typename }", "query": "{ events { nodes { id } } }"}',
    b'{"query": "query($a: Int) { events(first: $a) { totalCount } }", "variables": {"a": 1, "a": 2}}',
    b'{"query": "{ __typename }", "\\u0071uery": "{ a }"}',
    b'{"query": "{ __typename }", "extensions": {"a": {"b": [{"c": 1, "c": 1}]}}}',
]


@pytest.mark.parametrize("body", TWICE)
def test_a_body_that_gives_a_name_twice_is_refused(raw_client: RawClient, body: bytes) -> None:
    answer = raw_client.post(body)
    assert answer.status == 400
    assert "given twice" in json.loads(answer.body)["errors"][0]["message"]


def test_variables_in_a_url_that_give_a_name_twice_are_refused(raw_client: RawClient) -> None:
    for name in ("variables", "extensions"):
        variables = quote('{"a": 1, "a": 2}')
        answer = raw_client.get(f"/v1/graphql?query=%7B__typename%7D&{name}={variables}")
        assert answer.status == 400 and b"given twice" in answer.body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("text", ["mutation { a }", "mutation cop { __typename }", "query a{__typename} mutation b{c}"])
def test_a_mutation_by_get_is_405_with_allow(raw_client: RawClient, method: str, text: str) -> None:
    name = "&operationName=b" if "mutation b" in text else ""
    for _ in range(2):
        answer = raw_client.get(f"/v1/graphql?query={quote(text)}{name}", method=method)
        assert (answer.status, answer.fields["allow"]) == (405, "POST")
    assert raw_client.ask(text).status == 400, "by POST there is no such operation"


def test_a_document_of_thousands_of_lines_is_refused_before_it_is_read(raw_client: RawClient) -> None:
    twice = "query(" + "\n" * 25_000 + "$v: Int " * 240 + "){__typename}"
    answer = raw_client.ask(twice)
    assert answer.status == 400 and b"lines" in answer.body
    error = json.loads(raw_client.ask(twice.replace("\n", "")).body)["errors"][0]
    assert len(error["locations"]) <= 10
