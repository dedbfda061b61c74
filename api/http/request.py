"""An HTTP request as endpoints see it: its parts, read once, and its context."""

from __future__ import annotations

import re
from random import getrandbits
from time import perf_counter

from starlette.types import Receive, Scope

from api.access.key import holds_key
from api.http.unread_answers import SMALL, Connection, UnreadAnswer, UnreadAnswers
from api.service import RequestContext

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class HttpRequest:
    """One request. `fields` are the header fields by their names in lower case, lines of one name joined by commas;
    `header_lines` are the lines as they were sent. `path_value` is the part of the path that is a parameter.

    `target` is the path and the query in bytes. Entity tags of GraphQL and of pages are made of it and of a media type.

    `connection` and `whole_body` come from our own server: the connection of the request, and its body if that arrived
    complete before the application was started. Both are None if another server runs the application.

    `unread` counts the answers of this process that clients have not read yet. `unread_answer` is the entry of the
    answer to this request there; None while that answer is not counted."""

    __slots__ = (
        "_id",
        "client",
        "connection",
        "context",
        "fields",
        "has_body",
        "header_lines",
        "method",
        "path",
        "path_value",
        "query_string",
        "raw_path",
        "receive",
        "scheme",
        "target",
        "unread",
        "unread_answer",
        "whole_body",
    )

    def __init__(self, scope: Scope, receive: Receive, unread: UnreadAnswers) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope["raw_path"]
        self.query_string: bytes = scope["query_string"]
        self.target = b"%b\0%b\0" % (self.raw_path, self.query_string)
        self.scheme: str = scope.get("scheme", "http")
        self.header_lines: list[tuple[bytes, bytes]] = scope["headers"]
        client = scope.get("client")
        self.client: str | None = client[0] if client else None
        self.connection: Connection | None = scope.get("connection")
        self.whole_body: bytes | None = scope.get("body")
        self.receive = receive
        self.unread = unread
        self.unread_answer: UnreadAnswer | None = None
        self.path_value = ""
        fields = dict(self.header_lines)
        if len(fields) < len(self.header_lines):
            values_by_name: dict[bytes, list[bytes]] = {}
            for name, value in self.header_lines:
                values_by_name.setdefault(name, []).append(value)
            fields = {name: b", ".join(values) for name, values in values_by_name.items()}
        self.fields: dict[bytes, bytes] = fields
        self.has_body = fields.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in fields
        self.context = RequestContext(perf_counter())
        self._id = ""

    @property
    def id(self) -> str:
        """The id that the client sent as X-Request-Id, or a new one."""
        if not self._id:
            client_id = self.fields.get(b"x-request-id")
            # A key must not get into a log.
            if client_id and REQUEST_ID.fullmatch(client_id) and not holds_key(client_id.decode()):
                self._id = client_id.decode()
            else:
                # The id only tells requests apart, so it may be easy to guess.
                self._id = f"{getrandbits(64):016x}"
        return self._id

    def header(self, name: bytes) -> str:
        """Return a header field of the request; an empty text if there is none."""
        return self.fields.get(name, b"").decode("latin-1")

    def count_unread(self, size: int) -> None:
        """Count a large answer among the unread ones before it is sent. Unavailable if the caller has too many."""
        caller = self.context.caller
        if size > SMALL and caller is not None and self.unread_answer is None:
            self.unread_answer = self.unread.add(caller.identity, size)
