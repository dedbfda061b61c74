"""The errors that the client raises.

BriefingError
├── Misconfigured           the address is missing or wrong, or the key is not printable ASCII
├── Unreachable             no server answers at the address, or the connection broke
├── TooSlow                 no answer within the timeout
├── NotTheService           something else answered: a proxy's HTML, a redirect, another program
├── Unreadable              this client cannot read the answer of the service
└── Problem                 the service refused; one class for each `code`
    ├── RateLimited, TooExpensive, InvalidRequest, InvalidCursor, NotFound, Withdrawn, …
    └── Problem itself, for codes that only a newer service has
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "BodyTooLarge", "BriefingError", "Conflict", "ExpiredKey", "Fault", "Forbidden", "HeadersTooLarge", "Internal",
    "InvalidCursor", "InvalidKey", "InvalidRequest", "MethodNotAllowed", "Misconfigured", "NotAcceptable", "NotFound",
    "NotTheService", "Problem", "RateLimited", "RequestTimeout", "Retired", "RevokedKey", "TimedOut", "TooExpensive",
    "TooSlow", "Unauthenticated", "Unavailable", "Unreachable", "Unreadable", "UnsupportedMediaType", "UriTooLong",
    "Withdrawn",
]  # fmt: skip


class BriefingError(Exception):
    """Any error that this client raises."""


class Misconfigured(BriefingError):
    """The address of the service is missing or wrong, or the key has characters outside printable ASCII."""


class Unreachable(BriefingError):
    """No server answers at the address, or the connection broke before the answer was complete."""


class TooSlow(BriefingError):
    """No answer within the timeout."""


class NotTheService(BriefingError):
    """Something else answered, such as a proxy with a page of its own."""


class Unreadable(BriefingError):
    """The service answered something that this client cannot read. Most likely the client is too old for it."""


@dataclass(frozen=True)
class Fault:
    """A fault of a request. `parameter` is empty if the fault concerns the whole request."""

    parameter: str
    detail: str


class Problem(BriefingError):
    """The service refused. `document` is the whole problem document. The attributes are its parts.

    `retry_after` is in seconds. `limit` names the limit that has too few points left. `data` is the data of a GraphQL
    answer that also has errors.
    """

    codes: ClassVar[dict[str, type[Problem]]] = {}

    def __init__(self, document: Mapping[str, Any], status: int, retry_after: float | None = None) -> None:
        self.document = dict(document)
        self.status = status
        self.code = str(document.get("code", ""))
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.hint: str | None = document.get("hint")
        self.request_id: str | None = document.get("request_id")
        self.faults = _faults(document.get("errors"))
        self.limit: str | None = document.get("limit")
        self.retry_after: float | None = retry_after if retry_after is not None else document.get("retry_after")
        self.data: Any = None
        super().__init__(str(self))

    def __init_subclass__(cls, code: str = "") -> None:
        if code:
            cls.codes[code] = cls

    def __str__(self) -> str:
        texts = [f"{fault.parameter}: {fault.detail}" if fault.parameter else fault.detail for fault in self.faults]
        # The detail already contains the first fault.
        unmentioned = [text for text in texts if text not in self.detail]
        request = f"(request {self.request_id})" if self.request_id else ""
        return " ".join(filter(None, [f"{self.code}:", self.detail, *unmentioned, self.hint, request]))

    def __reduce__(self) -> Any:
        return type(self), (self.document, self.status, self.retry_after)

    @staticmethod
    def of(document: Mapping[str, Any], status: int, retry_after: float | None = None) -> Problem:
        """Return the error for the document's code."""
        return Problem.codes.get(str(document.get("code")), Problem)(document, status, retry_after)


def _faults(errors: Any) -> Sequence[Fault]:
    entries = errors if isinstance(errors, list) else []
    return [
        Fault(str(entry.get("parameter", "")), str(entry.get("detail", "")))
        for entry in entries
        if isinstance(entry, dict)
    ]


class InvalidRequest(Problem, code="invalid_request"):
    """A parameter or argument is unknown, malformed or missing. `faults` names each."""


class InvalidCursor(Problem, code="invalid_cursor"):
    """The cursor is damaged or belongs to another list."""


class TooExpensive(Problem, code="too_expensive"):
    """The price of the request exceeds the maximum."""


class Unauthenticated(Problem, code="unauthenticated"):
    """The request needs a key."""


class InvalidKey(Problem, code="invalid_key"):
    """The key is mistyped, cut short, or not known to the service."""


class ExpiredKey(Problem, code="expired_key"):
    """The key has expired."""


class RevokedKey(Problem, code="revoked_key"):
    """The key was revoked."""


class Forbidden(Problem, code="forbidden"):
    """The key or the plan does not allow the request."""


class NotFound(Problem, code="not_found"):
    """The path does not exist, or no record has this id."""


class MethodNotAllowed(Problem, code="method_not_allowed"):
    """The path exists, but not for this method."""


class NotAcceptable(Problem, code="not_acceptable"):
    """None of the accepted media types is offered."""


class RequestTimeout(Problem, code="request_timeout"):
    """The request was not sent in time."""


class Conflict(Problem, code="conflict"):
    """The current state does not allow the request."""


class Withdrawn(Problem, code="withdrawn"):
    """The record was withdrawn. `detail` contains the reason."""


class Retired(Problem, code="retired"):
    """This version is no longer served. `hint` names its successor."""


class BodyTooLarge(Problem, code="body_too_large"):
    """The body is too large."""


class UriTooLong(Problem, code="uri_too_long"):
    """The path and query exceed the maximum length."""


class UnsupportedMediaType(Problem, code="unsupported_media_type"):
    """The type or encoding of the body is not supported."""


class RateLimited(Problem, code="rate_limited"):
    """A limit of the caller's plan has too few points left: `limit` names it. Try again after `retry_after` seconds."""


class HeadersTooLarge(Problem, code="headers_too_large"):
    """The header fields exceed the maximum size."""


class Internal(Problem, code="internal"):
    """The service itself failed. Its operator finds the failure by `request_id`."""


class Unavailable(Problem, code="unavailable"):
    """The store cannot answer now."""


class TimedOut(Problem, code="timed_out"):
    """The store took too long over this request."""
