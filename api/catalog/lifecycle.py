"""The lifecycle of a version, declared once with it, and its parts that are no longer to be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Status = Literal["current", "deprecated", "retired"]


@dataclass(frozen=True)
class Lifecycle:
    """The states of a version over time. The dates are days in UTC. `changes` are lines of a changelog, written for
    callers. A release of the software retires a version, never the clock: `sunset` is the day from which it may."""

    status: Status = "current"
    released: date | None = None
    deprecated: date | None = None
    sunset: date | None = None
    successor: str = ""
    changes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.status == "current":
            if self.deprecated or self.sunset:
                raise TypeError("a current version is not deprecated and has no sunset")
        elif not self.deprecated or not self.sunset or not self.successor:
            raise TypeError(f"a {self.status} version says since when, until when, and what comes after it")
        days = [day for day in (self.released, self.deprecated, self.sunset) if day]
        if days != sorted(days):
            raise TypeError("a version is released, then deprecated, then at its sunset")


CURRENT = Lifecycle()


@dataclass(frozen=True)
class DeprecatedPart:
    """Something deprecated that a request uses: its name as the contract has it, and what to do instead."""

    name: str
    instead: str


def missing_companions(expected: Iterable[str], present: Collection[str]) -> str:
    """Return what a comparison should come with, if it comes without any of the filters that it expects; else ''."""
    names = tuple(expected)
    if not names or any(name in present for name in names):
        return ""
    return f"give {' or '.join(names)} beside it"
