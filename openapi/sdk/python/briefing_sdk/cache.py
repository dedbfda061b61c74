"""A cache of answers, which are requested again with If-None-Match."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class CachedAnswer:
    """The body of an answer, with its ETag and its Content-Location."""

    etag: str
    body: bytes
    location: str | None


class Cache:
    """The most recently used answers, by URL: `max_bytes` bytes of answers at most."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._answers: OrderedDict[str, CachedAnswer] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> CachedAnswer | None:
        """Return the answer of a URL; None if it is not in the cache."""
        with self._lock:
            if url in self._answers:
                self._answers.move_to_end(url)
            return self._answers.get(url)

    def put(self, url: str, etag: str | None, body: bytes, location: str | None) -> None:
        """Add an answer, and drop the least recently used ones until all fit."""
        if not etag or len(body) > self._max_bytes:
            return
        with self._lock:
            self._drop(self._answers.pop(url, None))
            self._answers[url] = CachedAnswer(etag, body, location)
            self._bytes += len(body)
            while self._bytes > self._max_bytes:
                self._drop(self._answers.popitem(last=False)[1])

    def _drop(self, answer: CachedAnswer | None) -> None:
        self._bytes -= len(answer.body) if answer else 0
