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
from api.contracts.corrections import read_corrections, without_corrections
from api.errors import ContractError, InvalidRequest

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
    extended: tuple[str, ...]
    retired: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.first or self.extended or self.retired)

    def __str__(self) -> str:
        groups = {"first release of": self.first, "additions to": self.extended, "retired": self.retired}
        parts: list[str] = []
        for words, names in groups.items():
            if names:
                quoted_names = ", ".join(f"`{name}`" for name in names)
                parts.append(f"{words} {quoted_names}")
        return "; ".join(parts)


def read_released(folder: Path) -> dict[str, str]:
    """Return the released contracts by name. ContractError if one is missing, or was edited or added by hand."""
    return {name: text for name, text in _read_folder(folder).items() if name != DAYS}


def days(folder: Path) -> dict[str, date]:
    """Return the day of each version's first release."""
    first_days: dict[str, date] = {}
    for line in _read_folder(folder).get(DAYS, "").splitlines():
        name, day = line.split()
        first_days[name] = date.fromisoformat(day)
    return first_days


def find_wrong_dates(folder: Path, declared_days: Mapping[str, date | None]) -> list[str]:
    """Return what is wrong with the days of first release that the versions declare, by name."""
    first_days = days(folder)
    problems: list[str] = []
    for name, declared_day in declared_days.items():
        first_day = first_days.get(name)
        if declared_day == first_day:
            continue
        if first_day is None:
            problems.append(f"{name} was never released, and its lifecycle says {declared_day}: leave `released` out")
        else:
            problems.append(
                f"{name} was first released on {first_day}, and its lifecycle says {declared_day}: "
                f"write released={first_day!r}"
            )
    return problems


def _read_folder(folder: Path) -> dict[str, str]:
    """Return the text of each file by its name, except for the digests. ContractError if a file differs from its
    digest."""
    contents: dict[str, bytes] = {}
    if folder.is_dir():
        contents = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != SUMS}
    digests = _read_digests(folder / SUMS)
    for name in sorted(digests.keys() | contents.keys()):
        if name not in contents:
            raise ContractError(f"{folder / name} was released and is missing.", AGAIN)
        if sha256(contents[name]).hexdigest() != digests.get(name):
            raise ContractError(f"{folder / name} was changed by hand.", AGAIN)
    return {name: content.decode() for name, content in contents.items()}


def _read_digests(path: Path) -> dict[str, str]:
    """Return the digests by the names of their files; none if the file of digests is missing."""
    if not path.is_file():
        return {}
    digests: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        digests[name] = digest
    return digests


def gate(folder: Path, current: Mapping[str, str], retiring: str = "") -> list[Break]:
    """Return the changes in the current contracts that break the released ones, without the listed corrections.

    A contract that was never released breaks no client. A version that is retiring takes its paths with it, also from
    the contract of access."""
    broken: list[Break] = []
    corrections = read_corrections(folder.parent)
    for name, text in sorted(read_released(folder).items()):
        if name in current:
            for change in breaks(name, text, current[name]):
                is_retired_path = bool(retiring) and f"/{retiring}/" in change.where
                if not is_retired_path:
                    broken.append(change)
        elif _version_of(name) != retiring:
            broken.append(gone(name))
    return without_corrections(broken, corrections)


def _version_of(name: str) -> str:
    """Return the version that the file of a contract is named after."""
    return name.partition(".")[0]


def release(
    folder: Path, current: Mapping[str, str], changelog: Path, today: date, retiring: str = ""
) -> ReleaseResult:
    """Write the current contracts as released, and a line about it into the changelog. Call `gate` before."""
    before = read_released(folder)
    days_before = days(folder)
    result = _compare_files(before, current)
    if retiring and retiring not in map(_version_of, result.retired):
        raise InvalidRequest(f"There is nothing of {retiring} to retire: it is served, or it was never released.")
    if not result:
        return result
    line = f"- {today.isoformat()}: {result}."
    new_changelog = _insert_line(changelog.read_text(encoding="utf-8"), line)
    folder.mkdir(parents=True, exist_ok=True)
    for name in result.retired:
        (folder / name).unlink()
    versions = [_version_of(name) for name in current if name.endswith(".graphql")]
    first_days = dict.fromkeys(versions, today) | days_before
    _write_folder(folder, {**current, DAYS: _format_days(first_days)})
    changelog.write_text(new_changelog, encoding="utf-8")
    return result


def _compare_files(before: Mapping[str, str], current: Mapping[str, str]) -> ReleaseResult:
    """Return what a release of the current contracts does to the released ones."""
    changed = [name for name, text in before.items() if name in current and text != current[name]]
    return ReleaseResult(
        first=tuple(sorted(current.keys() - before.keys())),
        extended=tuple(sorted(changed)),
        retired=tuple(sorted(before.keys() - current.keys())),
    )


def _format_days(first_days: Mapping[str, date]) -> str:
    return "".join(f"{name} {day}\n" for name, day in sorted(first_days.items()))


def _write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files, and then their digests."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    lines: list[str] = []
    for name, text in sorted(texts.items()):
        digest = sha256(text.encode()).hexdigest()
        lines.append(f"{digest}  {name}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _insert_line(text: str, line: str) -> str:
    """Return the changelog with the line in it: the newest first, under a heading before all others."""
    if HEADING in text:
        return text.replace(f"{HEADING}\n\n", f"{HEADING}\n\n{line}\n", 1)
    return re.sub(r"^(?=## )|\Z", f"{HEADING}\n\n{line}\n\n", text, count=1, flags=re.MULTILINE)
