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
from api.service import Service
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
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    return await new_store()


@pytest.fixture(scope="module")
async def caller_cache(store: str) -> AsyncIterator[CallerCache]:
    cache = CallerCache(store, Settings())
    cache.start()
    while cache._epoch.now is None:
        await asyncio.sleep(0.01)
    yield cache
    await cache.stop()


@pytest.fixture(scope="module")
async def client(store: str, caller_cache: CallerCache) -> AsyncIterator[httpx2.AsyncClient]:
    app_settings = Settings()
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    access_control = AccessControl(caller_cache, SharedTable.alone(), app_settings)
    authentication = Authentication(Service(app_settings, store, access_control), app_settings)
    routers = [routes.routes(caller_cache.store, authentication, app_settings), me.routes(V1, authentication)]
    for router in routers:
        app.include_router(router)
    transport = httpx2.ASGITransport(RequestMiddleware(app, RouteTable(routers), app_settings, authentication))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def bearer(caller_cache: CallerCache, *scopes: str) -> dict[str, str]:
    """Return the header fields of a caller with these scopes."""
    new_key = await Keys(caller_cache.store, "live", "test: us").create(NewKey(" ".join(scopes), "internal", scopes))
    return {"authorization": f"Bearer {new_key.secret.text}"}


@pytest.fixture(scope="module")
async def admin(caller_cache: CallerCache) -> dict[str, str]:
    return await bearer(caller_cache, "admin")


@pytest.fixture(scope="module")
async def reader(caller_cache: CallerCache) -> dict[str, str]:
    return await bearer(caller_cache, "read")


def assert_documented(answer: httpx2.Response, id: str) -> Any:
    """Check an answer against the document of the operation, and return its JSON."""
    operation = next(
        candidate
        for path in document()["paths"].values()
        for candidate in path.values()
        if candidate["operationId"] == id
    )
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


def assert_problem(answer: httpx2.Response, status: int, code: str) -> Any:
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


async def expiring(caller_cache: CallerCache) -> tuple[dict[str, str], datetime]:
    """Return the header fields of an administrator whose key ends in an hour, and the time of the end."""
    keys = Keys(caller_cache.store, "live", "test: us")
    new_key = await keys.create(NewKey("for an hour", "internal", ("admin",), timedelta(hours=1)))
    return {"authorization": f"Bearer {new_key.secret.text}"}, new_key.row["expires_at"]


def ends(answer: httpx2.Response) -> datetime:
    """Return the time at which the key in an answer ends."""
    return datetime.fromisoformat(answer.json()["data"]["expires_at"])


@pytest.mark.parametrize("scopes", [["read"], ["admin"], ["admin", "read"]])
async def test_a_key_with_an_end_makes_no_key_that_outlives_it(
    client: httpx2.AsyncClient, caller_cache: CallerCache, scopes: list[str]
) -> None:
    maker, end = await expiring(caller_cache)
    key_fields = {"name": "made", "plan": "free", "scopes": scopes}
    for later in ("2h", "90d", (end + timedelta(seconds=1)).isoformat()):
        answer = await client.post("/admin/keys", json={**key_fields, "expires": later}, headers=maker)
        (fault,) = assert_problem(answer, 400, "invalid_request")["errors"]
        assert fault["parameter"] == "expires" and "does not outlive" in fault["detail"]
    sooner = await client.post("/admin/keys", json={**key_fields, "expires": "30m"}, headers=maker)
    assert ends(sooner) < end
    response = await client.post("/admin/keys", json=key_fields, headers=maker)
    assert response.status_code == 201 and end - timedelta(seconds=1) <= ends(response) <= end
    if "admin" in scopes:
        heir = {"authorization": f"Bearer {response.json()['data']['key']}"}
        assert ends(await client.post("/admin/keys", json=key_fields, headers=heir)) <= end


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
    assert assert_problem(answer, 400, "invalid_request")["errors"][0]["parameter"] == "expires"
    assert ends(await client.post(f"/admin/keys/{id}/rotate", json={}, headers=maker)) <= end


async def test_a_key_is_made_used_rotated_and_revoked(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    key_fields = {"name": "Over HTTP", "plan": "partner", "scopes": ["read"], "expires": "30d"}
    answer = await client.post("/admin/keys", json=key_fields, headers=admin)
    new_key = assert_documented(answer, "create_key")["data"]
    assert (answer.status_code, new_key["name"], new_key["plan"]) == (201, "Over HTTP", "partner")
    own = {"x-api-key": new_key["key"]}
    me = (await client.get("/v1/me", headers=own)).json()["data"]
    assert (me["key"], me["plan"]["name"]) == (new_key["id"], "partner")
    key_record = assert_documented(await client.get(f"/admin/keys/{new_key['id']}", headers=admin), "get_key")["data"]
    assert key_record == {name: value for name, value in new_key.items() if name != "key"}
    answer = await client.post(f"/admin/keys/{new_key['id']}/rotate", json={"overlap": "1h"}, headers=admin)
    second = assert_documented(answer, "rotate_key")["data"]
    assert answer.status_code == 201 and second["key"] != new_key["key"]
    assert (await client.get("/v1/me", headers=own)).status_code == 200, "for an hour"
    answer = await client.post(f"/admin/keys/{new_key['id']}/revoke", json={"reason": "Over."}, headers=admin)
    assert assert_documented(answer, "revoke_key")["data"]["state"] == "revoked"
    while (answer := await client.get("/v1/me", headers=own)).status_code == 200:
        pass
    problem = assert_problem(answer, 401, "revoked_key")
    assert "Over." in problem["detail"]
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert (await client.get("/v1/me", headers={"x-api-key": second["key"]})).status_code == 200


async def test_keys_are_listed_page_by_page(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    for number in range(3):
        await client.post("/admin/keys", json={"name": f"No. {number}", "plan": "free"}, headers=admin)
    whole = assert_documented(await client.get("/admin/keys?limit=1000", headers=admin), "list_keys")
    assert whole["page"] == {"next_cursor": None, "has_more": False}
    records, cursor = [], ""
    for _ in bounded_walk():
        answer = await client.get(
            "/admin/keys", params={"limit": 2} | ({"cursor": cursor} if cursor else {}), headers=admin
        )
        page = assert_documented(answer, "list_keys")
        records += page["data"]
        cursor = page["page"]["next_cursor"]
        if cursor is None:
            break
    assert records == whole["data"] and len(records) > 3
    assert "bak_" not in json.dumps(records)


async def test_a_request_without_a_body_takes_the_defaults(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    new_key = (await client.post("/admin/keys", json={"name": "a", "plan": "free"}, headers=admin)).json()["data"]
    assert new_key["scopes"] == ["read"] and new_key["expires_at"] is None
    assert (await client.post(f"/admin/keys/{new_key['id']}/rotate", headers=admin)).status_code == 201
    assert (await client.post(f"/admin/keys/{new_key['id']}/revoke", headers=admin)).status_code == 200
    assert_problem(await client.post(f"/admin/keys/{new_key['id']}/rotate", headers=admin), 409, "conflict")


async def test_plans_are_made_changed_listed_and_removed(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    plan = assert_documented(await client.post("/admin/plans", json=PLAN, headers=admin), "create_plan")["data"]
    assert plan == PLAN | {"trusted_only": False, "open": True}
    assert_problem(await client.post("/admin/plans", json=PLAN, headers=admin), 409, "conflict")
    answer = await client.patch("/admin/plans/weekly", json={"burst": 600, "formats": []}, headers=admin)
    assert assert_documented(answer, "change_plan")["data"] == plan | {"burst": 600, "formats": []}
    plans = assert_documented(await client.get("/admin/plans", headers=admin), "list_plans")["data"]
    assert [plan["name"] for plan in plans] == ["weekly", "anonymous", "free", "partner", "internal"]
    assert assert_documented(await client.delete("/admin/plans/weekly", headers=admin), "remove_plan") is None
    assert_problem(await client.delete("/admin/plans/weekly", headers=admin), 404, "not_found")
    assert_problem(await client.delete("/admin/plans/anonymous", headers=admin), 409, "conflict")


async def test_the_log_names_the_key_that_did_it(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    own = (await client.get("/v1/me", headers=admin)).json()["data"]["key"]
    new_key = (await client.post("/admin/keys", json={"name": "Logged", "plan": "free"}, headers=admin)).json()["data"]
    page = assert_documented(await client.get("/admin/audit?limit=1", headers=admin), "list_audit")
    assert page["page"]["has_more"]
    entry = page["data"][0]
    assert (entry["actor"], entry["action"], entry["id"]) == (f"key: {own}", "created", new_key["id"])
    assert new_key["key"] not in json.dumps(page)
    older = assert_documented(
        await client.get(f"/admin/audit?limit=1&cursor={entry['seq']}", headers=admin), "list_audit"
    )
    assert older["data"][0]["seq"] < entry["seq"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_nobody_gets_in_without_the_scope(
    client: httpx2.AsyncClient, reader: dict[str, str], operation: Any
) -> None:
    path = operation.path.replace("{id}", UNKNOWN).replace("{name}", "nothing")
    answer = await client.request(operation.method, path)
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="briefing"'
    answer = await client.request(operation.method, path, headers=reader)
    assert "admin" in assert_problem(answer, 403, "forbidden")["detail"]
    assert answer.headers["www-authenticate"].endswith('error="insufficient_scope", scope="admin"')


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
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
async def test_an_invalid_body_names_the_field(
    client: httpx2.AsyncClient, admin: dict[str, str], method: str, path: str, body: Any, where: str
) -> None:
    content = body if isinstance(body, str | bytes | None) else json.dumps(body)
    fields = admin | {"content-type": "application/json"}
    answer = await client.request(method, path, content=content, headers=fields)
    problem = assert_problem(answer, 400, "invalid_request")
    assert [error["parameter"] for error in problem["errors"]] == [where]


async def test_unknown_parameters_are_named_in_the_order_of_the_url(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    problem = assert_problem(await client.get("/admin/keys?d=1&b=2&c=3&a=4", headers=admin), 400, "invalid_request")
    assert [error["parameter"] for error in problem["errors"]] == ["d", "b", "c", "a"]


async def test_unknown_resources_are_not_found(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    assert_problem(await client.get(f"/admin/keys/{UNKNOWN}", headers=admin), 404, "not_found")
    assert_problem(await client.get("/admin/keys/%27%3B--", headers=admin), 404, "not_found")
    problem = assert_problem(await client.patch("/admin/plans/fre", json={"burst": 5}, headers=admin), 404, "not_found")
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


@pytest.mark.parametrize(
    "operation", [operation for operation in OPERATIONS if operation.takes], ids=lambda operation: operation.id
)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=some.data())
async def test_any_body_is_answered_as_documented(
    client: httpx2.AsyncClient, admin: dict[str, str], operation: Any, data: Any
) -> None:
    fields = [*operation.takes.model_fields, "more"]
    body = data.draw(some.dictionaries(some.sampled_from(fields), ODD) | ODD)
    identifier = data.draw(some.sampled_from([UNKNOWN, "free", "%D9%A1", "%20", "key_", "a" * 300]))
    path = operation.path.replace("{id}", identifier).replace("{name}", identifier)
    json_sent = admin | {"content-type": "application/json"}
    answer = await client.request(operation.method, path, content=json.dumps(body), headers=json_sent)
    assert_documented(answer, operation.id)
    assert answer.status_code < 500


async def test_bodies_are_json_and_bounded(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    form = admin | {"content-type": "application/x-www-form-urlencoded"}
    assert_problem(
        await client.post("/admin/keys", content="name=a&plan=free", headers=form), 415, "unsupported_media_type"
    )
    assert_problem(
        await client.post("/admin/keys", content="name=a&plan=free", headers=admin), 415, "unsupported_media_type"
    )
    large = {"name": "a" * 70_000, "plan": "free"}
    assert_problem(await client.post("/admin/keys", json=large, headers=admin), 413, "body_too_large")


async def test_methods_are_those_of_the_document(client: httpx2.AsyncClient, admin: dict[str, str]) -> None:
    answer = await client.put("/admin/keys", headers=admin)
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.options("/admin/keys")).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.head("/admin/keys", headers=admin)).status_code == 200


async def test_callers_without_a_key_can_read_their_plan(client: httpx2.AsyncClient) -> None:
    me = assert_documented(await client.get("/v1/me"), "get_v1_me")["data"]
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
async def test_an_invalid_key_is_refused_and_not_repeated(
    client: httpx2.AsyncClient, fields: dict[str, str], status: int, code: str
) -> None:
    answer = await client.get("/v1/me", headers=fields)
    assert_problem(answer, status, code)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    for value in fields.values():
        assert value.split()[-1] not in answer.text + str(answer.headers)


async def test_the_document_is_valid_committed_and_served(client: httpx2.AsyncClient) -> None:
    """The committed document is written by `briefing contract`."""
    validate(document())
    committed = Path(__file__).parents[2] / "openapi" / "admin.json"
    assert committed.read_text(encoding="utf-8") == text()
    assert (await client.get("/admin/openapi.json")).json() == document()
    document_text = text()
    assert not [
        name for name in document()["components"]["schemas"] if f'"#/components/schemas/{name}"' not in document_text
    ]
