"""Make public ids from the dataset's name, the resource and the record's own key, and nothing else.

So a file that is loaded twice gives the same ids, also in another store, and a link by key needs no look-up.
"""

from __future__ import annotations

import re
from base64 import b32encode
from functools import lru_cache
from hashlib import sha256

from api.model import PREFIXES

RESOURCES = {prefix: name for name, prefix in PREFIXES.items()}
ID = re.compile(f"({'|'.join(RESOURCES)})_[0-9a-hjkmnp-tv-z]{{26}}")

_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")


def public_id(dataset: str, resource: str, key: str) -> str:
    """Return the id of a record: the prefix, and the first 130 bits of a SHA-256 in Crockford's base32."""
    digest = sha256(f"{dataset}\x1f{resource}\x1f{key}".encode()).digest()
    digits = b32encode(digest[:20])[:26].translate(_CROCKFORD).decode()
    return f"{PREFIXES[resource]}_{digits}"


@lru_cache(maxsize=32_768)
def linked_id(dataset: str, resource: str, reference: str) -> str:
    """Return the id that a link refers to: a public id as it is, or else the id for a key of the same dataset. Cached,
    because links repeat."""
    if ID.fullmatch(reference):
        return reference
    return public_id(dataset, resource, reference)
