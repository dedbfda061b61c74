"""The change of a plan takes effect for its callers within a second, without a restart."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from tests.limits.conftest import Access, Client, cost, limited_client

TEXT = "{ places(first: 2) { nodes { id } } }"
OTHER = "{ places(first: 3) { nodes { id } } }"


async def test_a_change_of_a_plan_holds_without_a_restart(access: Access, client: Client) -> None:
    plan = await access.plan(burst=500, page_most=200)
    key = await access.key(plan)
    assert client.get("/v1/sources?limit=200", key).status_code == 200
    await access.change(plan.name, page_most=5, burst=10, at_once=1, formats=(), trusted_only=True)
    assert client.get("/v1/sources?limit=200", key).status_code == 400
    assert client.get("/v1/sources.csv?limit=1", key).status_code == 403
    assert client.ask(TEXT, key).status_code == 403
    limits = client.get("/v1/me", key).json()["data"]["limits"]
    assert limits[0]["size"] == 10 and limits[0]["remaining"] <= 10
    await access.change(plan.name, page_most=200, burst=100_000, trusted_only=False)
    assert client.get("/v1/sources?limit=200", key).status_code == 200


async def test_the_service_can_be_closed_to_callers_without_a_key(access: Access, client: Client) -> None:
    key = await access.key()
    await access.change("anonymous", open=False)
    try:
        answers = [client.get("/v1/events"), client.get("/v1/events.csv"), client.get("/v1/me"), client.ask(TEXT)]
        assert [answer.status_code for answer in answers] == [401] * 4
        assert answers[-1].json()["errors"][0]["extensions"]["code"] == "unauthenticated"
        assert all(answer.headers["www-authenticate"] == 'Bearer realm="briefing"' for answer in answers)
        tag = client.get("/v1/events", key).headers["etag"]
        assert client.get("/v1/events", if_none_match=tag).status_code == 401, "a kept answer is no way in"
        assert client.get("/v1/events", key, if_none_match=tag).status_code == 304
        for path in ("/healthz", "/readyz", "/v1/openapi.json", "/"):
            assert client.get(path).status_code == 200
        for empty in ({"authorization": "Bearer"}, {"x-api-key": ""}):
            refusal = client.get("/v1/events", empty)
            assert refusal.status_code == 401
            assert refusal.json()["hint"].endswith("The key of this request is empty, which counts as none.")
            error = client.ask(TEXT, empty).json()["errors"][0]["extensions"]
            assert error["hint"].endswith("The key of this request is empty, which counts as none.")
    finally:
        await access.change("anonymous", open=True)
    assert client.get("/v1/events").status_code == 200


@pytest.mark.parametrize("empty", [{"authorization": "Bearer"}, {"x-api-key": ""}])
async def test_an_empty_key_counts_as_none(client: Client, empty: dict[str, str]) -> None:
    assert client.get("/v1/sources?limit=1", empty).status_code == 200
    assert client.get("/v1/me", empty).json()["data"]["plan"]["name"] == "anonymous"
    assert client.get("/v1/sources", {"authorization": "Bearer null"}).status_code == 401
    assert client.get("/v1/sources", {"x-api-key": "undefined"}).status_code == 401


async def test_a_plan_of_trusted_documents_takes_no_others(access: Access, client: Client) -> None:
    plan = await access.plan(trusted_only=True)
    key, free = await access.key(plan), await access.key()
    digest = await access.trust(TEXT, plan)
    await asyncio.sleep(1)
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    assert cost(client.ask(TEXT, key))["actual"] == 2
    assert cost(client.ask("", key, **persisted))["actual"] == 2
    for text in (OTHER, TEXT + " ", "{ __schema { queryType { name } } }", "{ nothing }", "{"):
        answer = client.ask(text, key)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "forbidden"), text
        assert "nothing" not in answer.text, "what is wrong with a document is not told to who may not send it"
    # A document that was prepared for a caller who may send it is still refused to this one.
    assert client.ask(OTHER, free).status_code == 200
    assert client.ask(OTHER, key).status_code == 403
    assert client.get("/v1/places", key).status_code == 200, "REST has no documents"


async def test_a_document_of_one_plan_is_not_known_to_another(access: Access, client: Client) -> None:
    plan = await access.plan()
    mine, other = await access.key(plan), await access.key()
    digest = await access.trust("{ places(first: 4) { nodes { id name } } }", plan)
    await asyncio.sleep(1)
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}

    def code(answer: httpx2.Response) -> str:
        return str(answer.json()["errors"][0]["extensions"]["code"]) if "errors" in answer.json() else ""

    assert code(client.ask("", other, **persisted)) == "persisted_query_not_found"
    assert code(client.ask("", mine, **persisted)) == ""
    assert code(client.ask("", other, **persisted)) == "persisted_query_not_found", "whatever was asked before"
    await access.forget(digest)
    await asyncio.sleep(1)
    assert code(client.ask("", mine, **persisted)) == "persisted_query_not_found"


@pytest.mark.parametrize(("who", "hidden"), [("all", False), ("none", True), ("keyed", False)])
async def test_suggestions_are_given_to_the_configured_callers(
    store: str, access: Access, who: str, hidden: bool
) -> None:
    key = await access.key()
    with limited_client(store, suggestions=who) as client:
        for key_or_none, expected in ((key, hidden), (None, hidden or who == "keyed")):
            for body in ({"query": "{ evens { id } }"}, {"query": "{ events(firs: 1) { nodes { id } } }"}):
                answer = client.ask(body["query"], key_or_none)
                assert answer.status_code == 400
                assert ("Did you mean" not in answer.text) is expected, answer.text
            answer = client.get("/v1/events?knid=shelling", key_or_none)
            assert ("Did you mean kind?" in answer.text) is (who != "none"), "REST suggests to all or to none"
        admin = client.get("/admin/plans?knid=1", await access.key(None, "admin"))
        assert admin.status_code == 400
        response = client.http.delete("/admin/plans/fere", headers=await access.key(None, "admin"))
        assert ("Did you mean free?" in response.text) is (who != "none")
