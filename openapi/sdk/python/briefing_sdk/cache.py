"""A cache of answers, which are requested again with If-None-Match."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Cache:
    """The most recently used answers and their ETags, by URL: `most` bytes of answers at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> tuple[str, bytes] | None:
        """Return the ETag and the body of an answer; None if it is not kept."""
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
            return self._kept.get(url)

    def put(self, url: str, etag: str | None, body: bytes) -> None:
        """Keep an answer, and drop the least recently used ones that have no room."""
        if not etag or len(body) > self._most:
            return
        with self._lock:
            self._held += len(body) - len(self._kept.pop(url, ("", b""))[1])
            self._kept[url] = (etag, body)
            while self._held > self._most:
                self._held -= len(self._kept.popitem(last=False)[1][1])
