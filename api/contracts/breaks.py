"""Find the changes of a contract that break clients of the one before. Each has its place and what to do instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from api.contracts.shape import BreakKind, SchemaComparison

CHANGED_DEFAULT = DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE
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
    if released == current:
        return []
    if name.endswith(".graphql"):
        findings = _compare_graphql(released, current)
    elif name == "load.json":
        findings = _compare_load_format(released, current)
    else:
        findings = _compare_openapi(released, current)
    return [Break(name, where, what, instead) for where, what, instead in dict.fromkeys(findings)]


def gone(name: str) -> Break:
    """Return the break for a contract that no longer exists."""
    stem = name.partition(".")[0]
    return Break(
        name, "the whole contract", "is gone", f"keep it; or, when {stem} retires, say so with --retire {stem}"
    )


# Where each change is, what happened, and what to do instead.
Findings = Iterator[tuple[str, str, str]]


def _compare_openapi(released: str, current: str) -> Findings:
    for where, what, kind in operations(json.loads(released), json.loads(current)):
        yield where, what, ADVICE[kind]


def _compare_load_format(released: str, current: str) -> Findings:
    before, now = json.loads(released), json.loads(current)
    for where, what, kind in SchemaComparison(before, now).compare(before, now, "in", "a file"):
        yield where, what, ADVICE[kind]


def _compare_graphql(released: str, current: str) -> Findings:
    before, now = build_schema(released), build_schema(current)
    # A client that leaves the argument out gets another answer. Over REST that is a break, so it is one here, too.
    dangerous = find_dangerous_changes(before, now)
    changed_defaults = [change for change in dangerous if change.type is CHANGED_DEFAULT]
    changes: list[BreakingChange | DangerousChange] = [*find_breaking_changes(before, now), *changed_defaults]
    for change in changes:
        name = change.type.name
        is_about_input = "REQUIRED" in name or name.startswith("ARG_")
        instead = ACCEPT if is_about_input else KEEP
        yield name.lower().replace("_", " "), change.description.rstrip("."), instead


ADVICE: dict[BreakKind, str] = {"gone": KEEP, "in": ACCEPT, "out": PROMISE}
