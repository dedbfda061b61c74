"""Build the clients into dist/: `python openapi/sdk/generate`, which `make sdk` runs.

Both languages are built at once, in folders of their own below `build/sdk`, from the contract files in openapi/.
`--contracts` names another folder of contracts, `--into` one for the packages, and `--build` one to build them in.
"""

from __future__ import annotations

import argparse
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import python
import typescript
from contract import contracts

ROOT = Path(__file__).parents[3]
LANGUAGES = {"python": python.build, "typescript": typescript.build}


def main() -> None:
    """Build the languages that are named, or all."""
    given = _arguments()
    found, into = contracts(given.contracts), given.into
    stated = re.search(r'__version__ = "(.+)"', (ROOT / "api" / "__init__.py").read_text(encoding="utf-8"))
    assert stated
    into.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        running = []
        for language in given.languages or LANGUAGES:
            work = given.build / language
            shutil.rmtree(work, ignore_errors=True)
            work.parent.mkdir(parents=True, exist_ok=True)
            running.append(pool.submit(LANGUAGES[language], found, stated[1], work, into))
        for one in running:
            one.result()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python openapi/sdk/generate")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"{' or '.join(LANGUAGES)}; all without one")
    for name, path in (("contracts", ROOT / "openapi"), ("into", ROOT / "dist"), ("build", ROOT / "build" / "sdk")):
        parser.add_argument(f"--{name}", type=Path, default=path, metavar="FOLDER")
    given = parser.parse_args()
    if unknown := [one for one in given.languages if one not in LANGUAGES]:
        parser.error(f"{unknown[0]} is none of {', '.join(LANGUAGES)}.")
    return given


main()
