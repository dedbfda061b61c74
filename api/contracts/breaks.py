"""Find the changes of a contract that break clients of the one before. Each has its place and what to do instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graphql import build_schema
from graphql.utilities import (
    BreakingChange,
    DangerousChange,
    DangerousChangeType,
    find_breaking_changes,
    find_dangerous_changes,
)

from api.contracts.operations import operations
from api.contracts.shape import SchemaComparison

KEEP = "keep it, marked deprecated, and put what replaces it beside it; or change it in a new version"
ACCEPT = "accept all that was accepted before; or ask for more in a new version"
PROMISE = "answer as was promised before, and add beside it; or answer otherwise in a new version"


@dataclass(frozen=True)
class Break:
    """One change that breaks clients of a contract: where it is, what happened, and what to do instead."""

    contract: str
    where: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.where}: {self.what}. Instead, {self.instead}."


def breaks(name: str, released: str, current: str) -> list[Break]:
    """Return what breaks between two texts of the contract with this name, each break once."""
    kind = "graphql" if name.endswith(".graphql") else "load" if name == "load.json" else "openapi"
    found = [] if released == current else COMPARED[kind](released, current)
    return [Break(name, where, what, instead) for where, what, instead in dict.fromkeys(found)]


def gone(name: str) -> Break:
    """Return the break for a contract that no longer exists."""
    stem = name.partition(".")[0]
    return Break(
        name, "the whole contract", "is gone", f"keep it; or, when {stem} retires, say so with --retire {stem}"
    )


Found = Iterator[tuple[str, str, str]]


def _openapi(released: str, current: str) -> Found:
    for where, what, way in operations(json.loads(released), json.loads(current)):
        yield where, what, ADVICE[way]


def _load(released: str, current: str) -> Found:
    before, now = json.loads(released), json.loads(current)
    for where, what, way in SchemaComparison(before, now).compare(before, now, "in", "a file"):
        yield where, what, ADVICE[way]


def _graphql(released: str, current: str) -> Found:
    before, now = build_schema(released), build_schema(current)
    found: list[BreakingChange | DangerousChange] = [*find_breaking_changes(before, now)]
    # A client that leaves the argument out gets another answer. Over REST that is a break, so it is one here, too.
    defaults = find_dangerous_changes(before, now)
    found += (one for one in defaults if one.type is DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE)
    for one in found:
        kind = one.type.name
        instead = ACCEPT if "REQUIRED" in kind or kind.startswith("ARG_") else KEEP
        yield kind.lower().replace("_", " "), one.description.rstrip("."), instead


ADVICE = {"gone": KEEP, "in": ACCEPT, "out": PROMISE}
COMPARED: dict[str, Callable[[str, str], Found]] = {"openapi": _openapi, "load": _load, "graphql": _graphql}
