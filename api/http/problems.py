"""Errors as problem documents (RFC 9457): the one table from an error's code to a status, a title and its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from api.access.key import redact
from api.catalog import VERSIONS
from api.errors import (
    BriefingError,
    Fault,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    Unknown,
)
from api.suggest import with_suggestions

MEDIA_TYPE = b"application/problem+json"
# Bytes of a problem document; letters of a parameter, a detail and a hint; bytes reserved for the last sentence.
MAX_DOCUMENT = 8192
MAX_WHERE = 200
MAX_DETAIL = 1000
MAX_HINT = 500
# Letters of a path that are repeated.
MAX_PATH = 200
ROOM = 64
VERSION = re.compile(r"v\d{1,9}")


@dataclass(frozen=True)
class Problem:
    """A kind of problem: what `type` and `code` stand for."""

    code: str
    status: int
    title: str
    meaning: str


def _by_code(*problems: Problem) -> dict[str, Problem]:
    """Return problems by their codes."""
    return {problem.code: problem for problem in problems}


PROBLEMS = _by_code(
    Problem("invalid_request", 400, "Invalid request", "A parameter or argument is unknown, malformed or missing."),
    Problem("invalid_cursor", 400, "Invalid cursor", "The cursor is damaged or belongs to another list."),
    Problem("too_expensive", 400, "Too expensive", "The price of the request exceeds the maximum."),
    Problem("unauthenticated", 401, "Unauthenticated", "A key is required, as `Authorization: Bearer` or `X-API-Key`."),
    Problem("invalid_key", 401, "Invalid key", "The key is mistyped, truncated or unknown."),
    Problem("expired_key", 401, "Expired key", "The key has expired."),
    Problem("revoked_key", 401, "Revoked key", "The key was revoked."),
    Problem(
        "forbidden",
        403,
        "Forbidden",
        "The key or its plan does not allow this. The response names what is missing.",
    ),
    Problem("not_found", 404, "Not found", "The path does not exist, or no record has this id."),
    Problem("method_not_allowed", 405, "Method not allowed", "The path does not support this method."),
    Problem("not_acceptable", 406, "Not acceptable", "None of the accepted media types is available."),
    Problem("request_timeout", 408, "Request timeout", "The request was not sent in time."),
    Problem("conflict", 409, "Conflict", "The request conflicts with the current state, such as a name that is taken."),
    Problem("withdrawn", 410, "Withdrawn", "The record was withdrawn. The response contains the reason."),
    Problem("retired", 410, "Retired", "This version is no longer served. The response names one that is."),
    Problem("body_too_large", 413, "Body too large", "The body exceeds the maximum size."),
    Problem("uri_too_long", 414, "URI too long", "The path and query exceed the maximum length."),
    Problem(
        "unsupported_media_type",
        415,
        "Unsupported media type",
        "The media type or encoding of the body is not supported.",
    ),
    Problem(
        "rate_limited",
        429,
        "Too many requests",
        "A limit of the caller's plan does not have enough left for the request.",
    ),
    Problem("headers_too_large", 431, "Header fields too large", "The header fields exceed the maximum size."),
    Problem("internal", 500, "Internal error", "The service failed. The request id identifies the error in its log."),
    Problem("unavailable", 503, "Unavailable", "The store is not available. Retry after the time in `Retry-After`."),
    Problem("timed_out", 503, "Timed out", "The request took longer in the store than the time limit allows."),
)


class HTTPError(Exception):
    """A problem of HTTP's own, such as a method that is not allowed; `headers` go out with it."""

    def __init__(self, code: str, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = headers


def method_not_allowed(methods: Iterable[str]) -> HTTPError:
    """Return the error for a path that has only these methods."""
    # A route holds its methods in a set: sorted, the answer is the same in each process.
    allowed = ", ".join(sorted(methods))
    return HTTPError("method_not_allowed", f"Allowed here: {allowed}.", ((b"allow", allowed.encode()),))


def no_such_path(path: str) -> HTTPError | NotFound:
    """Return the error for a path that does not exist. If it is nearly a path of a version, the error names that."""
    name = path.strip("/").partition("/")[0]
    if VERSION.fullmatch(name) and name not in VERSIONS:
        detail = f"There is no version {name} here; there is {_list_served_versions()}. /versions lists them."
        return HTTPError("not_found", detail)
    contract = f"/{name}/openapi.json" if name in VERSIONS else "/versions"
    message = f"There is nothing at {path[:MAX_PATH]}; see {contract} for what there is."
    return NotFound(message, unknown=_find_unknown_list(path))


def _list_served_versions() -> str:
    return ", ".join(version.name for version in VERSIONS.values() if version.lifecycle.status != "retired")


def _find_unknown_list(path: str) -> Unknown | None:
    """Return the name in a path that may be that of a list, among the lists of its version; None if none can be meant.
    A path without a version is one of the newest."""
    if len(path) > MAX_PATH:
        return None
    stripped = path.strip("/")
    first_part, _, path_in_version = stripped.partition("/")
    version = VERSIONS.get(first_part.lower())
    if version is None:
        version = list(VERSIONS.values())[-1]
        path_in_version = stripped
    file_name, slash, below = path_in_version.partition("/")
    name, dot, suffix = file_name.partition(".")
    if not name:
        return None
    lists = [resource.plural for resource in version.lists.values()]
    before = f"/{version.name}/"
    after = f"{dot}{suffix}{slash}{below}"
    if name in lists and path == f"{before}{name}{after}":
        return None
    return Unknown(name, lists, before, after)


def document(
    error: Exception, request_id: str, suggestions: bool = True, public_url: str = ""
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return status, header fields and body for an error. With `suggestions`, unknown names in it get the nearest valid
    one. The kind of problem is a URL below `public_url`, or a path without one. An error that the request did not cause
    is reported as internal. The body has at most 8 KB."""
    if suggestions and isinstance(error, BriefingError):
        error = with_suggestions(error)
    problem = PROBLEMS.get(getattr(error, "code", ""), PROBLEMS["internal"])
    body: dict[str, Any] = {
        "type": f"{public_url}/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": cut(_read_detail(error, problem), MAX_DETAIL),
        "code": problem.code,
        "errors": [],
        "request_id": request_id,
    }
    hint = hint_of(error, problem)
    if hint:
        body["hint"] = cut(hint, MAX_HINT)
    if isinstance(error, RateLimited):
        body |= limit_members(error)
    if isinstance(error, InvalidRequest):
        _list_faults(body, error)
    return problem.status, headers_of(error), without_keys(orjson.dumps(body))


def hint_of(error: Exception, problem: Problem) -> str:
    """Return the remedy for the caller; empty if there is none. What helps against internal errors is for operators."""
    if problem.code == "internal":
        return ""
    return str(getattr(error, "hint", ""))


def _list_faults(body: dict[str, Any], error: InvalidRequest) -> None:
    """List the faults that fit into the body, and say in `detail` if they are not all."""
    entries = [fault(error_fault) for error_fault in error.faults]
    listed = fitting(entries, MAX_DOCUMENT - len(orjson.dumps(body)) - ROOM)
    body["errors"] = listed
    if error.faults and len(listed) < error.count:
        body["detail"] += f" The first {len(listed)} are listed."


def fitting(entries: list[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """Return as many of the first entries as fit into `room` bytes of JSON."""
    fitting_entries = []
    for entry in entries:
        room -= len(orjson.dumps(entry)) + 1
        if room < 0:
            break
        fitting_entries.append(entry)
    return fitting_entries


def cut(text: str, limit: int) -> str:
    """Return the text, or its first `limit` letters if it is longer."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} …"


def without_keys(body: bytes) -> bytes:
    """Return the body of an error without keys: an error may repeat one that the caller put into the wrong place."""
    return redact(body.decode()).encode()


def headers_of(error: Exception) -> list[tuple[bytes, bytes]]:
    """Return the header fields of an error: its own, Retry-After and WWW-Authenticate."""
    headers: list[tuple[bytes, bytes]] = [*getattr(error, "headers", ())]
    if isinstance(error, Unavailable | RateLimited):
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if isinstance(error, Unauthenticated | Forbidden):
        headers.append((b"www-authenticate", _write_challenge(error).encode()))
    return headers


def _write_challenge(error: Unauthenticated | Forbidden) -> str:
    """Return the value of WWW-Authenticate (RFC 6750, 3). It contains no error if the key is missing."""
    challenge = 'Bearer realm="briefing"'
    if isinstance(error, Forbidden):
        challenge += ', error="insufficient_scope"'
        if error.scope:
            challenge += f', scope="{error.scope}"'
    elif error.code != Unauthenticated.code:
        challenge += f', error="invalid_token", error_description="{PROBLEMS[error.code].meaning}"'
    return challenge


def limit_members(error: RateLimited) -> dict[str, Any]:
    """Return the members of a refusal by a limit. `violated-policies` is the name in the draft of RateLimit."""
    members: dict[str, Any] = {"limit": error.limit}
    if error.price is not None:
        members["price"] = error.price
    members["retry_after"] = error.retry_after
    members["violated-policies"] = [error.limit]
    return members


def fault(source: Fault) -> dict[str, str]:
    """Return one fault of a request, as REST and GraphQL show it."""
    return {"parameter": cut(source.where, MAX_WHERE), "detail": cut(source.detail, MAX_DETAIL)}


def _read_detail(error: Exception, problem: Problem) -> str:
    if problem.code == "internal":
        return problem.meaning
    if isinstance(error, BriefingError):
        return error.message
    return str(getattr(error, "detail", error))
