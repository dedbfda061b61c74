"""Errors as GraphQL tells them: message, locations, path, and in `extensions` the same code that REST gives."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import GraphQLError

from api.errors import BriefingError, InvalidRequest, RateLimited
from api.graphql.document import Refused
from api.http.problems import PROBLEMS, limited

# graphql-core repeats what it was given, which may be as long as a body.
MESSAGE_MOST = 500


def formatted(error: Exception) -> list[dict[str, Any]]:
    """The entries of `errors` for what stopped a request. What is not ours to tell is told as internal."""
    if isinstance(error, Refused):
        return [_from_core(one, error.code) for one in error.errors]
    code = getattr(error, "code", "")
    problem = PROBLEMS.get(code, PROBLEMS["internal"])
    message = (
        error.message if isinstance(error, BriefingError) else str(getattr(error, "detail", "")) or problem.meaning
    )
    extensions: dict[str, Any] = {"code": problem.code}
    if isinstance(error, InvalidRequest) and error.faults:
        extensions["errors"] = [{"parameter": one.where, "detail": one.detail} for one in error.faults]
    if hint := getattr(error, "hint", ""):
        extensions["hint"] = hint
    if isinstance(error, RateLimited):
        extensions |= limited(error)
    return [{"message": message if problem.code != "internal" else problem.meaning, "extensions": extensions}]


def noted(note: str) -> dict[str, Any]:
    """The error for a record that is not there, from the store's note: [key, place, reason of withdrawal]."""
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
    message = error.message if len(error.message) <= MESSAGE_MOST else f"{error.message[:MESSAGE_MOST]} …"
    return {**error.formatted, "message": message, "extensions": {"code": code}}
