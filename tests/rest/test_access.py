"""Keys and plans over HTTP: the rights of each caller, and answers that keep to the document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.access import key
from api.access.access_control import AccessControl
from api.access.caller_cache import CallerCache
from api.access.keys import Keys, NewKey
from api.access.limits import SharedTable
from api.catalog import V1
from api.http.route_table import RouteTable
from api.middleware.authentication import Authentication
from api.middleware.request_middleware import RequestMiddleware
from api.rest.access import me, routes
from api.rest.access.contract import document, text
from api.rest.access.operations import OPERATIONS
from api.settings import Settings
from tests.walking import bounded_walk

PLAN = {
    "name": "weekly", "points_minute": 100, "points_day": 10_000, "burst": 500, "at_once": 2, "page_most": 50,
    "export_most": 0, "formats": ["csv"],
}  # fmt: skip
ONE = key.new("live").text
KEY_LIKE = "bak_live_" + "0" * 30 + "_000000"
UNKNOWN = "key_" + "0" * 12


@pytest.fixture(scope="module")
async def caller_cache(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[CallerCache]:
    url = await new_store()
    made = CallerCache(url, Settings())
    made.start()
    while made._epoch.now is None:
        await asyncio.sleep(0.01)
    yield made
    await made.stop()


@pytest.fixture(scope="module")
async def client(caller_cache: CallerCache) -> AsyncIterator[httpx2.AsyncClient]:
    chosen = Settings()
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    authentication = Authentication(AccessControl(caller_cache, SharedTable.alone(), chosen), chosen)
    routers = [routes.routes(caller_cache.store, authentication, chosen), me.routes(V1, authentication)]
    for router in routers:
        app.include_router(router)
    transport = httpx2.ASGITransport(RequestMiddleware(app, RouteTable(routers), chosen, authentication))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as made:
        yield made


async def bearer(caller_cache: CallerCache, *scopes: str) -> dict[str, str]:
    """Return the header fields of a caller with these scopes."""
    made = await Keys(caller_cache.store, "live", "test: us").create(NewKey(" ".join(scopes), "internal", scopes))
    return {"authorization": f"Bearer {made.secret.text}"}


@pytest.fixture(scope="module")
async def admin(caller_cache: CallerCache) -> dict[str, str]:
    return await bearer(caller_cache, "admin")


@pytest.fixture(scope="module")
async def reader(caller_cache: CallerCache) -> dict[str, str]:
    return await bearer(caller_cache, "read")


def kept_to(answer: httpx2.Response, id: str) -> Any:
    """Check an answer against the document of the operation, and return its JSON."""
    operation = next(one for path in document()["paths"].values() for one in path.values() if one["operationId"] == id)
    described = operation["responses"][str(answer.status_code)]
    assert answer.headers["cache-control"] == "no-store"
    if "content" not in described:
        assert answer.content == b""
        return None
    (media,) = described["content"]
    assert answer.headers["content-type"] == media
    schema = {**described["content"][media]["schema"], "components": document()["components"]}
    Draft202012Validator(schema).validate(answer.json())
    return answer.json()


def refused(answer: httpx2.Response, status: int, code: str) -> Any:
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


async def expiring(caller_cache: CallerCache) -> tuple[dict[str, str], datetime]:
    """Return the header fields of an administrator whose key ends in an hour, and the time of the end."""
    keys = Keys(caller_cache.store, "live", "test: us")
    made = await keys.create(NewKey("for an hour", "internal", ("admin",), timedelta(hours=1)))
    return {"authorization": f"Bearer {made.secret.text}"}, made.row["expires_at"]


def ends(answer: httpx2.Response) -> datetime:
    """Return the time at which the key in an answer ends."""
    return datetime.fromisoformat(answer.json()["data"]["expires_at"])


@pytest.mark.parametrize("scopes", [["read"], ["admin"], ["admin", "read"]])
async def test_a_key_with_an_end_makes_no_key_that_outlives_it(
    client: httpx2.AsyncClient, caller_cache: CallerCache, scopes: list[str]
) -> None:
    maker, end = await expiring(caller_cache)
    wanted = {"name": "made", "plan": "free", "scopes": scopes}
    for later in ("2h", "90d", (end + timedelta(seconds=1)).isoformat()):
        answer = await client.post("/admin/keys", json={**wanted, "expires": later}, headers=maker)
        (fault,) = refused(answer, 400, "invalid_request")["errors"]
        assert fault["parameter"] == "expires" and "does not outlive" in fault["detail"]
    sooner = await client.post("/admin/keys", json={**wanted, "expires": "30m"}, headers=maker)
    assert ends(sooner) < end
    made = await client.post("/admin/keys", json=wanted, headers=maker)
    assert made.status_code == 201 and end - timedelta(seconds=1) <= ends(made) <= end
    if "admin" in scopes:
        heir = {"authorization": f"Bearer {made.json()['data']['key']}"}
        assert ends(await client.post("/admin/keys", json=wanted, headers=heir)) <= end


@pytest.mark.parametrize("whose", ["its own", "a longer one", "one without an end"])
async def test_a_key_with_an_end_rotates_no_key_into_one_that_outlives_it(
    client: httpx2.AsyncClient, caller_cache: CallerCache, whose: str
) -> None:
    maker, end = await expiring(caller_cache)
    keys = Keys(caller_cache.store, "live", "test: us")
    if whose == "its own":
        id = (await client.get("/admin/keys?limit=1", headers=maker)).json()["data"][0]["id"]
    else:
        expiry = timedelta(days=9) if whose == "a longer one" else None
        id = (await keys.create(NewKey("other", "free", expiry=expiry))).row["id"]
    answer = await client.post(f"/admin/keys/{id}/rotate", json={"expires": "2h"}, headers=maker)
    assert refused(answer, 400, "invalid_request")["errors"][0]["parameter"] == "expires"
    assert ends(await client.post(f"/admin/keys/{id}/rotate", json={}, headers=maker)) <= end


async def test_a_key_is_made_used_rotated_and_revoked(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    sent = {"name": "Over HTTP", "plan": "partner", "scopes": ["read"], "expires": "30d"}
    answer = await client.post("/admin/keys", json=sent, headers=admin)
    made = kept_to(answer, "create_key")["data"]
    assert (answer.status_code, made["name"], made["plan"]) == (201, "Over HTTP", "partner")
    own = {"x-api-key": made["key"]}
    me = (await client.get("/v1/me", headers=own)).json()["data"]
    assert (me["key"], me["plan"]["name"]) == (made["id"], "partner")
    got = kept_to(await client.get(f"/admin/keys/{made['id']}", headers=admin), "get_key")["data"]
    assert got == {name: value for name, value in made.items() if name != "key"}
    answer = await client.post(f"/admin/keys/{made['id']}/rotate", json={"overlap": "1h"}, headers=admin)
    second = kept_to(answer, "rotate_key")["data"]
    assert answer.status_code == 201 and second["key"] != made["key"]
    assert (await client.get("/v1/me", headers=own)).status_code == 200, "for an hour"
    answer = await client.post(f"/admin/keys/{made['id']}/revoke", json={"reason": "Over."}, headers=admin)
    assert kept_to(answer, "revoke_key")["data"]["state"] == "revoked"
    while (answer := await client.get("/v1/me", headers=own)).status_code == 200:
        pass
    problem = refused(answer, 401, "revoked_key")
    assert "Over." in problem["detail"]
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert (await client.get("/v1/me", headers={"x-api-key": second["key"]})).status_code == 200


async def test_keys_are_listed_page_by_page(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    for number in range(3):
        await client.post("/admin/keys", json={"name": f"No. {number}", "plan": "free"}, headers=admin)
    whole = kept_to(await client.get("/admin/keys?limit=1000", headers=admin), "list_keys")
    assert whole["page"] == {"next_cursor": None, "has_more": False}
    seen, cursor = [], ""
    for _ in bounded_walk():
        answer = await client.get(
            "/admin/keys", params={"limit": 2} | ({"cursor": cursor} if cursor else {}), headers=admin
        )
        page = kept_to(answer, "list_keys")
        seen += page["data"]
        cursor = page["page"]["next_cursor"]
        if cursor is None:
            break
    assert seen == whole["data"] and len(seen) > 3
    assert "bak_" not in json.dumps(seen)


async def test_a_request_without_a_body_takes_the_defaults(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    made = (await client.post("/admin/keys", json={"name": "a", "plan": "free"}, headers=admin)).json()["data"]
    assert made["scopes"] == ["read"] and made["expires_at"] is None
    assert (await client.post(f"/admin/keys/{made['id']}/rotate", headers=admin)).status_code == 201
    assert (await client.post(f"/admin/keys/{made['id']}/revoke", headers=admin)).status_code == 200
    refused(await client.post(f"/admin/keys/{made['id']}/rotate", headers=admin), 409, "conflict")


async def test_plans_are_made_changed_listed_and_removed(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    made = kept_to(await client.post("/admin/plans", json=PLAN, headers=admin), "create_plan")["data"]
    assert made == PLAN | {"trusted_only": False, "open": True}
    refused(await client.post("/admin/plans", json=PLAN, headers=admin), 409, "conflict")
    answer = await client.patch("/admin/plans/weekly", json={"burst": 600, "formats": []}, headers=admin)
    assert kept_to(answer, "change_plan")["data"] == made | {"burst": 600, "formats": []}
    listed = kept_to(await client.get("/admin/plans", headers=admin), "list_plans")["data"]
    assert [one["name"] for one in listed] == ["weekly", "anonymous", "free", "partner", "internal"]
    assert kept_to(await client.delete("/admin/plans/weekly", headers=admin), "remove_plan") is None
    refused(await client.delete("/admin/plans/weekly", headers=admin), 404, "not_found")
    refused(await client.delete("/admin/plans/anonymous", headers=admin), 409, "conflict")


async def test_the_log_names_the_key_that_did_it(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    own = (await client.get("/v1/me", headers=admin)).json()["data"]["key"]
    made = (await client.post("/admin/keys", json={"name": "Logged", "plan": "free"}, headers=admin)).json()["data"]
    page = kept_to(await client.get("/admin/audit?limit=1", headers=admin), "list_audit")
    assert page["page"]["has_more"]
    entry = page["data"][0]
    assert (entry["actor"], entry["action"], entry["id"]) == (f"key: {own}", "created", made["id"])
    assert made["key"] not in json.dumps(page)
    older = kept_to(await client.get(f"/admin/audit?limit=1&cursor={entry['seq']}", headers=admin), "list_audit")
    assert older["data"][0]["seq"] < entry["seq"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
async def test_nobody_gets_in_without_the_scope(
    client: httpx2.AsyncClient, reader: dict[str, str], operation: Any
) -> None:
    path = operation.path.replace("{id}", UNKNOWN).replace("{name}", "nothing")
    answer = await client.request(operation.method, path)
    refused(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="briefing"'
    answer = await client.request(operation.method, path, headers=reader)
    assert "admin" in refused(answer, 403, "forbidden")["detail"]
    assert answer.headers["www-authenticate"].endswith('error="insufficient_scope", scope="admin"')


@pytest.mark.parametrize(
    ("method", "path", "sent", "where"),
    [
        ("POST", "/admin/keys", "{", "body"),
        ("POST", "/admin/keys", "[]", "body"),
        ("POST", "/admin/keys", "null", "body"),
        ("POST", "/admin/keys", b"\xff", "body"),
        ("POST", "/admin/keys", {"plan": "free"}, "name"),
        ("POST", "/admin/keys", {"name": "a"}, "plan"),
        ("POST", "/admin/keys", {"name": 1, "plan": "free"}, "name"),
        ("POST", "/admin/keys", {"name": "", "plan": "free"}, "name"),
        ("POST", "/admin/keys", {"name": "a\nb", "plan": "free"}, "name"),
        ("POST", "/admin/keys", {"name": "a", "plan": "fre"}, "plan"),
        ("POST", "/admin/keys", {"name": "a", "plan": "anonymous"}, "plan"),
        ("POST", "/admin/keys", {"name": "a", "plan": "free", "scopes": []}, "scopes"),
        ("POST", "/admin/keys", {"name": "a", "plan": "free", "scopes": ["root"]}, "scopes.0"),
        ("POST", "/admin/keys", {"name": "a", "plan": "free", "expires": "soon"}, "expires"),
        ("POST", "/admin/keys", {"name": "a", "plan": "free", "expire": "90d"}, "expire"),
        ("POST", f"/admin/keys/{UNKNOWN}/rotate", {"overlap": "1y"}, "overlap"),
        ("POST", f"/admin/keys/{UNKNOWN}/rotate", {"overlap": "91d"}, "overlap"),
        ("POST", f"/admin/keys/{UNKNOWN}/revoke", {"reason": "a\nb"}, "reason"),
        ("POST", "/admin/plans", PLAN | {"burst": -1}, "burst"),
        ("POST", "/admin/plans", PLAN | {"burst": 1.5}, "burst"),
        ("POST", "/admin/plans", PLAN | {"burst": "500"}, "burst"),
        ("POST", "/admin/plans", PLAN | {"burst": True}, "burst"),
        ("POST", "/admin/plans", PLAN | {"burst": 10**30}, "burst"),
        ("POST", "/admin/plans", PLAN | {"burst": 10_001}, "burst"),
        ("POST", "/admin/plans", PLAN | {"formats": ["xml"]}, "formats.0"),
        ("POST", "/admin/plans", PLAN | {"name": "Big"}, "name"),
        ("PATCH", "/admin/plans/free", {"burst": 0}, "burst"),
        ("PATCH", "/admin/plans/free", {"open": False}, "open"),
        ("GET", "/admin/keys?limit=0", None, "limit"),
        ("GET", "/admin/keys?limit=1001", None, "limit"),
        ("GET", "/admin/keys?limit=0000000010000", None, "limit"),
        ("GET", f"/admin/keys?limit=1{'0' * 25}", None, "limit"),
        ("GET", f"/admin/keys?limit=0000000001{'0' * 4400}", None, "limit"),
        ("GET", "/admin/keys?cursor=x", None, "cursor"),
        ("GET", "/admin/audit?cursor=key_1", None, "cursor"),
        ("GET", "/admin/audit?before=1", None, "before"),
        ("GET", "/admin/plans?limit=1", None, "limit"),
        ("GET", "/v1/me?key=1", None, "key"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_named(
    client: httpx2.AsyncClient, admin: dict[str, str], method: str, path: str, sent: Any, where: str
) -> None:
    content = sent if isinstance(sent, str | bytes | None) else json.dumps(sent)
    fields = admin | {"content-type": "application/json"}
    answer = await client.request(method, path, content=content, headers=fields)
    problem = refused(answer, 400, "invalid_request")
    assert [one["parameter"] for one in problem["errors"]] == [where]


async def test_unknown_parameters_are_named_in_the_order_of_the_url(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    problem = refused(await client.get("/admin/keys?d=1&b=2&c=3&a=4", headers=admin), 400, "invalid_request")
    assert [error["parameter"] for error in problem["errors"]] == ["d", "b", "c", "a"]


async def test_what_is_not_there_is_not_found(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    refused(await client.get(f"/admin/keys/{UNKNOWN}", headers=admin), 404, "not_found")
    refused(await client.get("/admin/keys/%27%3B--", headers=admin), 404, "not_found")
    problem = refused(await client.patch("/admin/plans/fre", json={"burst": 5}, headers=admin), 404, "not_found")
    assert "Did you mean free?" in problem["detail"]


ODD = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.text(),
    some.sampled_from(["free", "90d", "2027-01-01", "read", "csv", "\x00", "\ud800", "\u202e", "9" * 5000, KEY_LIKE]),
    some.lists(some.sampled_from(["read", "admin", "csv", "xml", 1, None]), max_size=4),
    some.dictionaries(some.text(max_size=5), some.integers(), max_size=2),
)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.takes], ids=lambda one: one.id)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=some.data())
async def test_whatever_is_sent_is_answered_as_documented(
    client: httpx2.AsyncClient, admin: dict[str, str], operation: Any, data: Any
) -> None:
    fields = [*operation.takes.model_fields, "more"]
    sent = data.draw(some.dictionaries(some.sampled_from(fields), ODD) | ODD)
    named = data.draw(some.sampled_from([UNKNOWN, "free", "%D9%A1", "%20", "key_", "a" * 300]))
    path = operation.path.replace("{id}", named).replace("{name}", named)
    json_sent = admin | {"content-type": "application/json"}
    answer = await client.request(operation.method, path, content=json.dumps(sent), headers=json_sent)
    kept_to(answer, operation.id)
    assert answer.status_code < 500


async def test_bodies_are_json_and_bounded(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    form = admin | {"content-type": "application/x-www-form-urlencoded"}
    refused(await client.post("/admin/keys", content="name=a&plan=free", headers=form), 415, "unsupported_media_type")
    refused(await client.post("/admin/keys", content="name=a&plan=free", headers=admin), 415, "unsupported_media_type")
    large = {"name": "a" * 70_000, "plan": "free"}
    refused(await client.post("/admin/keys", json=large, headers=admin), 413, "body_too_large")


async def test_methods_are_those_of_the_document(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    answer = await client.put("/admin/keys", headers=admin)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.options("/admin/keys")).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.head("/admin/keys", headers=admin)).status_code == 200


async def test_who_has_no_key_is_told_its_plan_too(client: httpx2.AsyncClient) -> None:
    me = kept_to(await client.get("/v1/me"), "get_v1_me")["data"]
    assert (me["identity"], me["key"], me["name"], me["expires_at"]) == ("ip:127.0.0.1", None, "", None)
    assert (me["plan"]["name"], me["scopes"]) == ("anonymous", ["read"])
    assert me["limits"] == [
        {"name": "minute", "size": 5000, "points": 1000, "period": 60, "remaining": 5000, "reset": 0},
        {"name": "day", "size": 50_000, "points": 50_000, "period": 86_400, "remaining": 50_000, "reset": 0},
    ]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"authorization": "Basic dXNlcjpzZWNyZXQ="}, 401, "unauthenticated"),
        ({"authorization": "Bearer nonsense"}, 401, "invalid_key"),
        ({"authorization": f"Bearer {ONE}"}, 401, "invalid_key"),
        ({"authorization": f"Bearer {key.new('test').text}"}, 401, "invalid_key"),
        (
            {"authorization": f"Bearer {key.new('live').text}", "x-api-key": key.new("live").text},
            400,
            "invalid_request",
        ),
    ],
    ids=["basic", "nonsense", "unknown", "of another environment", "two"],
)
async def test_a_key_that_is_none_is_refused_and_not_repeated(
    client: httpx2.AsyncClient, fields: dict[str, str], status: int, code: str
) -> None:
    answer = await client.get("/v1/me", headers=fields)
    refused(answer, status, code)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    for value in fields.values():
        assert value.split()[-1] not in answer.text + str(answer.headers)


async def test_the_document_is_valid_committed_and_served(client: httpx2.AsyncClient) -> None:
    """The committed document is written by `briefing contract`."""
    validate(document())
    committed = Path(__file__).parents[2] / "openapi" / "admin.json"
    assert committed.read_text(encoding="utf-8") == text()
    assert (await client.get("/admin/openapi.json")).json() == document()
    used = text()
    assert not [name for name in document()["components"]["schemas"] if f'"#/components/schemas/{name}"' not in used]
