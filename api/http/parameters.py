"""Decode the parameters of a URL strictly, and collect the faults of a request."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from api.errors import Fault, InvalidRequest, UnknownName

# Faults that an error lists; it counts the others.
MAX_FAULTS = 20
# Letters of a name that an error repeats.
MAX_NAME = 100
# Pairs of a URL that are decoded: more than all parameters of any list.
MAX_PAIRS = 500
GIVEN_TWICE = "Given twice, but takes one value."
PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Faults:
    """The faults of a request, collected so that a caller can correct all of them at once. Only the first are kept and
    the others counted, because a URL of 8 KB can have a thousand."""

    def __init__(self) -> None:
        self._first: list[Fault] = []
        self._count = 0

    def note(self, where: str, error: ValueError | str) -> None:
        """Add a fault."""
        self._count += 1
        if self._count > MAX_FAULTS:
            return
        unknown = None
        if isinstance(error, UnknownName):
            unknown = error.unknown
        self._first.append(Fault(where[:MAX_NAME], str(error), unknown=unknown))

    def check(self) -> None:
        """Raise InvalidRequest if there is a fault."""
        if self._first:
            raise InvalidRequest.of(self._first, self._count)


def check_path(raw: bytes) -> None:
    """Check a path. InvalidRequest if its percent-encoding hides what the router would take for something else: a slash
    that does not separate parts, a NUL, or bytes that are not UTF-8 and would be replaced silently."""
    if b"%" not in raw:
        return
    faults = Faults()
    try:
        _decode(raw.decode("latin-1"))
        if b"%2F" in raw.upper():
            raise ValueError("Expected no slash in percent-encoding.")
    except ValueError as error:
        faults.note("path", error)
    faults.check()


def read_pairs(query_string: bytes, faults: Faults) -> dict[str, str]:
    """Return the parameters of a URL that takes each of them once. Faults are those of `read_repeated_pairs`, and a
    name that is given twice."""
    parameters: dict[str, str] = {}
    for name, values in read_repeated_pairs(query_string, faults).items():
        if len(values) > 1:
            faults.note(name, GIVEN_TWICE)
        else:
            parameters[name] = values[0]
    return parameters


def read_repeated_pairs(query_string: bytes, faults: Faults) -> dict[str, list[str]]:
    """Return the values of each parameter of a URL, in their order. Bytes that are not UTF-8, a percent sign that
    encodes nothing and an empty value are faults. Empty pairs, as in `?&&a=1&`, are skipped."""
    parameters: dict[str, list[str]] = {}
    pairs = [pair for pair in query_string.decode("latin-1").split("&") if pair]
    if len(pairs) > MAX_PAIRS:
        faults.note("query", f"Expected at most {MAX_PAIRS} parameters, not {len(pairs):,}.")
        return parameters
    for pair in pairs:
        encoded_name, _, encoded_value = pair.partition("=")
        try:
            name = _decode(encoded_name)
            value = _decode(encoded_value)
        except ValueError as error:
            faults.note(encoded_name, error)
            continue
        if value:
            parameters.setdefault(name, []).append(value)
        else:
            faults.note(name, "Has no value.")
    return parameters


def _decode(text: str) -> str:
    if PERCENT.search(text):
        raise ValueError("Expected % to be followed by two hexadecimal digits.")
    try:
        decoded = unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("Expected UTF-8.") from None
    if "\x00" in decoded:
        raise ValueError("Expected text without NUL.")
    return decoded
