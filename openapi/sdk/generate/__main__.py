"""Build the clients into dist/: `python openapi/sdk/generate`, which `make sdk` runs.

Both languages are built at once, in folders of their own below `build/sdk`, from the contract files in openapi/.
`--contracts` sets the folder of the contracts, `--into` that of the packages, and `--build` that of the builds.
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
    """Build the clients of the languages that are named, or of all."""
    arguments = _arguments()
    versions = contracts(arguments.contracts)
    release = _release()
    arguments.into.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        builds = []
        for language in arguments.languages or LANGUAGES:
            work = arguments.build / language
            shutil.rmtree(work, ignore_errors=True)
            work.parent.mkdir(parents=True, exist_ok=True)
            builds.append(pool.submit(LANGUAGES[language], versions, release, work, arguments.into))
        for build in builds:
            build.result()


def _release() -> str:
    """Return the version of the package `api`. The clients have the same version."""
    source = (ROOT / "api" / "__init__.py").read_text(encoding="utf-8")
    statement = re.search(r'__version__ = "(.+)"', source)
    assert statement
    return statement[1]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python openapi/sdk/generate")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"{' or '.join(LANGUAGES)} (default: all)")
    folders = {"contracts": ROOT / "openapi", "into": ROOT / "dist", "build": ROOT / "build" / "sdk"}
    for name, path in folders.items():
        parser.add_argument(f"--{name}", type=Path, default=path, metavar="FOLDER")
    arguments = parser.parse_args()
    for language in arguments.languages:
        if language not in LANGUAGES:
            parser.error(f"There is no client for {language}. Choose from {', '.join(LANGUAGES)}.")
    return arguments


main()
