"""The errors of the service, as one small tree without HTTP. REST and GraphQL translate a code to a status and a shape.

BriefingError
├── RequestError            the caller must change the request
│   ├── InvalidRequest      invalid_request    malformed, unknown or contradictory input; may hold several
│   │   ├── InvalidCursor   invalid_cursor     a cursor that is damaged or belongs to another list
│   │   └── TooExpensive    too_expensive      the price of the request is above what one request may cost
│   ├── NotFound            not_found          no record has this id
│   ├── Withdrawn           withdrawn          the record was withdrawn; the message contains the reason
│   ├── Retired             retired            the version is no longer served; the message names one that is
│   ├── Conflict            conflict           the current state does not allow it: a name is taken, a key is not active
│   ├── Forbidden           forbidden          the caller is known, and may not do this
│   └── Unauthenticated     unauthenticated    the request needs a key
│       ├── InvalidKey      invalid_key        not a key of this service: mistyped, cut short, or unknown
│       ├── ExpiredKey      expired_key        the key was valid and has expired
│       └── RevokedKey      revoked_key        the key was valid and was revoked
├── RateLimited             rate_limited       a limit of the caller's plan is used up; try again after `retry_after`
├── Unavailable             unavailable        the store cannot answer now; try again after `retry_after`
│   ├── EditionPending      unavailable        the edition of a moment is not known yet
│   └── TimedOut            timed_out          the store took longer than a request may
├── LoadError               load_refused       a file was refused whole; it lists every fault found
│   └── Busy                load_busy          another load is running
├── InputError              unreadable_input   a file that a command should read does not exist or cannot be read
├── OutputError             unwritable_output  a file or folder that a command should write cannot be written
├── ContractError           invalid_contract   a contract file is missing, stale, or was edited by hand
└── SettingsError           invalid_settings   the service cannot start as configured
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Self


@dataclass(frozen=True)
class Unknown:
    """A name that is not valid, and the valid names. Finding the nearest of them takes time, so it is left to the code
    that writes the error, which limits that time (`api/suggest.py`). A name that is part of a longer text, such as a
    path, is suggested with what stands `before` and `after` it."""

    name: str
    names: Collection[str]
    before: str = ""
    after: str = ""


class UnknownName(ValueError):
    """A text that is not one of the valid names."""

    def __init__(self, message: str, name: str, names: Collection[str]) -> None:
        super().__init__(message)
        self.unknown = Unknown(name, names)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where (`parameter` or GraphQL argument path), and what was expected."""

    where: str
    detail: str
    code: str = "invalid_request"
    unknown: Unknown | None = None


class BriefingError(Exception):
    """The base class of all errors: `code` names the kind, `hint` the remedy. `unknown` is the invalid name that the
    message is about, if there is one. `operator_hint` is a remedy that only the operator has. The log and the commands
    show it, and no answer does."""

    code = "error"

    def __init__(
        self, message: str, hint: str = "", unknown: Unknown | None = None, *, operator_hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.unknown = unknown
        self.operator_hint = operator_hint

    def hints(self) -> list[str]:
        """Return the remedies for an operator, each a line."""
        return [hint for hint in (self.hint, self.operator_hint) if hint]


class RequestError(BriefingError):
    """An error that the caller can correct by changing the request."""

    code = "invalid_request"


class InvalidRequest(RequestError):
    """Input that is malformed, unknown or contradictory. `faults` lists the first of its faults, `count` is the number
    of all."""

    def __init__(self, message: str, faults: tuple[Fault, ...] = (), hint: str = "", count: int = 0) -> None:
        super().__init__(message, hint)
        self.faults = faults
        self.count = max(count, len(faults))

    @classmethod
    def of(cls, faults: Sequence[Fault], count: int = 0) -> Self:
        """Return the error for these faults. Its message contains the first fault and the number of the others."""
        first = faults[0]
        error = cls(f"{first.where}: {first.detail}", tuple(faults), count=count)
        if error.count > 1:
            error.message += f" (and {error.count - 1} more)"
        return error


class InvalidCursor(InvalidRequest):
    """A cursor that is damaged, or that belongs to another list, sort or filter."""

    code = "invalid_cursor"


class TooExpensive(InvalidRequest):
    """A request that costs more, or is larger, than one request may."""

    code = "too_expensive"


class NotFound(RequestError):
    """No record has this id."""

    code = "not_found"


class Withdrawn(RequestError):
    """The record was withdrawn. The message contains the publisher's reason."""

    code = "withdrawn"


class Retired(RequestError):
    """The version is no longer served."""

    code = "retired"


class Conflict(RequestError):
    """The current state does not allow the change: a name is taken, a key is not active, a plan is in use."""

    code = "conflict"


class Forbidden(RequestError):
    """The caller is known, and may not do this. `scope` is the scope that the key would need."""

    code = "forbidden"

    def __init__(self, message: str, scope: str = "", hint: str = "") -> None:
        super().__init__(message, hint)
        self.scope = scope


class Unauthenticated(RequestError):
    """The request needs a valid key. No message contains the key itself."""

    code = "unauthenticated"


class InvalidKey(Unauthenticated):
    """Not a key of this service: mistyped, cut short, of another environment, or unknown."""

    code = "invalid_key"


class ExpiredKey(Unauthenticated):
    """The key was valid, and has expired."""

    code = "expired_key"


class RevokedKey(Unauthenticated):
    """The key was valid, and was revoked."""

    code = "revoked_key"


class RateLimited(BriefingError):
    """A limit of the caller's plan has too few points left. `limit` names it. `price` is what the request costs; None
    if it was not read. `retry_after` is the seconds until the caller has the points for the price, or one point."""

    code = "rate_limited"

    def __init__(self, message: str, hint: str, *, limit: str, price: int | None, retry_after: float) -> None:
        super().__init__(message, hint)
        self.limit = limit
        self.price = price
        self.retry_after = max(1, ceil(retry_after))


class Unavailable(BriefingError):
    """The store cannot answer now. `retry_after` is in seconds."""

    code = "unavailable"
    retry_after = 1


class TimedOut(Unavailable):
    """The store took longer over the statement than a request may."""

    code = "timed_out"


class EditionPending(Unavailable):
    """The edition of a moment is not known yet: a load is under way, or the process has not seen the store since."""

    def __init__(self) -> None:
        super().__init__("The edition of this moment is not known yet.", "Try again after Retry-After.")


class LoadError(BriefingError):
    """A file was refused whole. `faults` lists what is wrong, by line, record and field."""

    code = "load_refused"

    def __init__(self, message: str, faults: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.faults = faults


class Busy(LoadError):
    """Another load is running."""

    code = "load_busy"


class InputError(BriefingError):
    """A file that a command should read does not exist or cannot be read."""

    code = "unreadable_input"


class OutputError(BriefingError):
    """A file or folder that a command should write cannot be written, or would be overwritten."""

    code = "unwritable_output"


class ContractError(BriefingError):
    """A contract file is missing, stale, or was edited by hand."""

    code = "invalid_contract"


class SettingsError(BriefingError):
    """The service cannot start as it is configured."""

    code = "invalid_settings"
