"""A client without manners: it sends any bytes, and checks every answer for what an answer may contain."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from api.http.problems import PROBLEMS
from tests.http.conftest import Answer, Client
from tests.serving import ROOT

# Internals that no answer may contain: paths, SQL, addresses, and names of classes and libraries.
INTERNAL = re.compile(
    r"asyncpg|uvicorn|starlette|strawberry|graphql-core|orjson\.|Traceback|File \"|\.py\b|/home/|/tmp/|/usr/"
    r"|site-packages|postgres(ql)?://|briefing_reader|briefing@|pg_catalog|pg_temp|\bselect\b.*\bfrom\b|at or near"
    r"|relation \"|[A-Z][a-z]+(Error|Exception)\b|sys\.|object at 0x|tsquery|statement_timeout",
)
EMPTY = (204, 304)
# With this media type a refusal has a status of its own, as it has over REST.
RESPONSE = "application/graphql-response+json"


@dataclass(frozen=True)
class RawClient:
    """A client of the service at a port of this machine."""

    port: int
    seconds: float = 10

    def send(self, *parts: bytes, head: bool = False) -> Answer:
        """Send one request on a connection of its own, and return its answer."""
        client = Client(self.port)
        client.socket.settimeout(self.seconds)
        try:
            client.send(*parts)
            status, fields = client.head()
            length = 0 if head or status in EMPTY else int(fields["content-length"])
            return check_answer(Answer(status, fields, client.read.read(length)))
        finally:
            client.close()

    def get(self, path: str, *fields: str | bytes, method: str = "GET") -> Answer:
        """Send a request without a body. The path is sent as it is."""
        lines = [
            f"{method} {path} HTTP/1.1".encode(),
            b"Host: localhost",
            *(_bytes(field) for field in fields),
            b"",
            b"",
        ]
        return self.send(b"\r\n".join(lines), head=method == "HEAD")

    def find(self, path: str, **parameters: str) -> Answer:
        """Request a list with filters. Parameters are percent-encoded, and a double underscore stands for a dot."""
        pairs = (f"{name.replace('__', '.')}={quote(value, safe='')}" for name, value in parameters.items())
        return self.get(f"/v1/{path}?{'&'.join(pairs)}")

    def post(self, body: bytes, *fields: str, path: str = "/v1/graphql") -> Answer:
        """Send a body to the GraphQL API."""
        about = [f"Content-Length: {len(body)}", f"Accept: {RESPONSE}", *fields]
        if not any(field.lower().startswith("content-type") for field in fields):
            about.append("Content-Type: application/json")
        return self.send(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n".encode(), *_lines(about), b"\r\n", body)

    def ask(self, query: str, variables: Any = None) -> Answer:
        """Send a document to the GraphQL API."""
        return self.post(json.dumps({"query": query, "variables": variables}).encode())


def code(answer: Answer) -> str:
    """Return the code of the first error, from either API; empty if there is none."""
    if answer.fields["content-type"] == "application/problem+json":
        return str(answer.problem["code"])
    errors = json.loads(answer.body).get("errors") or [{}]
    return str(errors[0].get("extensions", {}).get("code", ""))


def check_answer(answer: Answer) -> Answer:
    """Check that the answer is no fault of the service, has the shape of its kind, and contains nothing internal."""
    assert str(ROOT).encode() not in answer.body
    assert answer.status < 500 or answer.status == 503, answer
    assert answer.fields.get("x-request-id"), answer
    if not answer.body:
        return answer
    kind = answer.fields["content-type"].partition(";")[0]
    if kind == "application/problem+json":
        assert answer.problem["code"] in PROBLEMS and answer.problem["code"] != "internal"
        assert not INTERNAL.search(answer.body.decode()), answer.body
    elif kind in ("application/json", RESPONSE):
        body = json.loads(answer.body) if "content-encoding" not in answer.fields else {}
        for error in body.get("errors", []):
            assert error["message"] and error["extensions"]["code"] in PROBLEMS, error
            assert error["extensions"]["code"] != "internal"
            assert not INTERNAL.search(json.dumps(error)), error
        assert answer.status == 200 or body["errors"]
    else:
        assert kind in ("text/html", "text/plain"), kind
    return answer


def _bytes(field: str | bytes) -> bytes:
    return field if isinstance(field, bytes) else field.encode("latin-1")


def _lines(fields: list[str]) -> list[bytes]:
    return [field.encode("latin-1") + b"\r\n" for field in fields]
