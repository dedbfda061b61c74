"""Make entity tags that no client can make, and verify them without parsing the request.

A tag has three parts: the resources that the answer was read from, a code, and the mark of these resources (their data
version). The code is an HMAC of the release, the request and the other two parts, so a client cannot invent a tag. The
tag itself names the resources, and the service knows their current mark, so verifying takes no parsing and no planning.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Sequence

from api import __version__

CODE_BYTES = 12
FORM = re.compile(r"([0-9a-f]{1,8})-[0-9a-f]{24}-[0-9.]{3,40}")
Mark = Callable[[tuple[str, ...]], str | None]


class EntityTags:
    """The tags of a service with these resources."""

    def __init__(self, resources: Iterable[str]) -> None:
        self._names = sorted(set(resources))

    def make(self, secret: bytes, requested: bytes, reads: Sequence[str], mark: str) -> str:
        """Return the tag, without quotes, of the answer to what was `requested`, read from these resources at this
        mark."""
        mask = sum(1 << number for number, name in enumerate(self._names) if name in reads)
        return self._made(secret, requested, mask, mark)

    def is_current(self, secret: bytes, requested: bytes, tag: str, mark_of: Mark) -> bool:
        """Whether the answer still has this tag; False while the current marks are not known."""
        found = FORM.fullmatch(tag)
        mask = int(found[1], 16) if found else -1
        if not 0 <= mask < 1 << len(self._names):
            return False
        mark = mark_of(tuple(name for number, name in enumerate(self._names) if mask >> number & 1))
        if mark is None:
            return False
        return hmac.compare_digest(tag, self._made(secret, requested, mask, mark))

    @staticmethod
    def _made(secret: bytes, requested: bytes, mask: int, mark: str) -> str:
        named = f"{__version__}\0{mask:x}\0{mark}\0".encode()
        code = hmac.digest(secret, named + requested, "sha256")[:CODE_BYTES].hex()
        return f"{mask:x}-{code}-{mark}"
