"""Limit the bytes of answers that clients have not read yet, for a process and for each caller.

A caller whose unread answers would take more than its share (an eighth) gets no further one. If the answers of all
callers would take more than the process may, the oldest answer of the caller that has most is broken off. A caller may
always have one answer, whatever its size.
"""

from __future__ import annotations

from typing import Protocol

from api.errors import Unavailable

SHARE = 8
# Smaller answers are counted only if their client does not take them at once, which nearly all clients do. Counting
# costs 10 µs, and before an answer is sent or compressed it takes no memory outside the cache.
SMALL = 256 * 1024


class Connection(Protocol):
    """The connection of a request, as far as the application uses it."""

    least_pace: float

    @property
    def unread(self) -> bool:
        """True while something that was written waits for the client."""

    async def taken(self) -> None:
        """Wait until the client has taken what was written."""

    def cut(self, reason: str) -> None:
        """Break the answer off."""


class UnreadAnswer:
    """One answer: its caller, its bytes, and the connection that it is written to (None before that)."""

    __slots__ = ("connection", "identity", "size")

    def __init__(self, identity: str, size: int) -> None:
        self.identity = identity
        self.size = size
        self.connection: Connection | None = None


class UnreadAnswers:
    """The answers of one process that are being sent: at most `maximum` bytes together, of which `total` are in use."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._share = maximum // SHARE
        # The answers of each caller, the oldest first, and their bytes together.
        self._answers: dict[str, dict[UnreadAnswer, None]] = {}
        self._bytes: dict[str, int] = {}
        self.total = 0
        # Answers that were refused because there was no room.
        self.refused = 0

    def add(self, identity: str, size: int) -> UnreadAnswer:
        """Count an answer of a caller until `remove`. Unavailable if the caller has too many unread bytes, or if there
        is no room."""
        unread = self._bytes.get(identity, 0)
        if unread and unread + size > self._share:
            self.refused += 1
            detail = f"Your unread answers take {unread:,} bytes; your share is {self._share:,}."
            raise Unavailable(detail, "Read them to the end before you send more requests.")
        while self.total and self.total + size > self._maximum:
            if not self._make_room(unread + size):
                self.refused += 1
                raise Unavailable("The memory for unread answers is full.", "Try again after Retry-After.")
        answer = UnreadAnswer(identity, 0)
        self._answers.setdefault(identity, {})[answer] = None
        self.resize(answer, size)
        return answer

    def resize(self, answer: UnreadAnswer, size: int) -> None:
        """Change the bytes of an answer, for example because it was compressed."""
        if answer in self._answers.get(answer.identity, ()):
            growth = size - answer.size
            answer.size = size
            self.total += growth
            self._bytes[answer.identity] = self._bytes.get(answer.identity, 0) + growth

    def remove(self, answer: UnreadAnswer) -> None:
        """Remove an answer that was read, or whose client is gone; only the first call counts."""
        answers_of_caller = self._answers.get(answer.identity, {})
        if answer not in answers_of_caller:
            return
        self.resize(answer, 0)
        del answers_of_caller[answer]
        if not answers_of_caller:
            del self._answers[answer.identity]
            del self._bytes[answer.identity]

    def _make_room(self, size: int) -> bool:
        """Break off the oldest answer that is being sent of the caller that has most, and return whether there was one.
        None is broken off for a caller that would then have more than that caller: `size` bytes."""
        for identity in sorted(self._bytes, key=self._bytes.__getitem__, reverse=True):
            if self._bytes[identity] < size:
                return False
            for answer in self._answers[identity]:
                if answer.connection is not None:
                    self.remove(answer)
                    answer.connection.cut("memory")
                    return True
        return False
