"""Make entity tags that no client can make, and verify them without parsing the request.

A tag has three parts: the resources that the answer was read from, a code, and the mark of these resources (their data
version). The code is an HMAC of the release, the request and the other two parts, so a client cannot invent a tag. The
tag itself names the resources, and the service knows their current mark, so verifying takes no parsing and no planning.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from api import __version__

CODE_BYTES = 12
# Tags that are remembered, 300 bytes each, or 8 KB if the URL is long.
REMEMBERED = 1024
FORM = re.compile(r"([0-9a-f]{1,8})-[0-9a-f]{24}-(?:e(?P<edition>[0-9]{1,18})\.[0-9]{1,20}|[0-9.]{3,40})")
Mark = Callable[[tuple[str, ...], int | None], str | None]


class EntityTags:
    """The tags of a service with these resources."""

    def __init__(self, resources: Iterable[str]) -> None:
        self._names = sorted(set(resources))
        # At most one for each set of resources, of which there are a few hundred.
        self._masks: dict[tuple[str, ...], int] = {}
        self._resources: dict[int, tuple[str, ...]] = {}

    def make(self, secret: bytes, requested: bytes, reads: tuple[str, ...], mark: str) -> str:
        """Return the tag, without quotes, of the answer to what was `requested`, read from these resources at this
        mark."""
        return _write_tag(secret, requested, self._find_mask(reads), mark)

    def is_current(self, secret: bytes, requested: bytes, tag: str, mark_of: Mark) -> bool:
        """Return True if the answer still has this tag; False while the current marks are not known."""
        match = FORM.fullmatch(tag)
        if match is None:
            return False
        mask = int(match[1], 16)
        reads = self._find_resources(mask)
        if reads is None:
            return False
        edition = match["edition"]
        mark = mark_of(reads, int(edition) if edition else None)
        if mark is None:
            return False
        return hmac.compare_digest(tag, _write_tag(secret, requested, mask, mark))

    def _find_resources(self, mask: int) -> tuple[str, ...] | None:
        """Return the resources of a mask; None if there are no such resources."""
        reads = self._resources.get(mask)
        if reads is None and mask < 1 << len(self._names):
            reads = tuple(name for number, name in enumerate(self._names) if mask >> number & 1)
            self._resources[mask] = reads
        return reads

    def _find_mask(self, reads: tuple[str, ...]) -> int:
        """Return the number that has a bit for each of these resources."""
        mask = self._masks.get(reads)
        if mask is None:
            mask = 0
            for number, name in enumerate(self._names):
                if name in reads:
                    mask |= 1 << number
            self._masks[reads] = mask
        return mask


def names_edition(tag: str) -> bool:
    """Return True if a tag that was verified is of an answer that shows an edition, and not the present."""
    return tag.rpartition("-")[2].startswith("e")


# An HMAC takes 10 µs in a process that does other things in between, and the tag of a cached answer does not change.
@lru_cache(REMEMBERED)
def _write_tag(secret: bytes, requested: bytes, mask: int, mark: str) -> str:
    prefix = f"{__version__}\0{mask:x}\0{mark}\0".encode()
    code = hmac.digest(secret, prefix + requested, "sha256")[:CODE_BYTES].hex()
    return f"{mask:x}-{code}-{mark}"
