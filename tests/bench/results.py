"""RESULTS.md: the contenders side by side, followed by sections that can also be measured alone. Each section is kept
until it is measured again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

PATH = Path(__file__).parent / "RESULTS.md"
ENDS = r"(?=\n## |\Z)"


def begin(text: str, titles: tuple[str, ...]) -> None:
    """Begin the file anew with this text. Of its old content, keep the sections with these titles."""
    before = PATH.read_text(encoding="utf-8") if PATH.exists() else ""
    matches = (re.search(rf"^{re.escape(title)}\n.*?{ENDS}", before, flags=re.S | re.M) for title in titles)
    _write([text, *(section[0] for section in matches if section)])


def put(section: str) -> None:
    """Put a section into the file, in place of the one with the same title."""
    title = section.partition("\n")[0]
    before = PATH.read_text(encoding="utf-8")
    _write([re.sub(rf"\n*^{re.escape(title)}\n.*?{ENDS}", "", before, flags=re.S | re.M), section])


def alone(report: Callable[[], str]) -> None:
    """Measure one section, print it, and put it into the file."""
    section = report()
    print(section)
    put(section)


def _write(parts: list[str]) -> None:
    PATH.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")
