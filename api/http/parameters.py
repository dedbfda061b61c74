"""The parameters of a URL, decoded strictly, and the faults of a request, gathered."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from api.errors import Fault, InvalidRequest

PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Faults(list[Fault]):
    """What is wrong with a request, gathered, so that a caller mends it in one go."""

    def note(self, where: str, error: ValueError | str) -> None:
        """One more fault."""
        self.append(Fault(where, str(error)))

    def check(self) -> None:
        """InvalidRequest where something was noted."""
        if self:
            more = f" (and {len(self) - 1} more)" if len(self) > 1 else ""
            raise InvalidRequest(f"{self[0].where}: {self[0].detail}{more}", tuple(self))


def check_path(raw: bytes) -> None:
    """InvalidRequest where percent-encoding hides what the router would take for something else: a slash that parts
    no path, a NUL, or what is no UTF-8 and would be replaced in silence."""
    if b"%" not in raw:
        return
    faults = Faults()
    try:
        _decoded(raw.decode("latin-1"))
        if b"%2F" in raw.upper():
            raise ValueError("Expected no slash in percent-encoding.")
    except ValueError as error:
        faults.note("path", error)
    faults.check()


def read_pairs(query_string: bytes, faults: Faults) -> dict[str, str]:
    """The parameters, decoded strictly: what is not UTF-8, not percent-encoded rightly or given twice is a fault."""
    given: dict[str, str] = {}
    for pair in query_string.decode("latin-1").split("&") if query_string else ():
        name, _, value = pair.partition("=")
        try:
            name, value = _decoded(name), _decoded(value)
        except ValueError as error:
            faults.note(name[:100], error)
            continue
        if name in given:
            faults.note(name[:100], "Given twice; several values stand in one parameter, separated by commas.")
        elif not value:
            faults.note(name[:100], "Has no value.")
        else:
            given[name] = value
    return given


def _decoded(text: str) -> str:
    if PERCENT.search(text):
        raise ValueError("Expected % to be followed by two hexadecimal digits.")
    try:
        return _without_nul(unquote_to_bytes(text.replace("+", " ")).decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("Expected UTF-8.") from None


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Expected text without NUL.")
    return text
