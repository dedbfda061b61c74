"""Builds the clients into dist/: `python openapi/sdk/generate`, which `make sdk` runs.

Both languages at once, in folders of their own below `build/sdk`, from the contract files that are there.
"""

from __future__ import annotations

import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import python
import typescript
from contract import contracts

ROOT = Path(__file__).parents[3]
LANGUAGES = {"python": python.build, "typescript": typescript.build}


def main(*languages: str) -> None:
    """Builds the languages that are named, or all."""
    found, into = contracts(), ROOT / "dist"
    stated = re.search(r'__version__ = "(.+)"', (ROOT / "api" / "__init__.py").read_text(encoding="utf-8"))
    assert stated
    into.mkdir(exist_ok=True)
    with ThreadPoolExecutor() as pool:
        running = []
        for language in languages or LANGUAGES:
            work = ROOT / "build" / "sdk" / language
            shutil.rmtree(work, ignore_errors=True)
            work.parent.mkdir(parents=True, exist_ok=True)
            running.append(pool.submit(LANGUAGES[language], found, stated[1], work, into))
        for one in running:
            one.result()


main(*sys.argv[1:])
