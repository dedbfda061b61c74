"""A line for each request: who asked what, and what it took. No query, no key, no path as it was sent.

As JSON it is written past structlog, whose pipeline takes 11 µs where this takes 5.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from starlette.types import Scope

from api.access.key import hidden
from api.http.facts import Ended, Facts
from api.http.media import header
from api.settings import Settings

AGENT_MOST = 200

log = structlog.get_logger("briefing")


def access_log(settings: Settings) -> Ended | None:
    """What writes the line, where one is wanted: by default where the log is JSON."""
    wanted = settings.log_format == "json" if settings.access_log is None else settings.access_log
    if not wanted:
        return None
    return _json if settings.log_format == "json" else _console


def line(facts: Facts, scope: Scope) -> dict[str, Any]:
    """The fields of a request, those that apply to it."""
    fields: dict[str, Any] = {
        "request_id": facts.request_id,
        "method": scope["method"],
        "route": facts.route,
        "status": facts.status,
        "ms": round((facts.ended - facts.begun) * 1000, 2),
        "bytes": facts.bytes,
    }
    if facts.cut:
        fields["cut"] = True
    if (caller := scope.get("caller")) is not None:
        fields["caller"] = caller.identity
    if facts.plan:
        fields["plan"] = facts.plan
    if facts.version:
        fields["deprecated_version"] = facts.version
    if facts.outdated:
        fields["deprecated"] = [one.name for one in facts.outdated]
    if facts.price is not None:
        fields["price"] = facts.price
    if facts.left is not None:
        fields["points_left"] = facts.left
    if facts.cache:
        fields["cache"] = facts.cache
    if facts.store_seconds is not None:
        fields["store_ms"] = round(facts.store_seconds * 1000, 2)
    if agent := header(scope, b"user-agent"):
        # A client may have put its key here by mistake.
        fields["agent"] = hidden(agent)[:AGENT_MOST]
    return fields


def _json(facts: Facts, scope: Scope) -> None:
    fields = {"timestamp": datetime.now(UTC), "level": "info", "event": "request", **line(facts, scope)}
    try:
        out = sys.stderr.buffer
        out.write(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        out.flush()
    except (OSError, ValueError):
        pass  # Nobody reads the log any more: no reason to fail a request that is answered.


def _console(facts: Facts, scope: Scope) -> None:
    log.info("request", **line(facts, scope))
