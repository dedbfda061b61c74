"""GraphQL over HTTP: the document that a request carries, and the media type and the status of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from api.errors import Fault, InvalidRequest
from api.graphql.document import DocumentRefused, ParsedDocument, is_mutation
from api.http.json_body import read_json
from api.http.media_types import choose_media_type
from api.http.parameters import Faults, read_pairs
from api.http.problems import PROBLEMS, HTTPError
from api.http.request import HttpRequest

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
MEDIA_TYPE = JSON.encode()
# Values of Accept that nearly all clients send, and the media type that each gets (`media_type`).
ACCEPTED = {b"": JSON, b"*/*": JSON, MEDIA_TYPE: JSON, RESPONSE.encode(): RESPONSE}
HASH = re.compile(r"[0-9a-f]{64}")
# Objects and lists in the variables: ten times what a filter may hold. graphql-core took 75 ms over 15,000.
MAX_NESTED = 1000
KEYS = ("query", "variables", "operationName", "extensions")


class MalformedRequest(InvalidRequest):
    """The request does not carry a document as GraphQL over HTTP defines it: an HTTP error in each media type."""


def media_type(request: HttpRequest) -> str:
    """Return the media type of the answer: JSON if the client names none, because older clients know no other."""
    accept = request.header(b"accept")
    offered: tuple[str, ...] = (JSON, RESPONSE)
    if request.method in ("GET", "HEAD"):
        # A browser gets the console.
        offered = (JSON, RESPONSE, HTML)
    chosen = choose_media_type(accept, offered)
    if not chosen:
        raise HTTPError("not_acceptable", f"Offered here: {RESPONSE}, {JSON}.")
    return chosen


def check_content_type(request: HttpRequest) -> None:
    """Raise HTTPError (415) if the body is not JSON in UTF-8."""
    kind, _, parameters = request.header(b"content-type").partition(";")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if kind.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise HTTPError("unsupported_media_type", f"Send {JSON} in UTF-8.")


@dataclass(frozen=True)
class GraphQLRequest:
    """The parts of a request by GraphQL over HTTP. `hash` names a document by its SHA-256; `query` may then be empty.
    `safe`: the request is a GET or a HEAD, which must not change anything."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None = None
    hash: str = ""
    safe: bool = False

    def check_method(self, document: ParsedDocument) -> None:
        """Raise HTTPError (405) if a mutation is sent by GET (GraphQL over HTTP, 6.2.1)."""
        if self.safe and is_mutation(document, self.operation_name):
            detail = "A mutation cannot be sent by GET. Send it by POST."
            raise HTTPError("method_not_allowed", detail, ((b"allow", b"POST"),))


def read_request(method: str, sent: bytes) -> GraphQLRequest:
    """Return the document, variables and operation name. MalformedRequest names the parameter that is wrong."""
    is_post = method == "POST"
    parameters = _read_body(sent) if is_post else _read_url(sent)
    document_hash = _read_hash(parameters.get("extensions"))
    query = _read_query(parameters.get("query"), document_hash)
    variables = parameters.get("variables")
    if not isinstance(variables, dict | None):
        raise _malformed("variables", "Expected an object.")
    if _count_nested(variables) > MAX_NESTED:
        raise _malformed("variables", f"Expected at most {MAX_NESTED:,} objects and lists in all.")
    operation_name = parameters.get("operationName")
    if not isinstance(operation_name, str | None):
        raise _malformed("operationName", "Expected a name.")
    return GraphQLRequest(query, variables or {}, operation_name or None, document_hash, safe=not is_post)


def _read_query(query: object, document_hash: str) -> str:
    """Return the document, which may be empty if its hash names it."""
    if not query and document_hash:
        return ""
    if not isinstance(query, str) or not (query.strip() or document_hash):
        raise _malformed("query", "Expected a GraphQL document as text.")
    return query


def _count_nested(value: Any) -> int:
    """Return the number of objects and lists in a value read from JSON."""
    count = 0
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            count += 1
            pending.extend(item.values())
        elif isinstance(item, list):
            count += 1
            pending.extend(item)
    return count


def _read_hash(extensions: Any) -> str:
    """Return the hash of a persisted query; empty if the extensions contain none."""
    if not isinstance(extensions, dict | None):
        raise _malformed("extensions", "Expected an object.")
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return ""
    if isinstance(persisted, dict):
        version, document_hash = persisted.get("version"), persisted.get("sha256Hash")
        # In Python `True` equals 1, and a number of 64 digits has the form of a hash once it is text.
        is_first = version == 1 and not isinstance(version, bool)
        if is_first and isinstance(document_hash, str) and HASH.fullmatch(document_hash):
            return document_hash
    raise _malformed("extensions", 'Expected {"persistedQuery": {"version": 1, "sha256Hash": …}}, 64 hex digits.')


def status_of(error: Exception, kind: str) -> int:
    """Return the status of the response to a request that failed. In plain JSON a refused document gets 200."""
    is_refused = isinstance(error, DocumentRefused | InvalidRequest) and not isinstance(error, MalformedRequest)
    if is_refused and kind == JSON:
        return 200
    status = getattr(error, "status", None)
    if status:
        return int(status)
    code = getattr(error, "code", "")
    problem = PROBLEMS.get(code, PROBLEMS["internal"])
    return problem.status


def _read_body(sent: bytes) -> dict[str, Any]:
    try:
        parameters = read_json(sent)
    except ValueError as error:
        raise _malformed("body", str(error)) from None
    if isinstance(parameters, list):
        raise _malformed("body", "Batches are not taken: send one request at a time.")
    if not isinstance(parameters, dict):
        raise _malformed("body", "Expected a JSON object.")
    return parameters


def _read_url(sent: bytes) -> dict[str, Any]:
    faults = Faults()
    parameters: dict[str, Any] = dict(read_pairs(sent, faults))
    for name in parameters:
        if name not in KEYS:
            faults.note(name, f"There is no such parameter here: {', '.join(KEYS)}.")
    try:
        faults.check()
    except InvalidRequest as error:
        raise MalformedRequest(error.message, error.faults, count=error.count) from None
    for name in ("variables", "extensions"):
        if name in parameters:
            try:
                parameters[name] = read_json(parameters[name])
            except ValueError as error:
                raise _malformed(name, str(error)) from None
    return parameters


def _malformed(where: str, detail: str) -> MalformedRequest:
    return MalformedRequest.of([Fault(where, detail)])
