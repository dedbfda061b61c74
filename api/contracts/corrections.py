"""Corrections of released contracts: the changes that break a promise on purpose, because the promise was wrong.

`openapi/corrections.toml` lists them, each with its reason and its effect on generated clients. The gate lets these
changes pass, and no others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from api.contracts.breaks import Break
from api.errors import ContractError

FILE = "corrections.toml"
KEYS = {"contracts", "where", "what", "reason", "effect"}


@dataclass(frozen=True)
class Correction:
    """A correction of some contracts. `where` and `what` are regular expressions for the place and the change of a
    break; `what` is empty if it changes values alone, which no comparison of contracts shows."""

    contracts: tuple[str, ...]
    where: str
    what: str
    reason: str
    effect: str

    def allows(self, change: Break) -> bool:
        """Return True if the change is this correction."""
        if change.contract not in self.contracts or not self.what:
            return False
        return bool(re.fullmatch(self.where, change.where) and re.fullmatch(self.what, change.what))


def read_corrections(folder: Path) -> tuple[Correction, ...]:
    """Return the corrections that the file in the folder lists; none if there is no file. ContractError if a row is
    not whole."""
    path = folder / FILE
    if not path.is_file():
        return ()
    corrections = []
    for row in tomllib.loads(path.read_text(encoding="utf-8")).get("correction", []):
        if row.keys() != KEYS:
            raise ContractError(f"A row of {path} has {sorted(row)}.", f"A correction has {sorted(KEYS)}.")
        corrections.append(Correction(**{**row, "contracts": tuple(row["contracts"])}))
    return tuple(corrections)


def without_corrections(changes: Iterable[Break], corrections: tuple[Correction, ...]) -> list[Break]:
    """Return the changes that are no corrections."""
    others: list[Break] = []
    for change in changes:
        is_correction = any(correction.allows(change) for correction in corrections)
        if not is_correction:
            others.append(change)
    return others
