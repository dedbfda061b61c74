"""The way of a request from the socket to its statement: short, and through each module once."""

from __future__ import annotations

import re
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import api
from api.ingest.load import load
from api.store.migrate import migrate
from tests.http.conftest import Client
from tests.rest.conftest import SAMPLE, run

PACKAGE = str(Path(api.__file__).parent)
# The modules below which a request is handled: the protocol, which reads it, and the task that the protocol starts.
ENTRANCES = {"server/protocol", "server/exchange"}
# Functions of ours that run from the arrival of a request until the driver is called. The numbers may only fall.
MAX_FUNCTIONS = {"a list": 35, "a record": 35, "GraphQL": 37}
# The functions at which the parts of the way begin. If one is missing, the recorder has missed a part.
PARTS = ("HttpConnection.data_received", "Exchange.run", "Service.execute", "Reader.read", "Pool.take")


class Recorder:
    """A profiler that records the functions of the package that one request calls, until the driver is called."""

    def __init__(self) -> None:
        self.recording = False
        self.called: list[CodeType] = []
        self.stack: list[str] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self.recording or event != "call":
            return
        code = frame.f_code
        if not self.called and code.co_name != "data_received":
            # The service still works on the previous request, although its client has the answer.
            return
        if "/asyncpg/" in code.co_filename and code.co_name in ("fetchrow", "_execute", "__execute"):
            self.recording = False
            self.stack = _modules(frame)
        elif code.co_filename.startswith(PACKAGE) and not ENTRANCES.isdisjoint(_modules(frame)):
            # Other work on the loop, such as the watch of the change log, is not below these.
            self.called.append(code)

    def functions(self) -> list[str]:
        """Return the names of the functions that were called, each once."""
        names = dict.fromkeys(f"{_module(code)}.{code.co_qualname}" for code in self.called)
        # Comprehensions are functions before Python 3.12 only.
        return [name for name in names if not name.endswith("comp>")]


def _modules(frame: FrameType | None) -> list[str]:
    """Return the modules of the package on the stack, the outermost first, neighbours that are equal once."""
    modules: list[str] = []
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE) and (not modules or modules[-1] != _module(code)):
            modules.append(_module(code))
        frame = frame.f_back
    return modules[::-1]


def _module(code: CodeType) -> str:
    return code.co_filename.removeprefix(f"{PACKAGE}/").removesuffix(".py")


def test_the_functions_that_architecture_names_for_a_debugger_exist() -> None:
    text = (Path(PACKAGE).parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d\. .*$", text, re.M)
    names = re.findall(r"`([^`]+)`", " ".join(rows))
    files = [name for name in names if name.endswith(".py")]
    sources = [(Path(PACKAGE) / file).read_text(encoding="utf-8") for file in files]
    defined = set(re.findall(r"\b(?:def|class) (\w+)", " ".join(sources)))
    used = {part for name in names if name not in files for part in name.split(".")}
    assert len(rows) == 7 and files and used <= defined, used - defined


@pytest.fixture
async def recorded_service(fresh_database: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A service in this process, and the recorder of what it does."""
    url = await fresh_database()
    await migrate(url)
    await load([str(SAMPLE)], url)
    recorder = Recorder()
    monkeypatch.setenv("BRIEFING_LIMITS", "true")
    monkeypatch.setenv("BRIEFING_ANSWER_MEMORY", "0")
    threading.setprofile(recorder)
    try:
        with run(url) as client:
            threading.setprofile(None)
            connection = Client(client.base_url.port or 0)
            yield connection, recorder
            connection.close()
    finally:
        threading.setprofile(None)


DOCUMENT = b'{"query": "{ events(first: 3) { nodes { id } } }"}'


def get(path: str) -> bytes:
    """Return a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


# Each request is sent in one piece: a body that arrives after its head calls some more functions.
REQUESTS = {
    "a list": get("/v2/events?kind=attack&limit=7"),
    "a record": get("/v2/events/evt_00000000000000000000000000"),
    "GraphQL": b"POST /v2/graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(DOCUMENT), DOCUMENT),
}


@pytest.mark.parametrize("kind", list(REQUESTS))
def test_a_request_calls_few_functions_and_enters_each_module_once(
    recorded_service: tuple[Client, Recorder], kind: str
) -> None:
    client, recorder = recorded_service
    # From the second time on, the request is remembered, but its answer is not: the service keeps none here.
    for time in range(3):
        recorder.recording = time == 2
        client.send(REQUESTS[kind])
        assert client.answer().status in (200, 404)
    assert recorder.stack, "the driver was not called"
    assert len(recorder.stack) == len(set(recorder.stack)), recorder.stack
    functions = recorder.functions()
    assert [part for part in PARTS if not any(name.endswith(f".{part}") for name in functions)] == []
    assert len(functions) <= MAX_FUNCTIONS[kind], functions
