"""The bytes of answers that clients have not taken yet: bounded for a process, and for each caller.

A caller that holds its share (an eighth) with answers it does not read gets no further one. Where all callers together
hold what the process may, the oldest answer of the caller that holds most is broken off. One answer may always be under
way, whatever its size.
"""

from __future__ import annotations

from typing import Protocol

from api.errors import Unavailable

SHARE = 8
# Smaller answers are counted once their client does not take them at once: nearly all clients do.
SMALL = 64 * 1024


class Connection(Protocol):
    """What a request knows of the connection it came by."""

    least_pace: float

    @property
    def unread(self) -> bool:
        """Whether something that was written waits for the client."""

    async def taken(self) -> None:
        """Wait until the client has taken what was written."""

    def cut(self, reason: str) -> None:
        """Break the answer off."""


class Unread:
    """One answer: whose it is, its bytes, and the connection that it is written to, once it is."""

    __slots__ = ("connection", "identity", "size")

    def __init__(self, identity: str, size: int) -> None:
        self.identity = identity
        self.size = size
        self.connection: Connection | None = None


class UnreadAnswers:
    """The answers of one process that are being sent, `most` bytes together; `total` is what they take now."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = most // SHARE
        self._answers: dict[str, dict[Unread, None]] = {}
        self._held: dict[str, int] = {}
        self.total = 0
        # Answers that were refused for want of room.
        self.refused = 0

    def add(self, identity: str, size: int) -> Unread:
        """Count an answer of a caller until `remove`. Unavailable where its caller holds too much already."""
        held = self._held.get(identity, 0)
        if held and held + size > self._share:
            self.refused += 1
            detail = f"Answers that you have not read yet take {held:,} bytes; {self._share:,} are your share."
            raise Unavailable(detail, "Read them to their end before you ask for more.")
        while self.total and self.total + size > self._most:
            if not self._make_room(held + size):
                self.refused += 1
                raise Unavailable("Answers that are being sent take all memory for them.", "Try again.")
        answer = Unread(identity, 0)
        self._answers.setdefault(identity, {})[answer] = None
        self.resize(answer, size)
        return answer

    def resize(self, answer: Unread, size: int) -> None:
        """The answer has so many bytes now: compressed, for example."""
        if answer in self._answers.get(answer.identity, ()):
            more = size - answer.size
            answer.size = size
            self.total += more
            self._held[answer.identity] = self._held.get(answer.identity, 0) + more

    def remove(self, answer: Unread) -> None:
        """The client has taken the answer, or is gone; only the first time counts."""
        of_caller = self._answers.get(answer.identity, {})
        if answer not in of_caller:
            return
        self.resize(answer, 0)
        del of_caller[answer]
        if not of_caller:
            del self._answers[answer.identity], self._held[answer.identity]

    def _make_room(self, wanted: int) -> bool:
        """Break off the oldest answer that is being sent, of the caller that holds most; none, where the newcomer would
        hold more than that caller does."""
        for identity in sorted(self._held, key=self._held.__getitem__, reverse=True):
            if self._held[identity] < wanted:
                return False
            for answer in self._answers[identity]:
                if answer.connection is not None:
                    self.remove(answer)
                    answer.connection.cut("memory")
                    return True
        return False
