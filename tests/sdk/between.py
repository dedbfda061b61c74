"""A proxy between a client and the service that acts as a newer, slow, refusing, broken or foreign service.

The first part of the path selects how the answer is changed: `/newer/v1/events` is the service's own answer with a
term and fields that no current client knows.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HTML = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"
# The answer of every path of a version that is no longer served.
RETIRED = json.dumps(
    {
        **{"type": "/problems/retired", "title": "Retired", "status": 410, "code": "retired", "request_id": "r1"},
        **{"detail": "Version v1 is no longer served, since 2030-01-31.", "errors": []},
        "hint": "Go on with /v2; /versions lists what differs.",
    }
).encode()
SLOW_SECONDS = 5
PASSED = ("Accept", "Authorization", "Content-Type", "If-None-Match")


@dataclass
class Between:
    """The proxy's address, and by the first part of the path the number of requests and the statuses that it sent."""

    url: str
    request_counts: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, list[int]] = field(default_factory=dict)


@contextmanager
def between(service: str) -> Iterator[Between]:
    """Run the proxy until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": service}))
    server.daemon_threads = True
    between_services = Between(f"http://127.0.0.1:{server.server_port}")
    server.between = between_services  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield between_services
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    service = ""
    server: Any

    def do_GET(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def _pass(self) -> None:
        _, way, rest = self.path.split("/", 2)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.between.request_counts[way] += 1
        if way == "html":
            return self._send(502, {"Content-Type": "text/html"}, HTML)
        if way == "login":
            return self._send(200, {"Content-Type": "text/html; charset=utf-8"}, HTML)
        if way == "retired":
            return self._send(410, {"Content-Type": "application/problem+json"}, RETIRED)
        if way == "elsewhere":
            return self._send(302, {"Location": "https://login.example/"}, b"")
        if way == "stranger":
            return self._send(400, {"Content-Type": "application/json"}, b'{"message": "no such route"}')
        if way == "slow":
            time.sleep(SLOW_SECONDS)
        if way == "busy" and self.server.between.request_counts[way] % 3:
            return self._send(503, {"Retry-After": "1", "Content-Type": "text/html"}, HTML)
        if way == "shut":
            return self._send(503, {"Retry-After": "3600", "Content-Type": "text/html"}, HTML)
        try:
            path = rest.replace("v1/", "v99/", 1) if way == "never" else rest.replace("cursor=again", "")
            status, headers, answer = self._ask("/" + path, body)
        except OSError:
            return None  # The service has ended, as at the end of the tests.
        if way == "newer":
            answer = _newer(answer)
        if way == "looping":
            page = json.loads(answer)
            page["page"]["next_cursor"] = "again"
            answer = json.dumps(page).encode()
        if way == "older":
            payload: Any = {"events": {"nodes": [{}]}} if body else [{"id": "evt_1"}]
            answer = json.dumps({"data": payload, "page": {}}).encode()
        return self._send(status, headers, answer, cut=way == "cut")

    def _ask(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: self.headers[name] for name in PASSED if name in self.headers}
        request = Request(self.service + path, data=body or None, headers=headers, method=self.command)
        try:
            answer = urlopen(request)
        except HTTPError as refusal:
            answer = refusal
        with answer:
            answer_headers = {
                name: answer.headers[name] for name in ("Content-Type", "ETag", "Retry-After") if name in answer.headers
            }
            return answer.status, answer_headers, answer.read()

    def _send(self, status: int, headers: dict[str, str], body: bytes, cut: bool = False) -> None:
        way = self.path.split("/", 2)[1]
        self.server.between.statuses.setdefault(way, []).append(status)
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
        except OSError:
            pass  # The client has left, as after its timeout.


def _newer(answer: bytes) -> bytes:
    """Return the answer with an unknown term and a new field in each record, and an unknown code in each problem."""
    payload = json.loads(answer)
    if "code" in payload:
        payload |= {"code": "quantum_flux", "severity": 3}
    for record in _records(payload):
        record |= {"kind": "CYBER_ATTACK" if "startsAt" in record else "cyber_attack", "sentiment": {"score": 0.5}}
    return json.dumps(payload).encode()


def _records(json_value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(json_value, list):
        for element in json_value:
            yield from _records(element)
    elif isinstance(json_value, dict):
        if "kind" in json_value and "id" in json_value:
            yield json_value
        for value in json_value.values():
            yield from _records(value)
