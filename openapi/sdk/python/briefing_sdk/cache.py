"""A cache of answers, which are requested again with If-None-Match."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Cache:
    """The most recently used answers and their ETags, by URL: `max_bytes` bytes of answers at most."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._answers: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> tuple[str, bytes] | None:
        """Return the ETag and the body of an answer; None if it is not kept."""
        with self._lock:
            if url in self._answers:
                self._answers.move_to_end(url)
            return self._answers.get(url)

    def put(self, url: str, etag: str | None, body: bytes) -> None:
        """Keep an answer, and drop the least recently used ones that have no room."""
        if not etag or len(body) > self._max_bytes:
            return
        with self._lock:
            self._bytes += len(body) - len(self._answers.pop(url, ("", b""))[1])
            self._answers[url] = (etag, body)
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._answers.popitem(last=False)[1][1])
