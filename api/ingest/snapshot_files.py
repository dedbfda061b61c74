"""Recognise the files of a snapshot: `briefing export` wrote them, and they have not changed since.

Rules that were added after a snapshot do not apply to it, because a store could not be restored otherwise. Its records
were in a store before, and its manifest has the SHA-256 of each file.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from api.errors import InvalidRequest, LoadError
from api.store.erasure_statements import resource_of

MANIFEST = "manifest.json"
FORMAT = "briefing-snapshot/1"
MAX_MANIFEST_BYTES = 16 << 20


def is_vouched(path: str) -> bool:
    """Return True if a manifest beside the file lists it with its SHA-256."""
    file = Path(path)
    try:
        digests = {entry["name"]: entry["sha256"] for entry in _read_manifest(file).get("files", [])}
    except (ValueError, TypeError, KeyError):
        return False
    if file.name not in digests:
        return False
    with file.open("rb") as stream:
        return bool(file_digest(stream, "sha256").hexdigest() == digests[file.name])


def erased(path: str) -> dict[str, datetime]:
    """Return the ids of the records that had been erased from the store of the snapshot, and when they were erased.
    LoadError if the manifest was changed so that its list is not valid."""
    try:
        erased_at: dict[str, datetime] = {}
        for entry in _read_manifest(Path(path)).get("erased", []):
            erased_at[entry["id"]] = datetime.fromisoformat(entry["erased_at"])
        for identifier in erased_at:
            resource_of(identifier)
    except (ValueError, TypeError, KeyError, InvalidRequest):
        raise LoadError(
            f"{Path(path).with_name(MANIFEST)}: `erased` is not a list of ids with times.",
            hint="Put back the manifest as it was exported.",
        ) from None
    return erased_at


def _read_manifest(file: Path) -> dict[str, Any]:
    """Return the manifest beside the file; an empty one if there is none. ValueError if it cannot be read."""
    manifest = file.with_name(MANIFEST)
    if not (file.is_file() and manifest.is_file() and manifest.stat().st_size <= MAX_MANIFEST_BYTES):
        return {}
    content = json.loads(manifest.read_bytes())
    if isinstance(content, dict) and content["format"] == FORMAT:
        return content
    return {}
