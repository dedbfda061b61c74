"""Requests without a server, for tests of the code that reads them."""

from __future__ import annotations

from typing import Any

from api.http.request import HttpRequest
from api.http.unread_answers import UnreadAnswers


def make_request(
    *fields: tuple[bytes, bytes], method: str = "GET", path: str = "/", client: str | None = None, **scope: Any
) -> HttpRequest:
    """Return a request with these header fields, from the address `client`."""

    async def receive() -> Any:
        raise AssertionError("This request has no body.")

    found = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(fields),
        "client": (client, 4711) if client else None,
    }
    return HttpRequest(found | scope, receive, UnreadAnswers(1 << 20))
