"""Find the SQL of the package by name: in `sql/` beside `api/` in a checkout, in `api/sql/` in an installation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

_API = Path(__file__).resolve().parents[1]
FOLDER = _API / "sql" if (_API / "sql").is_dir() else _API.parent / "sql"


@dataclass(frozen=True)
class Script:
    """SQL that runs as a whole. Databases record it by its name. A changed text has another checksum."""

    name: str
    text: str
    checksum: str


@cache
def statement(name: str) -> str:
    """Return the text of sql/statements/NAME.sql."""
    return (FOLDER / "statements" / f"{name}.sql").read_text("utf-8")


@cache
def migrations() -> tuple[Script, ...]:
    """Return the scripts of the store's tables, in the order in which they run."""
    return tuple(_script(file.stem, file.read_text("utf-8")) for file in sorted((FOLDER / "migrations").glob("*.sql")))


@cache
def versions() -> tuple[Script, ...]:
    """Return the scripts of the views of each version. The checksum covers the migrations too, so that new migrations
    create the views again."""
    below = "".join(script.checksum for script in migrations())
    return tuple(
        _script(folder.name, "\n".join(file.read_text("utf-8") for file in sorted(folder.glob("*.sql"))), below)
        for folder in sorted(FOLDER.glob("v[0-9]*"))
    )


def _script(name: str, text: str, below: str = "") -> Script:
    return Script(name, text, sha256((below + text).encode()).hexdigest())
