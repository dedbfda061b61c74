"""The SQL that ships with the package, found by name: `sql/` beside `api/` in a checkout, `api/sql/` when installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

_API = Path(__file__).resolve().parents[1]
FOLDER = _API / "sql" if (_API / "sql").is_dir() else _API.parent / "sql"


@dataclass(frozen=True)
class Script:
    """SQL to run as one, under the name by which it is remembered; a changed text has another checksum."""

    name: str
    text: str
    checksum: str


@cache
def statement(name: str) -> str:
    """The text of sql/statements/NAME.sql."""
    return (FOLDER / "statements" / f"{name}.sql").read_text("utf-8")


@cache
def migrations() -> tuple[Script, ...]:
    """The store's own tables, in the order in which they are made."""
    return tuple(_script(file.stem, file.read_text("utf-8")) for file in sorted((FOLDER / "migrations").glob("*.sql")))


@cache
def versions() -> tuple[Script, ...]:
    """What each version shows. The checksum covers the tables below too, so that views are made again over new ones."""
    below = "".join(script.checksum for script in migrations())
    return tuple(
        _script(folder.name, "\n".join(file.read_text("utf-8") for file in sorted(folder.glob("*.sql"))), below)
        for folder in sorted(FOLDER.glob("v[0-9]*"))
    )


def _script(name: str, text: str, below: str = "") -> Script:
    return Script(name, text, sha256((below + text).encode()).hexdigest())
