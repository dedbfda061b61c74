"""The events of connections that no request of the application shows."""

from __future__ import annotations


class ConnectionEvents:
    """Receives the events of connections and ignores them. The metrics override it to count them."""

    def refused(self, code: str) -> None:
        """Receive that bytes were refused, with this code, before they were a request."""

    def gave_way(self, state: str) -> None:
        """Receive that a connection in this state was closed for a new one."""

    def cut(self, reason: str) -> None:
        """Receive that an answer was broken off because of its client."""
