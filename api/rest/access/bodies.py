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
EXPIRY = "When it expires: after a time (m, h, d, w), or at a day or moment. Null: with the key that creates it."


def _number(name: str, default: Any = ...) -> Any:
    minimum, maximum, description = NUMBERS[name]
    return Field(default, ge=minimum, le=maximum, description=description)


class Body(BaseModel):
    """What is sent. Types are taken as they are, and nothing that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class KeyWanted(Body):
    """A key to be made."""

    name: Line = Field(description="Whose it is and what for, in one line.")
    plan: str = Field(pattern=NAME, description="Its plan.", examples=["free"])
    scopes: list[Scope] = Field(["read"], min_length=1, max_length=2, description="What it may do.")
    expires: Expiry | None = Field(None, description=EXPIRY)
    origins: list[str] = Field(
        [],
        max_length=MAX_ORIGINS,
        description="The origins whose pages may use it; any client may, if there are none.",
        examples=[["https://example.org"]],
    )


class Rotation(Body):
    """How a key is rotated."""

    overlap: Overlap = Field(
        "24h", description=f"How long the old key works still (m, h, d, w), at most {MAX_OVERLAP.days}d."
    )
    expires: Expiry | None = Field(
        None,
        description="When the new key expires. Null: after the lifetime of the old key, or with the key that "
        "rotates it, whichever is sooner.",
    )


class Revocation(Body):
    """Why a key is revoked."""

    reason: Line | None = Field(None, description="In one line; its holder is told.")


class PlanChange(Body):
    """What is to be other about a plan; what is not named stays."""

    points_minute: int | None = _number("points_minute", None)
    points_day: int | None = _number("points_day", None)
    burst: int | None = _number("burst", None)
    at_once: int | None = _number("at_once", None)
    page_most: int | None = _number("page_most", None)
    export_most: int | None = _number("export_most", None)
    formats: list[Format] | None = Field(None, max_length=3, description="Formats of exports.")
    trusted_only: bool | None = Field(None, description="Whether GraphQL takes registered documents only.")
    open: bool | None = Field(None, description="Of the plan anonymous alone: whether who has no key is let in.")


class PlanWanted(Body):
    """A plan to be made."""

    name: str = Field(pattern=NAME, description="What it is called by.")
    points_minute: int = _number("points_minute")
    points_day: int = _number("points_day")
    burst: int = _number("burst")
    at_once: int = _number("at_once")
    page_most: int = _number("page_most")
    export_most: int = _number("export_most")
    formats: list[Format] = Field([], max_length=3, description="Formats of exports.")
    trusted_only: bool = Field(False, description="Whether GraphQL takes registered documents only.")


class Key(BaseModel):
    """A key, as the service knows it: not its text."""

    id: str = Field(description="What it is called by.")
    name: str = Field(description="Whose it is and what for.")
    ending: str = Field(description="Its last four characters.")
    plan: str = Field(description="Its plan.")
    scopes: list[Scope] = Field(description="What it may do.")
    origins: list[str] = Field(description="The origins whose pages may use it; empty if any client may.")
    state: Literal["active", "expired", "revoked"] = Field(description="Whether it works.")
    created_at: datetime = Field(description="When it was made.")
    expires_at: datetime | None = Field(description="When it ends.")
    revoked_at: datetime | None = Field(description="When it was revoked.")
    reason: str | None = Field(description="Why it was revoked.")
    last_used_at: datetime | None = Field(description="When it was last used, a minute late.")
    successor: str | None = Field(description="The id of the key that takes its place.")


class KeyMade(Key):
    """A key that was made now."""

    key: str = Field(repr=False, description="The key. It is told this once; keep it where secrets are kept.")


class Plan(PlanWanted):
    """A plan."""

    model_config = ConfigDict(extra="ignore", strict=False)

    open: bool = Field(description="Whether those who have it are let in; only the plan anonymous can be closed.")


class PlanKept(Plan):
    """A plan, and who has it."""

    keys: int = Field(description="How many keys that work have it.")


class Entry(BaseModel):
    """One thing that was done."""

    seq: int = Field(description="Its number in the log.")
    recorded_at: datetime = Field(description="When.")
    actor: str = Field(description="Who: `key: <id>`, `command line: <account>`, or an account of Postgres.")
    subject: Literal["plan", "key", "trusted_document"] = Field(description="To what kind of thing.")
    id: str = Field(description="To which: a plan's name, a key's id, a document's hash.")
    action: Literal["created", "changed", "rotated", "revoked", "removed"] = Field(description="What.")
    detail: dict[str, Any] = Field(description="What differs since, as it is now; of what was removed, what it was.")


class Limit(BaseModel):
    """A bucket of points."""

    name: str = Field(description="`minute` or `day`.")
    size: int = Field(description="Points that it holds at most, which may be spent at once.")
    points: int = Field(description="Points that come back in a period.")
    period: int = Field(description="Seconds.")
    remaining: int | None = Field(description="Points that are left; null where nobody is held to limits.")
    reset: float | None = Field(description="Seconds until all points are back; null likewise.")


class Me(BaseModel):
    """Who asks, and what they may do."""

    identity: str = Field(description="What limits are counted by: `key:<id>`, or `ip:<network>` without a key.")
    key: str | None = Field(description="The id of the key; null without one.")
    name: str = Field(description="The name of the key; empty without one.")
    expires_at: str | None = Field(description="When the key ends (RFC 3339); null where it does not.")
    scopes: list[str] = Field(description="What the key may do.")
    plan: Plan = Field(description="The plan.")
    limits: list[Limit] = Field(description="How many points there are, and how many are left.")
