"""The released contracts: copies in `openapi/released/`, with their digests and the day on which each version was first
released.

Only `release` writes there. A file that differs from its digest was edited by hand. It is an error, and nothing is
compared with such a file: an edit cannot take back a promise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from api.contracts.breaks import Break, breaks, gone
from api.errors import ContractError

# In the format that `sha256sum` writes and `sha256sum --check` reads.
SUMS = "SHA256SUMS"
# A line for each version that was ever released: its name, and the day in UTC.
DAYS = "FIRST"
HEADING = "## Releases of the contracts"
AGAIN = "Take the file of the last commit again: `briefing contract release` alone writes there."


@dataclass(frozen=True)
class ReleaseResult:
    """The result of a release: the files that are new, those that got additions, and those that are retired."""

    first: tuple[str, ...]
    grown: tuple[str, ...]
    retired: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.first or self.grown or self.retired)

    def __str__(self) -> str:
        rows = (("first release of", self.first), ("additions to", self.grown), ("retired", self.retired))
        return "; ".join(f"{words} {', '.join(f'`{one}`' for one in names)}" for words, names in rows if names)


def released(folder: Path) -> dict[str, str]:
    """Return the released contracts by name. ContractError if one is missing, or was edited or added by hand."""
    return {name: text for name, text in _kept(folder).items() if name != DAYS}


def days(folder: Path) -> dict[str, date]:
    """Return the day of each version's first release."""
    rows = (line.split() for line in _kept(folder).get(DAYS, "").splitlines())
    return {name: date.fromisoformat(day) for name, day in rows}


def misdated(folder: Path, told: Mapping[str, date | None]) -> list[str]:
    """Return what is wrong with the days of first release that the versions declare: `told`, by name."""
    kept = days(folder)
    return [
        f"{name} was first released on {kept[name]}, and its lifecycle tells {day}: write released={kept[name]!r}"
        if name in kept
        else f"{name} was never released, and its lifecycle tells {day}: leave `released` out"
        for name, day in told.items()
        if day != kept.get(name)
    ]


def _kept(folder: Path) -> dict[str, str]:
    there = {one.name: one.read_bytes() for one in folder.iterdir() if one.name != SUMS} if folder.is_dir() else {}
    sums = folder / SUMS
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(told.keys() | there.keys()):
        if name not in there:
            raise ContractError(f"{folder / name} was released and is missing.", AGAIN)
        if sha256(there[name]).hexdigest() != told.get(name):
            raise ContractError(f"{folder / name} was changed by hand.", AGAIN)
    return {name: content.decode() for name, content in there.items()}


def gate(folder: Path, current: Mapping[str, str], retiring: str = "") -> list[Break]:
    """Return the changes in the current contracts that break the released ones.

    A contract that was never released breaks no client. A version that is retiring takes its paths with it, also from
    the contract of access."""
    found = []
    for name, text in sorted(released(folder).items()):
        if name in current:
            broken = breaks(name, text, current[name])
            found += [one for one in broken if not (retiring and f"/{retiring}/" in one.where)]
        elif name.partition(".")[0] != retiring:
            found.append(gone(name))
    return found


def release(
    folder: Path, current: Mapping[str, str], changelog: Path, today: date, retiring: str = ""
) -> ReleaseResult:
    """Write the current contracts as released, and a line about it into the changelog. Call `gate` before."""
    before, days_before = released(folder), days(folder)
    stay = {name: text for name, text in before.items() if name in current}
    if retiring and not [name for name in before.keys() - stay.keys() if name.partition(".")[0] == retiring]:
        raise ContractError(f"There is nothing of {retiring} to retire: it is served, or it was never released.")
    done = ReleaseResult(
        first=tuple(sorted(current.keys() - before.keys())),
        grown=tuple(sorted(name for name, text in stay.items() if text != current[name])),
        retired=tuple(sorted(before.keys() - stay.keys())),
    )
    if done:
        noted = _noted(changelog.read_text(encoding="utf-8"), f"- {today.isoformat()}: {done}.")
        folder.mkdir(parents=True, exist_ok=True)
        for name in done.retired:
            (folder / name).unlink()
        for name, text in current.items():
            (folder / name).write_text(text, encoding="utf-8")
        dated = {name.partition(".")[0]: today for name in current if name.endswith(".graphql")} | days_before
        kept = dict(current) | {DAYS: "".join(f"{name} {day}\n" for name, day in sorted(dated.items()))}
        (folder / DAYS).write_text(kept[DAYS], encoding="utf-8")
        sums = (f"{sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(kept.items()))
        (folder / SUMS).write_text("".join(sums), encoding="utf-8")
        changelog.write_text(noted, encoding="utf-8")
    return done


def _noted(text: str, line: str) -> str:
    """Return the changelog with the line in it: the newest first, under a heading before all others."""
    if HEADING in text:
        return text.replace(f"{HEADING}\n\n", f"{HEADING}\n\n{line}\n", 1)
    return re.sub(r"^(?=## )|\Z", f"{HEADING}\n\n{line}\n\n", text, count=1, flags=re.MULTILINE)
