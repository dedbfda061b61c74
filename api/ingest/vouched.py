"""Files that a snapshot vouches for: `briefing export` wrote them, and they are as it wrote them.

Rules that came later than a snapshot do not hold for it, or a store could not be restored. What it contains was in a
store before, and its manifest has the SHA-256 of each file.
"""

from __future__ import annotations

import json
from hashlib import file_digest
from pathlib import Path

MANIFEST = "manifest.json"
FORMAT = "briefing-snapshot/1"
MOST_IN_MANIFEST = 16 << 20


def is_vouched(path: str) -> bool:
    """Return whether a manifest beside the file names it with its SHA-256."""
    file = Path(path)
    manifest = file.with_name(MANIFEST)
    if not (file.is_file() and manifest.is_file() and manifest.stat().st_size <= MOST_IN_MANIFEST):
        return False
    try:
        said = json.loads(manifest.read_bytes())
        digests = {one["name"]: one["sha256"] for one in said["files"]} if said["format"] == FORMAT else {}
    except (ValueError, TypeError, KeyError):
        return False
    if file.name not in digests:
        return False
    with file.open("rb") as stream:
        return bool(file_digest(stream, "sha256").hexdigest() == digests[file.name])
