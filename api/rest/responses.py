"""The answers to requests as OpenAPI responses: the data, 304, and each row of the table of problems."""

from __future__ import annotations

from itertools import groupby

from api.http.problems import MEDIA_TYPE, PROBLEMS, Problem
from api.rest.examples import Example
from api.rest.schemas import Schema, array, enum, ref, structure

HEADERS: dict[str, str] = {
    "X-Request-Id": "The id of the request, as it was given or as it was made here; a problem repeats it.",
    "Server-Timing": "Milliseconds that the answer took: `db` in the store, `total` in all [W3C Server Timing].",
    "Cache-Control": "How the answer may be kept [RFC 9111]: data is validated by its ETag, a problem is not kept.",
    "Vary": "The request's header fields that the answer depends on.",
    "ETag": "A strong validator of the answer's bytes, for If-None-Match [RFC 9110].",
    "Edition": "The number of the last change of the resources that the answer was read from.",
    "Link": '`<…>; rel="next"` where a page follows [RFC 8288].',
    "Accept-Ranges": "`none`: no part of an answer can be requested, so an export cannot be resumed [RFC 9110].",
    "Content-Disposition": "A name for the file [RFC 6266].",
    "Content-Encoding": "`gzip` where the request accepts it and the body is worth it.",
    "Retry-After": "Seconds to wait before trying again.",
    "RateLimit-Cost": "The points that the request cost in the end.",
    "RateLimit": "Of each limit the points left (`r`) and the seconds until all are back (`t`) [IETF draft, RFC 9651].",
    "RateLimit-Policy": "Of each limit its points (`q`) and the seconds in which an empty one fills (`w`).",
    "Deprecation": "Since when the version is deprecated, where it is [RFC 9745].",
    "Sunset": "From when a deprecated version may no longer be served [RFC 8594].",
    "Deprecated-Use": "The deprecated parts that the request uses, each with what to do `instead` [RFC 9651].",
    "WWW-Authenticate": "How to say who asks, and what was wrong with what was said [RFC 6750].",
}
NUMBERS = ("Retry-After", "RateLimit-Cost", "Edition")
# Header fields that an answer may lack although its description names them.
LIFECYCLE = ("Deprecation", "Sunset", "Deprecated-Use")
SOMETIMES = {"Accept-Ranges", "Link", "Content-Encoding", "RateLimit-Cost", "RateLimit", "RateLimit-Policy", *LIFECYCLE}
# Sent if the caller is known and has limits. A request that is refused before that does not get them.
OF_LIMITS = ("RateLimit-Cost", "RateLimit", "RateLimit-Policy")
LIMITED = {400, 403, 404, 406, 410, 429, 503}
# A refusal by the HTTP server itself has only the first of these.
OF_PROBLEMS = ("X-Request-Id", "Server-Timing", "Cache-Control", "Vary", "Accept-Ranges")
OF_STATUS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
OF_DATA = (*OF_PROBLEMS, "ETag", *LIFECYCLE)
OF_EXPORTS = (*OF_PROBLEMS, *OF_LIMITS, "Edition", "Content-Disposition", "Content-Encoding", *LIFECYCLE)

# Problems that a request for a record can get and one for a list cannot, and those that no GET can get.
ONLY_RECORDS = {"not_found", "withdrawn"}
NEVER = {"method_not_allowed", "unsupported_media_type", "conflict"}


def list_responses(schema: Schema, example: Example | None) -> Schema:
    """Return the responses of a list."""
    return _responses("A page of records.", schema, example, (*OF_DATA, "Edition", "Link"), ONLY_RECORDS)


def record_responses(schema: Schema, example: Example | None) -> Schema:
    """Return the responses of one record."""
    return _responses("The record.", schema, example, (*OF_DATA, "Edition"), set())


def export_responses(media_type: str, schema: Schema, about: str) -> Schema:
    """Return the responses of an export. It has no ETag, and so no 304."""
    answered = {"description": about, "headers": _headers(OF_EXPORTS), "content": {media_type: {"schema": schema}}}
    return {"200": answered, **_problems(ONLY_RECORDS)}


def own_responses(schema: Schema, example: Schema) -> Schema:
    """Return the responses of `/vN/me`. It is free, and its answers are never cached."""
    sample = {"sample": {"summary": "What the holder of a key is told", "value": example}}
    content = {"application/json": {"schema": schema, "examples": sample}}
    headers = _headers((*OF_PROBLEMS, *OF_LIMITS, *LIFECYCLE, "Content-Encoding"))
    return {"200": {"description": "Who asks.", "headers": headers, "content": content}, **_problems(ONLY_RECORDS)}


def shared_responses() -> dict[str, Schema]:
    """Return the responses that operations share: that of an unchanged copy, and one for each status of a problem."""
    unchanged = "The client's copy, named in If-None-Match, is still this answer."
    headers = _headers((*OF_DATA, *OF_LIMITS, "Link"))
    problems = {_name(rows): _problem(rows) for rows in _by_status().values()}
    return {"NotModified": {"description": unchanged, "headers": headers}, **problems}


def shared_headers() -> dict[str, Schema]:
    """Return the header fields of responses."""
    return {name: _header(name) | ({} if name in SOMETIMES else {"required": True}) for name in HEADERS}


def problem_schemas() -> dict[str, Schema]:
    """Return the schemas of a problem, of its codes and of its faults."""
    codes = enum({one.code: one.meaning for one in PROBLEMS.values()}, "What kind of problem it is.")
    return {
        "Problem": structure(PROBLEM, "What went wrong [RFC 9457].", {"hint": _text("What to do about it.")}),
        "ProblemCode": codes,
        "Fault": structure(FAULT, "One thing that is wrong with a request."),
    }


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


FAULT: dict[str, Schema] = {
    "parameter": _text("The parameter that it is about; empty where it is about the whole request."),
    "detail": _text("What is wrong with it, and what was expected."),
}
PROBLEM: dict[str, Schema] = {
    "type": {"type": "string", "format": "uri-reference", "description": "The kind of problem, as a reference."},
    "title": _text("The kind of problem, in a few words."),
    "status": {"type": "integer", "description": "The status of the response."},
    "detail": _text("What went wrong this time."),
    "code": ref("ProblemCode"),
    "errors": array(ref("Fault"), "Each thing that is wrong with the request."),
    "request_id": _text("The id of the request, as in X-Request-Id."),
}


def _responses(
    about: str, schema: Schema, example: Example | None, headers: tuple[str, ...], without: set[str]
) -> Schema:
    content: Schema = {"schema": schema}
    # A new resource has no example until one was taken from the service, which must start without it.
    if example is not None:
        content["examples"] = {"sample": {"summary": f"GET {example.request}", "value": example.answer}}
    answered: Schema = {
        "description": about,
        "headers": _headers((*headers, *OF_LIMITS, "Content-Encoding")),
        "content": {"application/json": content},
    }
    return {"200": answered, "304": {"$ref": "#/components/responses/NotModified"}, **_problems(without)}


def _problems(without: set[str]) -> Schema:
    met = {status: rows for status, rows in _by_status().items() if any(one.code not in without for one in rows)}
    return {str(status): {"$ref": f"#/components/responses/{_name(rows)}"} for status, rows in met.items()}


def _by_status() -> dict[int, list[Problem]]:
    """Return the problems by status, without those that no GET can get."""
    rows = sorted((one for one in PROBLEMS.values() if one.code not in NEVER), key=lambda one: one.status)
    return {status: list(group) for status, group in groupby(rows, key=lambda one: one.status)}


def _name(rows: list[Problem]) -> str:
    """Return the name of the response with these problems: `InvalidRequest`."""
    return "".join(word.capitalize() for word in rows[0].code.split("_"))


def _problem(rows: list[Problem]) -> Schema:
    status = rows[0].status
    extra = (*OF_STATUS.get(status, ()), *(OF_LIMITS if status in LIMITED else ()))
    headers = (
        {"X-Request-Id": _ref("X-Request-Id")}
        | {name: _ref(name) for name in extra}
        | {name: _header(name) for name in OF_PROBLEMS[1:]}
    )
    return {
        "description": " ".join(f"`{one.code}`: {one.meaning}" for one in rows),
        "headers": headers,
        "content": {MEDIA_TYPE.decode(): {"schema": ref("Problem")}},
    }


def _headers(names: tuple[str, ...]) -> dict[str, Schema]:
    return {name: _ref(name) for name in names}


def _ref(header: str) -> Schema:
    return {"$ref": f"#/components/headers/{header}"}


def _header(name: str) -> Schema:
    kind = {"type": "integer", "minimum": 0} if name in NUMBERS else {"type": "string"}
    return {"description": HEADERS[name], "schema": kind}
