"""The names inside uvicorn that api/server uses. If a new uvicorn fails here, its server.py says what they became."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import httptools
import pytest
import uvicorn

import api
from api.server.http_server import HttpServer, config
from api.settings import Settings

# What api/server reads or overrides, with the reason.
USED = {
    "started": "whether the application has started, so that the service may listen",
    "servers": "the listeners that the server closes at its end",
    "server_state": "the connections and tasks that the server waits for at its end, and the date",
    "should_exit": "set by a signal",
    "force_exit": "set by a second signal",
}
OVERRIDDEN = {"startup", "shutdown", "on_tick", "handle_exit"}
STATE = {"connections": set, "tasks": set, "default_headers": list}


@pytest.fixture
def server() -> uvicorn.Server:
    return uvicorn.Server(config(lambda scope: None, Settings()))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("name", USED)
def test_a_server_has_this_attribute(server: uvicorn.Server, name: str) -> None:
    assert hasattr(server, name) or f"self.{name} =" in inspect.getsource(uvicorn.Server), USED[name]


@pytest.mark.parametrize("name", sorted(OVERRIDDEN))
def test_a_server_has_this_method_with_these_parameters(name: str) -> None:
    theirs = inspect.signature(getattr(uvicorn.Server, name))
    ours = inspect.signature(getattr(HttpServer, name))
    assert list(ours.parameters) == list(theirs.parameters)
    assert inspect.iscoroutinefunction(getattr(uvicorn.Server, name)) == (name != "handle_exit")


@pytest.mark.parametrize("name", STATE)
def test_the_state_of_a_server_has_this_attribute(server: uvicorn.Server, name: str) -> None:
    assert isinstance(getattr(server.server_state, name), STATE[name])


def test_a_loaded_configuration_has_the_application(server: uvicorn.Server) -> None:
    server.config.load()
    assert callable(server.config.loaded_app)
    assert server.config.http_protocol_class is server.config.http


def test_uvicorn_makes_a_connection_of_our_class_with_these_arguments(server: uvicorn.Server) -> None:
    """The tests of REST and GraphQL run uvicorn's own server, which makes the connections itself."""
    server.config.load()

    async def make() -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = server.config.http_protocol_class(  # type: ignore[call-arg]
            config=server.config, server_state=server.server_state, app_state={}, _loop=None
        )
        return protocol

    assert isinstance(asyncio.run(make()), server.config.http_protocol_class)


def test_an_upgrade_is_no_error_of_the_parser() -> None:
    assert issubclass(httptools.HttpParserUpgrade, Exception)
    assert not issubclass(httptools.HttpParserUpgrade, httptools.HttpParserError)


def test_no_module_imports_from_within_uvicorn() -> None:
    """`import uvicorn` is public. Its modules are not."""
    modules = Path(api.__file__).parent.rglob("*.py")
    assert [path.name for path in modules if "from uvicorn" in path.read_text(encoding="utf-8")] == []
