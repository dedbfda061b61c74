"""The answers to requests as OpenAPI responses: the data, 304, and each row of the table of problems."""

from __future__ import annotations

from operator import attrgetter

from api.catalog import Version
from api.http.problems import MEDIA_TYPE, PROBLEMS, Problem
from api.rest.examples import Example
from api.rest.schemas import Schema, array, enum, ref, structure

HEADERS: dict[str, str] = {
    "X-Request-Id": "The id of the request: the one that the client sent, or a generated one. A problem repeats it.",
    "Server-Timing": "The duration in milliseconds: `db` in the store and `total` overall [W3C Server Timing].",
    "Cache-Control": "The caching rules [RFC 9111]: data is revalidated by its ETag, and problems are not cached.",
    "Vary": "The header fields of the request that the response depends on.",
    "ETag": "A strong validator of the response, for `If-None-Match` [RFC 9110].",
    "Edition": "The number of the last edition that changed the data of the response.",
    "Freshness": "`unconfirmed` if the response may be out of date, because the primary store is unavailable.",
    "Link": '`<…>; rel="next"` if there is a next page. For an export `rel="describedby"`, its Data Package '
    "[RFC 8288].",
    "Memento-Datetime": "The time at which the state in the response was first known, if the request names an "
    "edition [RFC 7089].",
    "Content-Location": "The permanent URL of this response, which names its edition [RFC 9110].",
    "Surrogate-Key": "`editions` if shared caches may keep the response until it is purged.",
    "Accept-Ranges": "`none`: range requests are not supported, so an export cannot be resumed [RFC 9110].",
    "Content-Disposition": "The suggested file name [RFC 6266].",
    "Content-Encoding": "`gzip` if the request accepts it and the body is large enough.",
    "Retry-After": "The seconds to wait before a retry.",
    "RateLimit-Cost": "The points that the request cost after refunds.",
    "RateLimit": "For each limit, the remaining points (`r`) and the seconds until it is full (`t`) [IETF draft, "
    "RFC 9651].",
    "RateLimit-Policy": "For each limit, its capacity in points (`q`) and the seconds to fill it when empty (`w`).",
    "Deprecation": "The time since which the version is deprecated, if it is [RFC 9745].",
    "Sunset": "The time from which a deprecated version may no longer be served [RFC 8594].",
    "Deprecated-Use": "The deprecated parts that the request uses, each with its replacement as `instead` [RFC 9651].",
    "WWW-Authenticate": "The authentication scheme, and the error of the given key [RFC 6750].",
}
NUMBERS = ("Retry-After", "RateLimit-Cost", "Edition")
# Header fields that an answer may lack although its description names them.
LIFECYCLE = ("Deprecation", "Sunset", "Deprecated-Use")
# Sent by versions that show editions. Two of them need an edition in the request.
OF_EDITIONS = ("Memento-Datetime", "Content-Location", "Surrogate-Key")
SOMETIMES = {
    "Accept-Ranges",
    "Freshness",
    *OF_EDITIONS,
    "Link",
    "Content-Encoding",
    "RateLimit-Cost",
    "RateLimit",
    "RateLimit-Policy",
    *LIFECYCLE,
}
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
# Of an answer that was read, not of a 304.
OF_READS = ("Edition", "Freshness")
OF_EXPORTS = (*OF_PROBLEMS, *OF_LIMITS, *OF_READS, "Content-Disposition", "Content-Encoding", "Link", *LIFECYCLE)

# Problems that a request for a record can get and one for a list cannot, and those that no GET can get.
ONLY_RECORDS = {"not_found", "withdrawn"}
NEVER = {"method_not_allowed", "unsupported_media_type", "conflict"}


def list_responses(version: Version, schema: Schema, example: Example | None) -> Schema:
    """Return the responses of a list."""
    headers = (*OF_DATA, *OF_READS, "Link", *_in_time(version, OF_EDITIONS))
    return _responses("A page of records.", schema, example, headers, ONLY_RECORDS)


def count_responses(version: Version, schema: Schema, example: Example | None) -> Schema:
    """Return the responses of counts."""
    return _responses("The counts.", schema, example, _headers_of_groups(version), ONLY_RECORDS)


def series_responses(version: Version, schema: Schema, example: Example | None) -> Schema:
    """Return the responses of series."""
    return _responses("The series.", schema, example, _headers_of_groups(version), ONLY_RECORDS)


def groups_file_responses(version: Version, media_type: str, schema: Schema, about: str) -> Schema:
    """Return the responses of a file with counts or series."""
    headers = (*_headers_of_groups(version), "Content-Disposition")
    return _responses(about, schema, None, headers, ONLY_RECORDS, media_type)


def _headers_of_groups(version: Version) -> tuple[str, ...]:
    return (*OF_DATA, *OF_READS, *_in_time(version, (*OF_EDITIONS, "Link")))


def record_responses(version: Version, schema: Schema, example: Example | None) -> Schema:
    """Return the responses of one record."""
    headers = (*OF_DATA, *OF_READS, *_in_time(version, (*OF_EDITIONS, "Link")))
    return _responses("The record.", schema, example, headers, set())


def diff_responses(version: Version, schema: Schema, example: Example | None) -> Schema:
    """Return the responses of the differences between two states of a list."""
    headers = (*OF_DATA, *OF_READS, "Link", "Content-Location", "Surrogate-Key")
    return _responses("A page of differences.", schema, example, headers, ONLY_RECORDS)


def revisions_responses(version: Version, schema: Schema, example: Example | None) -> Schema:
    """Return the responses of the revisions of a record."""
    headers = (*OF_DATA, "Edition", "Link", *_in_time(version, OF_EDITIONS))
    return _responses("A page of revisions.", schema, example, headers, set())


def _in_time(version: Version, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of header fields that only versions with a history have."""
    return names if version.history else ()


def export_responses(version: Version, media_type: str, schema: Schema, about: str) -> Schema:
    """Return the responses of an export. It has no ETag, and so no 304."""
    headers = _headers((*OF_EXPORTS, *_in_time(version, ("Memento-Datetime",))))
    response = {"description": about, "headers": headers, "content": {media_type: {"schema": schema}}}
    return {"200": response, **_problem_references(ONLY_RECORDS)}


def feed_responses(media_type: str, schema: Schema, about: str) -> Schema:
    """Return the responses of a feed."""
    headers = _headers((*OF_DATA, *OF_READS, *OF_LIMITS, "Content-Encoding"))
    response = {"description": about, "headers": headers, "content": {media_type: {"schema": schema}}}
    unchanged = {"$ref": "#/components/responses/NotModified"}
    return {"200": response, "304": unchanged, **_problem_references(ONLY_RECORDS)}


def own_responses(schema: Schema, example: Schema) -> Schema:
    """Return the responses of `/vN/me`. It is free, and its answers are never cached."""
    sample = {"sample": {"summary": "A caller with a key", "value": example}}
    content = {"application/json": {"schema": schema, "examples": sample}}
    headers = _headers((*OF_PROBLEMS, *OF_LIMITS, *LIFECYCLE, "Content-Encoding"))
    response = {"description": "The caller and its limits.", "headers": headers, "content": content}
    return {"200": response, **_problem_references(ONLY_RECORDS)}


def shared_responses(version: Version) -> dict[str, Schema]:
    """Return the responses that operations share: that of an unchanged copy, and one for each status of a problem."""
    unchanged = "The client's copy, named in `If-None-Match`, is still current."
    headers = _headers((*OF_DATA, *OF_LIMITS, "Link", *_in_time(version, ("Surrogate-Key",))))
    responses: dict[str, Schema] = {"NotModified": {"description": unchanged, "headers": headers}}
    for problems in _problems_by_status().values():
        responses[_response_name(problems)] = _problem_response(problems)
    return responses


def shared_headers(version: Version) -> dict[str, Schema]:
    """Return the header fields of responses."""
    headers = {}
    for name in HEADERS:
        if name in OF_EDITIONS and not version.history:
            continue
        header = _header(name)
        if name not in SOMETIMES:
            header["required"] = True
        headers[name] = header
    return headers


def problem_schemas() -> dict[str, Schema]:
    """Return the schemas of a problem, of its codes and of its faults."""
    meanings = {problem.code: problem.meaning for problem in PROBLEMS.values()}
    return {
        "Problem": structure(PROBLEM, "A problem document [RFC 9457].", PROBLEM_SOMETIMES),
        "ProblemCode": enum(meanings, "The type of problem."),
        "Fault": structure(FAULT, "A fault of a request."),
    }


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


FAULT: dict[str, Schema] = {
    "parameter": _text("The parameter with the fault. Empty if the fault concerns the whole request."),
    "detail": _text("A description of the fault and of the expected value."),
}
PROBLEM: dict[str, Schema] = {
    "type": {
        "type": "string",
        "format": "uri-reference",
        "description": "A URI reference that identifies the type of problem.",
    },
    "title": _text("The type of problem, in a few words."),
    "status": {"type": "integer", "description": "The HTTP status code."},
    "detail": _text("A description of this occurrence of the problem."),
    "code": ref("ProblemCode"),
    "errors": array(ref("Fault"), "The faults of the request."),
    "request_id": _text("The id of the request, as in `X-Request-Id`."),
}


PROBLEM_SOMETIMES: dict[str, Schema] = {
    "hint": _text("The remedy for the caller."),
    "limit": _text("With status 429: the exceeded limit of the plan."),
    "price": {
        "type": "integer",
        "description": "With status 429: the points that the request costs, if the request was read.",
    },
    "retry_after": {"type": "integer", "description": "With status 429: the seconds to wait before a retry."},
    "violated-policies": array(
        {"type": "string"}, "With status 429: the names of the limits, as in `RateLimit-Policy`."
    ),
}


def _responses(
    about: str,
    schema: Schema,
    example: Example | None,
    headers: tuple[str, ...],
    without: set[str],
    media_type: str = "application/json",
) -> Schema:
    content: Schema = {"schema": schema}
    # A new resource has no example until one was taken from the service, which must start without it.
    if example is not None:
        content["examples"] = {"sample": {"summary": f"GET {example.request}", "value": example.answer}}
    response: Schema = {
        "description": about,
        "headers": _headers((*headers, *OF_LIMITS, "Content-Encoding")),
        "content": {media_type: content},
    }
    unchanged = {"$ref": "#/components/responses/NotModified"}
    return {"200": response, "304": unchanged, **_problem_references(without)}


def _problem_references(without: set[str]) -> Schema:
    """Return references to the responses with problems, by status. A status whose problems are all in `without` is left
    out."""
    references = {}
    for status, problems in _problems_by_status().items():
        if any(problem.code not in without for problem in problems):
            references[str(status)] = {"$ref": f"#/components/responses/{_response_name(problems)}"}
    return references


def _problems_by_status() -> dict[int, list[Problem]]:
    """Return the problems by status, without those that no GET can get."""
    by_status: dict[int, list[Problem]] = {}
    for problem in sorted(PROBLEMS.values(), key=attrgetter("status")):
        if problem.code not in NEVER:
            by_status.setdefault(problem.status, []).append(problem)
    return by_status


def _response_name(problems: list[Problem]) -> str:
    """Return the name of the response with these problems: `InvalidRequest`."""
    return "".join(word.capitalize() for word in problems[0].code.split("_"))


def _problem_response(problems: list[Problem]) -> Schema:
    status = problems[0].status
    headers = _headers(("X-Request-Id", *OF_STATUS.get(status, ())))
    if status in LIMITED:
        headers |= _headers(OF_LIMITS)
    for name in OF_PROBLEMS[1:]:
        headers[name] = _header(name)
    return {
        "description": " ".join(f"`{problem.code}`: {problem.meaning}" for problem in problems),
        "headers": headers,
        "content": {MEDIA_TYPE.decode(): {"schema": ref("Problem")}},
    }


def _headers(names: tuple[str, ...]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(name: str) -> Schema:
    schema: Schema = {"type": "string"}
    if name in NUMBERS:
        schema = {"type": "integer", "minimum": 0}
    return {"description": HEADERS[name], "schema": schema}
