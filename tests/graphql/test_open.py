"""GraphQL on the open internet: attacks of scanners (the checks of graphql-cop, and more), and persisted queries as
Apollo's clients send them. Each attack is answered with a reason, in bounded time, and runs nothing that it should not.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from graphql import get_introspection_query

PATH = "/v1/graphql"
Post = Callable[..., httpx2.Response]
TYPENAME = "{ __typename }"


def is_refusal(response: httpx2.Response, code: str = "") -> bool:
    """Return True if the answer has no data, and errors that say so."""
    body = response.json()
    codes = {error["extensions"]["code"] for error in body["errors"]}
    return "data" not in body and (not code or codes == {code})


def strict(post: Post, query: Any, **more: Any) -> httpx2.Response:
    return post({"query": query, **more}, accept="application/graphql-response+json")


def test_101_aliases_are_refused(post: Post) -> None:
    aliases = " ".join(f"alias{n}: __typename" for n in range(101))
    assert is_refusal(strict(post, f"query cop {{ {aliases} }}"), "too_expensive")


def test_an_array_of_requests_is_refused(post: Post) -> None:
    answer = post([{"query": "query cop { __typename }"}] * 10)
    assert answer.status_code == 400 and is_refusal(answer)


def test_ten_unknown_and_eleven_known_directives_are_refused(post: Post) -> None:
    answer = strict(post, "query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }")
    assert answer.status_code == 400 and is_refusal(answer)
    assert is_refusal(strict(post, f"query cop {{ __typename {'@skip(if: false) ' * 11} }}"), "too_expensive")


def test_circular_introspection_is_refused(post: Post) -> None:
    text = f"query cop {{ __schema {{ types {{ {'fields { type { ' * 4} name {'} } ' * 4} }} }} }}"
    answer = strict(post, text)
    assert answer.status_code == 400 and is_refusal(answer)


def test_500_fields_of_one_name_are_refused(post: Post) -> None:
    assert is_refusal(strict(post, f"query cop {{ {'__typename ' * 500} }}"), "too_expensive")


def test_introspection_is_open_for_the_schema_is_public(post: Post) -> None:
    answer = post({"query": get_introspection_query()})
    assert answer.status_code == 200 and answer.json()["data"]["__schema"]["types"]


@pytest.mark.parametrize("every", [True, False])
def test_introspection_may_have_conditions(post: Post, every: bool) -> None:
    """sgqlc asks for descriptions and deprecations under a condition each: 11 directives with fragments written out."""
    conditional = r"^( *)(description|isDeprecated|deprecationReason)$"
    text = re.sub(conditional, r"\1\2 @include(if: $every)", get_introspection_query(), flags=re.M)
    text = text.replace("query IntrospectionQuery", "query ($every: Boolean!)")
    schema = post({"query": text, "variables": {"every": every}}).json()["data"]["__schema"]
    assert [kind for kind in schema["types"] if ("description" in kind) != every] == []


def test_callers_without_a_key_get_no_field_suggestions(post: Post) -> None:
    for text in ("query cop { __schema { directive } }", "{ evens { id } }", "{ events(frst: 1) { nodes { id } } }"):
        assert "Did you mean" not in post({"query": text}).text
    wrong = {"query": "query($k: EventKind!) { events(filter: {kind: {in: [$k]}}) { nodes { id } } }"}
    assert "Did you mean" not in post({**wrong, "variables": {"k": "SHELING"}}).text


def test_a_get_runs_queries_alone(client: httpx2.Client) -> None:
    assert client.get(PATH, params={"query": "query cop { __typename }"}).json()["data"] == {"__typename": "Query"}
    for text in ("mutation cop { __typename }", "subscription cop { __typename }"):
        assert is_refusal(client.get(PATH, params={"query": text}))
    assert client.get(PATH, params={"query": "mutation cop { __typename }"}).status_code == 405


def test_a_post_runs_no_mutation_either(post: Post) -> None:
    assert is_refusal(post({"query": "mutation cop { __typename }"}))


@pytest.mark.parametrize("path", ["/graphiql", "/playground", "/console", "/graphql", "/v1/graphiql", "/altair"])
def test_no_console_answers_at_the_paths_that_scanners_try(client: httpx2.Client, path: str) -> None:
    assert client.get(path, headers={"accept": "text/html"}).status_code == 404


def test_no_answer_contains_a_trace_of_the_run(post: Post) -> None:
    answer = post({"query": "query cop { __typename }"}, apollo_tracing="1")
    assert set(answer.json()["extensions"]) == {"cost"}
    assert "tracing" not in answer.text and "Traceback" not in answer.text


@pytest.mark.parametrize("query", ["qwerty cop { abc }", "", "{", "\x00"])
def test_a_malformed_document_gets_an_error_without_a_traceback(post: Post, query: str) -> None:
    answer = strict(post, query)
    assert answer.status_code == 400 and is_refusal(answer)
    assert not any(word in answer.text for word in ("Traceback", 'File \\"', "site-packages", "graphql.error"))


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/graphql"],
)
def test_a_form_of_another_site_cannot_send_a_query(client: httpx2.Client, kind: str) -> None:
    for body in (b"query=query%20cop%20%7B__typename%7D", b'{"query": "{ __typename }"}'):
        answer = client.post(PATH, content=body, headers={"content-type": kind})
        assert answer.status_code == 415 and is_refusal(answer)


def test_fragments_in_a_circle_or_doubling_are_refused_at_once(post: Post) -> None:
    circle = "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    doubling = (
        "query { ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(80))
        + " fragment F80 on Query { __typename }"
    )
    for text in (circle, doubling):
        start_time = time.monotonic()
        assert is_refusal(strict(post, text))
        assert time.monotonic() - start_time < 5, "the work is linear: milliseconds, on whatever machine"


def test_no_answer_is_rendered_as_a_page_by_a_browser(client: httpx2.Client, post: Post) -> None:
    for answer in (post({"query": TYPENAME}), client.get(PATH, params={"query": "{<script>}"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "json" in answer.headers["content-type"]
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def persisted_query(text: str, digest: str = "") -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest or sha256(text.encode()).hexdigest()}}


def by_get(client: httpx2.Client, text: str, extensions: Any) -> httpx2.Response:
    params = {"query": text} if text else {}
    return client.get(PATH, params={**params, "extensions": json.dumps(extensions)})


def test_a_client_names_its_query_and_then_sends_it(client: httpx2.Client, post: Post) -> None:
    """Apollo's clients send the hash, get `PersistedQueryNotFound`, send both, and then only the hash."""

    def post_it(text: str, extensions: Any) -> httpx2.Response:
        return post({"query": text, "extensions": extensions} if text else {"extensions": extensions})

    def get_it(text: str, extensions: Any) -> httpx2.Response:
        return by_get(client, text, extensions)

    for n, ask in enumerate((post_it, get_it)):
        text = f"query Mine{n} {{ events(first: {n + 1}) {{ nodes {{ id }} }} }}"
        unknown = ask("", persisted_query(text))
        assert unknown.status_code == 200, "a client in plain JSON reads the errors of a 200"
        assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert unknown.json()["errors"][0]["extensions"]["code"] == "persisted_query_not_found"
        assert "no-store" in unknown.headers["cache-control"]
        first = ask(text, persisted_query(text))
        assert len(first.json()["data"]["events"]["nodes"]) == n + 1
        assert ask("", persisted_query(text)).json()["data"] == first.json()["data"]
        assert ask("", persisted_query(text)).json()["data"] == first.json()["data"]


def test_an_unknown_hash_is_400_with_the_graphql_response_media_type(post: Post) -> None:
    answer = post({"extensions": persisted_query("{ no }")}, accept="application/graphql-response+json")
    assert answer.status_code == 400 and is_refusal(answer, "persisted_query_not_found")


def test_no_hash_can_be_given_another_text(client: httpx2.Client, post: Post) -> None:
    good, bad = "{ places(first: 1) { nodes { id } } }", "{ places(first: 2) { nodes { id } } }"
    for answer in (
        post({"query": bad, "extensions": persisted_query(good)}),
        by_get(client, bad, persisted_query(good)),
    ):
        assert is_refusal(answer)
        assert answer.json()["errors"][0]["message"] == "provided sha does not match query"
    assert post({"extensions": persisted_query(good)}).json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert post({"query": good, "extensions": persisted_query(good)}).json()["data"]
    assert is_refusal(post({"query": bad, "extensions": persisted_query(good)}))
    assert len(post({"extensions": persisted_query(good)}).json()["data"]["places"]["nodes"]) == 1


def test_a_query_that_is_wrong_is_not_remembered(post: Post) -> None:
    wrong = "{ nothing }"
    assert is_refusal(post({"query": wrong, "extensions": persisted_query(wrong)}), "invalid_request")
    assert post({"extensions": persisted_query(wrong)}).json()["errors"][0]["message"] == "PersistedQueryNotFound"


@pytest.mark.parametrize(
    "extensions",
    [
        {"persistedQuery": {"version": 1, "sha256Hash": "A" * 64}},
        {"persistedQuery": {"version": 1, "sha256Hash": "0" * 63}},
        {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}},
        {"persistedQuery": {"version": True, "sha256Hash": "0" * 64}},
        {"persistedQuery": {"version": "1", "sha256Hash": "0" * 64}},
        {"persistedQuery": {"version": 1}},
        {"persistedQuery": {"version": 1, "sha256Hash": int("1" * 64)}},
        {"persistedQuery": {"version": 1, "sha256Hash": ["0" * 64]}},
        {"persistedQuery": "0" * 64},
    ],
)
def test_an_invalid_hash_is_400(post: Post, extensions: Any) -> None:
    assert post({"extensions": extensions}).status_code == 400
