"""The real data sets that some tests load. They are not in the repository. BRIEFING_REAL_DATA names their folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

REAL_DATA = Path(os.environ.get("BRIEFING_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")


def real_file(name: str) -> Path:
    """Return the path of a file of the real data, or skip the test if it is absent."""
    path = REAL_DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is absent: set BRIEFING_REAL_DATA to the folder of the real data (see CONTRIBUTING.md)")
    return path


def read_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON, GeoJSON or NDJSON, in NFC, which is how the store keeps texts."""
    text = normalize("NFC", real_file(name).read_text("utf-8"))
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    document = json.loads(text)
    rows: list[dict[str, Any]] = document["features"] if isinstance(document, dict) else document
    return rows
