"""The operations for holders of the scope admin, each a row: its path, its body, its answer, and its function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from api.access import plan as plans
from api.access.keys import CreatedKey, Expiry, Keys, NewKey
from api.access.lifetime import read_duration, read_expiry
from api.access.plans import Plans
from api.rest.access import bodies
from api.store.access import AccessStore

PAGE = 100
JsonObject = dict[str, Any]


@dataclass(frozen=True)
class AdminRequest:
    """A request by `actor`: the value in its path, its body, and where its page begins. `key_expiry` is the time at
    which the actor's key expires; None if it does not."""

    store: AccessStore
    environment: str
    actor: str
    path_value: str = ""
    body: Any = None
    cursor: str | None = None
    limit: int = PAGE
    key_expiry: datetime | None = None

    @property
    def keys(self) -> Keys:
        """The keys, as this actor changes them."""
        return Keys(self.store, self.environment, self.actor, self.key_expiry)

    @property
    def plans(self) -> Plans:
        """The plans, as this actor changes them."""
        return Plans(self.store, self.actor)


@dataclass(frozen=True)
class AdminOperation:
    """An operation. `answers` is the model of the data, or of each of its rows if there are `many`. `place` is the
    field whose value is the cursor of a page; empty if there are no pages. `parameter` describes the name in the path.
    """

    id: str
    method: str
    path: str
    summary: str
    answers: type[BaseModel] | None
    handle: Callable[[AdminRequest], Awaitable[Any]]
    takes: type[BaseModel] | None = None
    status: int = 200
    many: bool = False
    place: str = ""
    parameter: str = ""


async def list_keys(request: AdminRequest) -> list[JsonObject]:
    """Return the keys of a page, and one more if there is another page."""
    return [dict(row) for row in await request.keys.page(request.limit + 1, request.cursor)]


async def create_key(request: AdminRequest) -> JsonObject:
    """Create a key and return it."""
    body: bodies.KeyWanted = request.body
    new_key = NewKey(body.name, body.plan, tuple(body.scopes), _read_expiry(body.expires), tuple(body.origins))
    return _created_key(await request.keys.create(new_key))


async def get_key(request: AdminRequest) -> JsonObject:
    """Return one key."""
    return dict(await request.keys.get(request.path_value))


async def rotate_key(request: AdminRequest) -> JsonObject:
    """Rotate a key and return the one that takes its place."""
    body: bodies.Rotation = request.body
    expiry = _read_expiry(body.expires)
    return _created_key(await request.keys.rotate(request.path_value, read_duration(body.overlap), expiry))


async def revoke_key(request: AdminRequest) -> JsonObject:
    """Revoke a key and return it."""
    body: bodies.Revocation = request.body
    return dict(await request.keys.revoke(request.path_value, body.reason))


async def list_plans(request: AdminRequest) -> list[JsonObject]:
    """Return all plans."""
    return [dict(row) for row in await request.plans.all()]


async def create_plan(request: AdminRequest) -> JsonObject:
    """Create a plan and return it."""
    body: bodies.PlanWanted = request.body
    values = body.model_dump() | {"formats": tuple(body.formats)}
    return asdict(await request.plans.create(plans.Plan(**values)))


async def change_plan(request: AdminRequest) -> JsonObject:
    """Change a plan and return it."""
    body: bodies.PlanChange = request.body
    changes = body.model_dump(exclude_none=True)
    if "formats" in changes:
        changes["formats"] = tuple(changes["formats"])
    return asdict(await request.plans.change(request.path_value, **changes))


async def remove_plan(request: AdminRequest) -> None:
    """Remove a plan. The answer has no body."""
    await request.plans.remove(request.path_value)


async def list_audit(request: AdminRequest) -> list[JsonObject]:
    """Return the entries of a page, and one more if there is another page."""
    cursor = int(request.cursor) if request.cursor else None
    rows = await request.store.read("audit", cursor, request.limit + 1)
    return [dict(row) | {"detail": orjson.loads(row["detail"])} for row in rows]


def _read_expiry(text: str | None) -> Expiry:
    if not text:
        return None
    return read_expiry(text)


def _created_key(key: CreatedKey) -> JsonObject:
    return {**key.row, "key": key.secret.text}


KEYS, KEY, PLANS, PLAN = "/admin/keys", "/admin/keys/{id}", "/admin/plans", "/admin/plans/{name}"
AN_ID, A_NAME = "The id of the key.", "The name of the plan."
OPERATIONS = (
    AdminOperation(
        "list_keys", "GET", KEYS, "List keys, newest first", bodies.Key, list_keys, many=True, place="id"
    ),
    AdminOperation("create_key", "POST", KEYS, "Create a key", bodies.KeyMade, create_key, bodies.KeyWanted, 201),
    AdminOperation("get_key", "GET", KEY, "Get one key by its id", bodies.Key, get_key, parameter=AN_ID),
    AdminOperation(
        "rotate_key", "POST", f"{KEY}/rotate", "Rotate a key, with an overlap in which both keys work",
        bodies.KeyMade, rotate_key, bodies.Rotation, 201, parameter=AN_ID,
    ),
    AdminOperation(
        "revoke_key", "POST", f"{KEY}/revoke", "Revoke a key, effective everywhere within a second",
        bodies.Key, revoke_key, bodies.Revocation, parameter=AN_ID,
    ),
    AdminOperation("list_plans", "GET", PLANS, "List plans", bodies.PlanKept, list_plans, many=True),
    AdminOperation("create_plan", "POST", PLANS, "Create a plan", bodies.Plan, create_plan, bodies.PlanWanted, 201),
    AdminOperation(
        "change_plan", "PATCH", PLAN, "Change a plan, effective everywhere within a second",
        bodies.Plan, change_plan, bodies.PlanChange, parameter=A_NAME,
    ),
    AdminOperation(
        "remove_plan", "DELETE", PLAN, "Delete a plan that no key ever had", None, remove_plan, status=204,
        parameter=A_NAME,
    ),
    AdminOperation(
        "list_audit", "GET", "/admin/audit", "List the audit log of keys and plans, latest first",
        bodies.Entry, list_audit, many=True, place="seq",
    ),
)  # fmt: skip
