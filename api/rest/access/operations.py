"""The operations for holders of the scope admin, each a row: its path, its body, its answer, and its function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from api.access import plan as plans
from api.access.keys import CreatedKey, Keys, NewKey
from api.access.lifetime import read_duration, read_expiry
from api.access.plans import Plans
from api.rest.access import bodies
from api.store.access import AccessStore

PAGE = 100


@dataclass(frozen=True)
class AdminRequest:
    """A request by `actor`: the name in its path, its body, and where its page begins. `ends` is the time at which the
    actor's key expires; None if it does not."""

    store: AccessStore
    environment: str
    actor: str
    named: str = ""
    body: Any = None
    cursor: str | None = None
    limit: int = PAGE
    ends: datetime | None = None

    @property
    def keys(self) -> Keys:
        """The keys, as this actor changes them."""
        return Keys(self.store, self.environment, self.actor, self.ends)

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


async def list_keys(asked: AdminRequest) -> Any:
    """Return the keys of a page, and one more if there is another page."""
    return [dict(row) for row in await asked.keys.page(asked.limit + 1, asked.cursor)]


async def create_key(asked: AdminRequest) -> Any:
    """Create a key and return it."""
    body: bodies.KeyWanted = asked.body
    expiry = read_expiry(body.expires) if body.expires else None
    return _told(await asked.keys.create(NewKey(body.name, body.plan, tuple(body.scopes), expiry)))


async def get_key(asked: AdminRequest) -> Any:
    """Return one key."""
    return dict(await asked.keys.get(asked.named))


async def rotate_key(asked: AdminRequest) -> Any:
    """Rotate a key and return the one that takes its place."""
    body: bodies.Rotation = asked.body
    expiry = read_expiry(body.expires) if body.expires else None
    return _told(await asked.keys.rotate(asked.named, read_duration(body.overlap), expiry))


async def revoke_key(asked: AdminRequest) -> Any:
    """Revoke a key and return it."""
    body: bodies.Revocation = asked.body
    return dict(await asked.keys.revoke(asked.named, body.reason))


async def list_plans(asked: AdminRequest) -> Any:
    """Return all plans."""
    return [dict(row) for row in await asked.plans.all()]


async def create_plan(asked: AdminRequest) -> Any:
    """Create a plan and return it."""
    body: bodies.PlanWanted = asked.body
    values = body.model_dump() | {"formats": tuple(body.formats)}
    return asdict(await asked.plans.create(plans.Plan(**values)))


async def change_plan(asked: AdminRequest) -> Any:
    """Change a plan and return it."""
    body: bodies.PlanChange = asked.body
    changes = body.model_dump(exclude_none=True)
    if "formats" in changes:
        changes["formats"] = tuple(changes["formats"])
    return asdict(await asked.plans.change(asked.named, **changes))


async def remove_plan(asked: AdminRequest) -> Any:
    """Remove a plan. The answer has no body."""
    await asked.plans.remove(asked.named)


async def list_audit(asked: AdminRequest) -> Any:
    """Return the entries of a page, and one more if there is another page."""
    cursor = int(asked.cursor) if asked.cursor else None
    rows = await asked.store.read("audit", cursor, asked.limit + 1)
    return [dict(row) | {"detail": orjson.loads(row["detail"])} for row in rows]


def _told(made: CreatedKey) -> Mapping[str, Any]:
    return {**made.row, "key": made.secret.text}


KEYS, KEY, PLANS, PLAN = "/admin/keys", "/admin/keys/{id}", "/admin/plans", "/admin/plans/{name}"
AN_ID, A_NAME = "The key's id.", "The plan's name."
OPERATIONS = (
    AdminOperation(
        "list_keys", "GET", KEYS, "List keys, the newest first", bodies.Key, list_keys, many=True, place="id"
    ),
    AdminOperation("create_key", "POST", KEYS, "Make a key", bodies.KeyMade, create_key, bodies.KeyWanted, 201),
    AdminOperation("get_key", "GET", KEY, "Get one key by its id", bodies.Key, get_key, parameter=AN_ID),
    AdminOperation(
        "rotate_key", "POST", f"{KEY}/rotate", "Make a key in the place of another, which works on for a while",
        bodies.KeyMade, rotate_key, bodies.Rotation, 201, parameter=AN_ID,
    ),
    AdminOperation(
        "revoke_key", "POST", f"{KEY}/revoke", "Revoke a key, everywhere within a second",
        bodies.Key, revoke_key, bodies.Revocation, parameter=AN_ID,
    ),
    AdminOperation("list_plans", "GET", PLANS, "List plans", bodies.PlanKept, list_plans, many=True),
    AdminOperation("create_plan", "POST", PLANS, "Make a plan", bodies.Plan, create_plan, bodies.PlanWanted, 201),
    AdminOperation(
        "change_plan", "PATCH", PLAN, "Change a plan, everywhere within a second",
        bodies.Plan, change_plan, bodies.PlanChange, parameter=A_NAME,
    ),
    AdminOperation(
        "remove_plan", "DELETE", PLAN, "Remove a plan that was never given", None, remove_plan, status=204,
        parameter=A_NAME,
    ),
    AdminOperation(
        "list_audit", "GET", "/admin/audit", "List what was done to keys and plans, the latest first",
        bodies.Entry, list_audit, many=True, place="seq",
    ),
)  # fmt: skip
