"""Write errors as GraphQL does: message, locations, path, and in `extensions` the same code that REST returns."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import GraphQLError

from api.errors import BriefingError, InvalidRequest, RateLimited
from api.graphql.document import DocumentRefused
from api.http.problems import (
    MAX_DOCUMENT,
    PROBLEMS,
    Problem,
    cut,
    fault,
    fitting,
    hint_of,
    limit_members,
    without_keys,
)
from api.service.absence import read_note

# graphql-core repeats what it was given, which may be as long as a body.
MAX_MESSAGE = 500
# Locations that one error may have: a variable that is declared 240 times would have 240.
MAX_LOCATIONS = 10
# Bytes that are reserved for the JSON around the errors.
FRAME = 64


def body(error: Exception) -> bytes:
    """Return the body of the response for an error, in at most 8 KB."""
    errors = format_error(error)
    entries = fitting(errors, MAX_DOCUMENT - FRAME)
    left_out = len(errors) - len(entries)
    if left_out:
        entries[0]["extensions"]["left_out"] = left_out
    return without_keys(orjson.dumps({"errors": entries}))


def format_error(error: Exception) -> list[dict[str, Any]]:
    """Return the entries of `errors` for an error. An error that the request did not cause is reported as internal."""
    if isinstance(error, DocumentRefused):
        entries = [_format_core_error(core_error, error.code) for core_error in error.errors]
        if error.hint:
            entries[0]["extensions"]["hint"] = error.hint
        return entries
    code = getattr(error, "code", "")
    problem = PROBLEMS.get(code, PROBLEMS["internal"])
    extensions: dict[str, Any] = {"code": problem.code}
    if isinstance(error, InvalidRequest) and error.faults:
        faults = [fault(item) for item in error.faults]
        extensions["errors"] = fitting(faults, MAX_DOCUMENT // 2)
    hint = hint_of(error, problem)
    if hint:
        extensions["hint"] = cut(hint, MAX_MESSAGE)
    if isinstance(error, RateLimited):
        extensions |= limit_members(error)
    return [{"message": _message(error, problem), "extensions": extensions}]


def _message(error: Exception, problem: Problem) -> str:
    if problem.code == "internal":
        return problem.meaning
    if isinstance(error, BriefingError):
        return cut(error.message, MAX_MESSAGE)
    return cut(str(getattr(error, "detail", "")) or problem.meaning, MAX_MESSAGE)


def error_of_note(note: str) -> dict[str, Any]:
    """Return the error for a missing record, from the store's note."""
    absence = read_note(note)
    path: list[str | int] = [absence.key]
    if absence.place is not None:
        path.append(absence.place)
    if absence.reason is not None:
        return {
            "message": f"This record was withdrawn: {absence.reason}",
            "path": path,
            "extensions": {"code": "withdrawn", "reason": absence.reason},
        }
    if absence.first_known is not None:
        return {
            "message": f"This record was not known then: it was first known at {absence.first_known}.",
            "path": path,
            "extensions": {"code": "not_found", "firstKnown": absence.first_known},
        }
    return {"message": "No record has this id.", "path": path, "extensions": {"code": "not_found"}}


def _format_core_error(error: GraphQLError, code: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"message": cut(error.message, MAX_MESSAGE)}
    if error.locations:
        entry["locations"] = [location.formatted for location in error.locations[:MAX_LOCATIONS]]
    if error.path:
        entry["path"] = error.path[:MAX_LOCATIONS]
    return entry | {"extensions": {"code": code}}
