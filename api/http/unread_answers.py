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
    """The answers of one process that are being sent: at most `most` bytes together, of which `total` are in use."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = most // SHARE
        self._answers: dict[str, dict[UnreadAnswer, None]] = {}
        self._held: dict[str, int] = {}
        self.total = 0
        # Answers that were refused because there was no room.
        self.refused = 0

    def add(self, identity: str, size: int) -> UnreadAnswer:
        """Count an answer of a caller until `remove`. Unavailable if the caller has too many unread bytes, or if there
        is no room."""
        held = self._held.get(identity, 0)
        if held and held + size > self._share:
            self.refused += 1
            detail = f"Your unread answers take {held:,} bytes; your share is {self._share:,}."
            raise Unavailable(detail, "Read them to the end before you send more requests.")
        while self.total and self.total + size > self._most:
            if not self._make_room(held + size):
                self.refused += 1
                raise Unavailable("The memory for unread answers is full.", "Try again after Retry-After.")
        answer = UnreadAnswer(identity, 0)
        self._answers.setdefault(identity, {})[answer] = None
        self.resize(answer, size)
        return answer

    def resize(self, answer: UnreadAnswer, size: int) -> None:
        """Change the bytes of an answer, for example because it was compressed."""
        if answer in self._answers.get(answer.identity, ()):
            more = size - answer.size
            answer.size = size
            self.total += more
            self._held[answer.identity] = self._held.get(answer.identity, 0) + more

    def remove(self, answer: UnreadAnswer) -> None:
        """Remove an answer that was read, or whose client is gone; only the first call counts."""
        of_caller = self._answers.get(answer.identity, {})
        if answer not in of_caller:
            return
        self.resize(answer, 0)
        del of_caller[answer]
        if not of_caller:
            del self._answers[answer.identity], self._held[answer.identity]

    def _make_room(self, wanted: int) -> bool:
        """Break off the oldest answer that is being sent of the caller that has most, and return whether there was one.
        None is broken off for a caller that would then have more than that caller."""
        for identity in sorted(self._held, key=self._held.__getitem__, reverse=True):
            if self._held[identity] < wanted:
                return False
            for answer in self._answers[identity]:
                if answer.connection is not None:
                    self.remove(answer)
                    answer.connection.cut("memory")
                    return True
        return False
