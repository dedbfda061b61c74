"""Write errors as GraphQL does: message, locations, path, and in `extensions` the same code that REST returns."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import GraphQLError

from api.errors import BriefingError, InvalidRequest, RateLimited
from api.graphql.document import DocumentRefused
from api.http.problems import DOCUMENT_MOST, PROBLEMS, cut, fault, fitting, limited, without_keys

# graphql-core repeats what it was given, which may be as long as a body.
MESSAGE_MOST = 500
# Locations that one error may have: a variable that is declared 240 times would have 240.
LOCATIONS_MOST = 10
# Bytes that are reserved for the JSON around the errors.
FRAME = 64


def body(error: Exception) -> bytes:
    """Return the body of the response for an error, in at most 8 KB."""
    errors = formatted(error)
    shown = fitting(errors, DOCUMENT_MOST - FRAME)
    if left_out := len(errors) - len(shown):
        shown[0]["extensions"]["left_out"] = left_out
    return without_keys(orjson.dumps({"errors": shown}))


def formatted(error: Exception) -> list[dict[str, Any]]:
    """Return the entries of `errors` for an error. An error that the request did not cause is reported as internal."""
    if isinstance(error, DocumentRefused):
        return [_from_core(one, error.code) for one in error.errors]
    code = getattr(error, "code", "")
    problem = PROBLEMS.get(code, PROBLEMS["internal"])
    message = (
        error.message if isinstance(error, BriefingError) else str(getattr(error, "detail", "")) or problem.meaning
    )
    extensions: dict[str, Any] = {"code": problem.code}
    if isinstance(error, InvalidRequest) and error.faults:
        extensions["errors"] = fitting([fault(one) for one in error.faults], DOCUMENT_MOST // 2)
    if hint := getattr(error, "hint", ""):
        extensions["hint"] = cut(hint, MESSAGE_MOST)
    if isinstance(error, RateLimited):
        extensions |= limited(error)
    message = cut(message, MESSAGE_MOST) if problem.code != "internal" else problem.meaning
    return [{"message": message, "extensions": extensions}]


def noted(note: str) -> dict[str, Any]:
    """Return the error for a record that is not there, from the store's note: [key, place, reason of withdrawal]."""
    key, place, reason = orjson.loads(note)
    path = [key] if place is None else [key, place]
    if reason is None:
        return {"message": "No record has this id.", "path": path, "extensions": {"code": "not_found"}}
    return {
        "message": f"This record was withdrawn: {reason}",
        "path": path,
        "extensions": {"code": "withdrawn", "reason": reason},
    }


def _from_core(error: GraphQLError, code: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"message": cut(error.message, MESSAGE_MOST)}
    if error.locations:
        entry["locations"] = [one.formatted for one in error.locations[:LOCATIONS_MOST]]
    if error.path:
        entry["path"] = error.path[:LOCATIONS_MOST]
    return entry | {"extensions": {"code": code}}
