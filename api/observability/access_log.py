"""Log a line for each request: its caller, its route and its cost. No query, no key, no path as it was sent.

JSON is written without structlog, whose pipeline takes 11 µs instead of 5.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from api.access.key import redact
from api.http.request import HttpRequest
from api.middleware.request_middleware import Observer
from api.settings import Settings

MAX_AGENT = 200

log = structlog.get_logger("briefing")


def access_log(settings: Settings) -> Observer | None:
    """Return the observer that writes the line; None if there is no access log. By default there is one if the log is
    JSON."""
    is_json = settings.log_format == "json"
    is_enabled = settings.access_log
    if is_enabled is None:
        is_enabled = is_json
    if not is_enabled:
        return None
    return _write_json if is_json else _write_console


def line(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of a request's line, without those that do not apply to it."""
    context = request.context
    fields: dict[str, Any] = {
        "request_id": request.id,
        "method": request.method,
        "route": context.route,
        "status": context.status,
        "ms": round((context.ended - context.begun) * 1000, 2),
        "bytes": context.bytes_sent,
    }
    if context.cut:
        fields["cut"] = True
    if context.caller is not None:
        fields["caller"] = context.caller.identity
        fields["plan"] = context.caller.plan.name
    if context.version_outdated:
        fields["deprecated_version"] = context.version
    if context.outdated:
        fields["deprecated"] = [part.name for part in context.outdated]
    if context.price is not None:
        fields["price"] = context.price
    points_left = context.points_left
    if points_left is not None:
        fields["points_left"] = points_left
    if context.cache:
        fields["cache"] = context.cache
    if context.store_seconds is not None:
        fields["store_ms"] = round(context.store_seconds * 1000, 2)
    agent = request.header(b"user-agent")
    if agent:
        # A client may have put its key here by mistake.
        fields["agent"] = redact(agent)[:MAX_AGENT]
    return fields


def _write_json(request: HttpRequest) -> None:
    fields = {"timestamp": datetime.now(UTC), "level": "info", "event": "request", **line(request)}
    try:
        stream = sys.stderr.buffer
        stream.write(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        stream.flush()
    except (OSError, ValueError):
        pass  # The log is no longer read, which is no reason to fail a request that is answered.


def _write_console(request: HttpRequest) -> None:
    log.info("request", **line(request))
