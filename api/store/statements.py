"""Find the SQL of the package by name: in `sql/` beside `api/` in a checkout, in `api/sql/` in an installation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

_API = Path(__file__).resolve().parents[1]
FOLDER = _API / "sql"
if not FOLDER.is_dir():
    FOLDER = _API.parent / "sql"


@dataclass(frozen=True)
class Script:
    """SQL that runs as a whole. Databases record it by its name. A changed text has another checksum."""

    name: str
    text: str
    checksum: str


@cache
def statement(name: str) -> str:
    """Return the text of sql/statements/NAME.sql."""
    return _read(FOLDER / "statements" / f"{name}.sql")


@cache
def migrations() -> tuple[Script, ...]:
    """Return the scripts of the store's tables, in the order in which they run."""
    files = sorted((FOLDER / "migrations").glob("*.sql"))
    return tuple(_create_script(file.stem, _read(file)) for file in files)


@cache
def versions() -> tuple[Script, ...]:
    """Return the scripts of the views of each version. The checksum covers the migrations too, so that new migrations
    create the views again."""
    below = "".join(script.checksum for script in migrations())
    scripts = []
    for folder in sorted(FOLDER.glob("v[0-9]*")):
        text = "\n".join(map(_read, sorted(folder.glob("*.sql"))))
        scripts.append(_create_script(folder.name, text, below))
    return tuple(scripts)


def _create_script(name: str, text: str, below: str = "") -> Script:
    """Return a script. Its checksum covers the texts `below` it too."""
    return Script(name, text, sha256((below + text).encode()).hexdigest())


def _read(file: Path) -> str:
    return file.read_text("utf-8")
