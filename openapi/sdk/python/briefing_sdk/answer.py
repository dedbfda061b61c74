"""Reading of responses: the JSON of an answer, the time to wait before the next try, or the error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from briefing_sdk.errors import BriefingError, NotTheService, Problem, TooSlow, Unreachable, Unreadable

GRAPHQL = "application/graphql-response+json"
MAX_SHOWN = 200
CHECK_ADDRESS = "Check that `url` is the address of the briefing API."


def read(response: httpx.Response, body: bytes) -> Any:
    """Return the JSON of an answer. NotTheService if another program answered, and Problem if the service refused."""
    if 300 <= response.status_code < 400:
        raise _foreign(response, f"a redirect to {response.headers.get('location', 'nowhere')}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        excerpt = " ".join(body[:MAX_SHOWN].decode(errors="replace").split())
        raise _foreign(response, f"{kind or 'no media type'}: {excerpt!r}")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise NotTheService(f"{response.url} answered with invalid JSON: {error}. {CHECK_ADDRESS}") from error
    if response.is_success:
        return document
    raise problem(response, document)


def problem(response: httpx.Response, document: Any) -> BriefingError:
    """Return the error for a refusal."""
    wait = retry_after(response)
    if isinstance(document, dict) and isinstance(document.get("code"), str):
        return Problem.of(document, response.status_code, wait)
    if isinstance(document, dict) and isinstance(document.get("errors"), list) and document["errors"]:
        return graphql_problem(document, response.status_code, response.headers.get("x-request-id"), wait)
    return _foreign(response, f"JSON that is not a problem document: {json.dumps(document)[:MAX_SHOWN]}")


def graphql_problem(answer: Any, status: int, request_id: str | None, wait: float | None = None) -> BriefingError:
    """Return the error for the first error of a GraphQL answer. `document["graphql_errors"]` contains all of them, and
    so does `document["errors_told"]`, its name in earlier releases."""
    errors = answer["errors"]
    first = errors[0]
    extensions = first.get("extensions") or {}
    document = {"request_id": request_id, **extensions, "detail": first.get("message", "")}
    problem = Problem.of({**document, "graphql_errors": errors, "errors_told": errors}, status, wait)
    problem.data = answer.get("data")
    return problem


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3), which may be a time. None if there are none."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    with_zone = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (with_zone - datetime.now(UTC)).total_seconds())


def transport_error(error: httpx.HTTPError, url: str) -> BriefingError:
    """Return the error for a request that got no complete answer."""
    if isinstance(error, httpx.TimeoutException):
        return TooSlow(f"{url} did not answer in time. To wait longer, increase `timeout`.")
    return Unreachable(f"{url} cannot be reached, or the connection broke: {error or type(error).__name__}")


def unreadable(url: str, error: Exception) -> BriefingError:
    """Return the error for an answer that does not follow the contract."""
    return Unreadable(
        f"This client cannot read the answer of {url} ({type(error).__name__}: {error}). A newer client may read it."
    )


def check_next_cursor(path: str, cursor: str | None, next_cursor: str | None) -> str | None:
    """Return the cursor of the next page, None after the last one.

    Unreadable if it is the cursor of this page, because the pages would never end."""
    if next_cursor is not None and next_cursor == cursor:
        raise Unreadable(f"A page of {path} names itself as the next page.")
    return next_cursor


def _foreign(response: httpx.Response, content: str) -> NotTheService:
    return NotTheService(f"{response.url} answered {response.status_code} with {content}. {CHECK_ADDRESS}")
