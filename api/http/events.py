"""What happens to connections below the application, for those who count it."""

from __future__ import annotations


class ConnectionEvents:
    """Hears of connections, and does nothing about it; the metrics count."""

    def refused(self, code: str) -> None:
        """A request was refused, with this code, before it was one."""

    def gave_way(self, state: str) -> None:
        """A connection in this state was closed for a new one."""

    def cut(self, reason: str) -> None:
        """An answer was broken off because of its client."""
