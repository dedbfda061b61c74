"""The bodies of requests and answers as pydantic models. Their docstrings are descriptions in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.access.keys import MAX_ORIGINS, MAX_OVERLAP
from api.access.lifetime import read_duration, read_expiry
from api.access.plan import NUMBERS

Scope = Literal["read", "admin"]
Format = Literal["csv", "ndjson", "geojson"]
NAME = r"^[a-z][a-z0-9_-]{0,39}$"


def _check_duration(text: str) -> str:
    read_duration(text)
    return text


def _check_expiry(text: str) -> str:
    read_expiry(text)
    return text


Line = Annotated[str, Field(min_length=1, max_length=200, examples=["Newsroom of the Daily"])]
Overlap = Annotated[str, AfterValidator(_check_duration), Field(examples=["24h", "7d"])]
Expiry = Annotated[str, AfterValidator(_check_expiry), Field(examples=["90d", "2027-01-01"])]
EXPIRY = "The expiry: a lifetime (m, h, d, w), a day or a time. If null, it expires with the key that creates it."


def _number(name: str, default: Any = ...) -> Any:
    minimum, maximum, description = NUMBERS[name]
    return Field(default, ge=minimum, le=maximum, description=description)


class Body(BaseModel):
    """A request body. Types are not converted, and unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class KeyWanted(Body):
    """A request for a new key."""

    name: Line = Field(description="The holder and the purpose of the key, in one line.")
    plan: str = Field(pattern=NAME, description="The name of the plan.", examples=["free"])
    scopes: list[Scope] = Field(["read"], min_length=1, max_length=2, description="The scopes of the key.")
    expires: Expiry | None = Field(None, description=EXPIRY)
    origins: list[str] = Field(
        [],
        max_length=MAX_ORIGINS,
        description="The web origins that may use the key. If empty, any client may use it.",
        examples=[["https://example.org"]],
    )


class Rotation(Body):
    """Options for the rotation of a key."""

    overlap: Overlap = Field(
        "24h", description=f"The time for which the old key stays valid (m, h, d, w), at most {MAX_OVERLAP.days}d."
    )
    expires: Expiry | None = Field(
        None,
        description="The expiry of the new key. If null, it has the lifetime of the old key, but expires no later "
        "than the key that rotates it.",
    )


class Revocation(Body):
    """The reason for the revocation of a key."""

    reason: Line | None = Field(None, description="The reason, in one line. It is shown to the holder of the key.")


class PlanChange(Body):
    """Changes to a plan. Members that are not given stay as they are."""

    points_minute: int | None = _number("points_minute", None)
    points_day: int | None = _number("points_day", None)
    burst: int | None = _number("burst", None)
    at_once: int | None = _number("at_once", None)
    page_most: int | None = _number("page_most", None)
    export_most: int | None = _number("export_most", None)
    formats: list[Format] | None = Field(None, max_length=3, description="The allowed export formats.")
    trusted_only: bool | None = Field(None, description="True if GraphQL accepts registered documents only.")
    open: bool | None = Field(
        None, description="True if callers without a key are admitted. Applies to the plan `anonymous` only."
    )


class PlanWanted(Body):
    """A request for a new plan."""

    name: str = Field(pattern=NAME, description="The name of the plan.")
    points_minute: int = _number("points_minute")
    points_day: int = _number("points_day")
    burst: int = _number("burst")
    at_once: int = _number("at_once")
    page_most: int = _number("page_most")
    export_most: int = _number("export_most")
    formats: list[Format] = Field([], max_length=3, description="The allowed export formats.")
    trusted_only: bool = Field(False, description="True if GraphQL accepts registered documents only.")


class Key(BaseModel):
    """An API key without its secret text."""

    id: str = Field(description="The id of the key.")
    name: str = Field(description="The holder and the purpose of the key.")
    ending: str = Field(description="The last four characters of the key.")
    plan: str = Field(description="The name of the plan.")
    scopes: list[Scope] = Field(description="The scopes of the key.")
    origins: list[str] = Field(description="The web origins that may use the key. Empty if any client may use it.")
    state: Literal["active", "expired", "revoked"] = Field(
        description="The state of the key. Only an active key is accepted."
    )
    created_at: datetime = Field(description="The time of creation.")
    expires_at: datetime | None = Field(description="The time of expiry. Null if the key does not expire.")
    revoked_at: datetime | None = Field(description="The time of revocation. Null if the key is not revoked.")
    reason: str | None = Field(description="The reason for the revocation.")
    last_used_at: datetime | None = Field(description="The time of the last use, with a delay of about a minute.")
    successor: str | None = Field(description="The id of the key that replaces it after a rotation.")


class KeyMade(Key):
    """A new API key with its secret text."""

    key: str = Field(
        repr=False, description="The secret text of the key. It is shown only once: store it in a safe place."
    )


class Plan(PlanWanted):
    """A plan: the limits of the keys that have it."""

    model_config = ConfigDict(extra="ignore", strict=False)

    open: bool = Field(
        description="True if callers with this plan are admitted. Only the plan `anonymous` can be closed."
    )


class PlanKept(Plan):
    """A plan, with the number of its keys."""

    keys: int = Field(description="The number of active keys with this plan.")


class Entry(BaseModel):
    """An entry of the audit log."""

    seq: int = Field(description="The number of the entry in the log.")
    recorded_at: datetime = Field(description="The time of the action.")
    actor: str = Field(description="The actor: `key: <id>`, `command line: <account>`, or an account of Postgres.")
    subject: Literal["plan", "key", "trusted_document"] = Field(
        description="The type of object that the action applies to."
    )
    id: str = Field(description="The object: the name of a plan, the id of a key or the hash of a document.")
    action: Literal["created", "changed", "rotated", "revoked", "removed"] = Field(description="The action.")
    detail: dict[str, Any] = Field(
        description="The changed members with their new values. For a removal, the removed object."
    )


class Limit(BaseModel):
    """A rate limit: a bucket of points that refills over time."""

    name: str = Field(description="The name of the limit: `minute` or `day`.")
    size: int = Field(description="The capacity in points, which can be spent at once.")
    points: int = Field(description="The points that are refilled in each period.")
    period: int = Field(description="The length of the period in seconds.")
    remaining: int | None = Field(description="The points that are left. Null if the service does not apply limits.")
    reset: float | None = Field(
        description="The seconds until the bucket is full. Null if the service does not apply limits."
    )


class Me(BaseModel):
    """The caller and its limits."""

    identity: str = Field(
        description="The identity that limits are counted by: `key:<id>`, or `ip:<network>` without a key."
    )
    key: str | None = Field(description="The id of the key. Null without a key.")
    name: str = Field(description="The name of the key. Empty without a key.")
    expires_at: str | None = Field(description="The expiry of the key [RFC 3339]. Null if it does not expire.")
    scopes: list[str] = Field(description="The scopes of the key.")
    plan: Plan = Field(description="The plan of the caller.")
    limits: list[Limit] = Field(description="The rate limits and the points that are left.")
