"""Functions that run scripts with the installed clients, and services for these scripts."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from graphql import build_schema

from api.ingest.load import load
from tests.clients import run
from tests.rest.crowd import crowd
from tests.sdk.between import Between, between
from tests.serving import serving

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "api" / "sample"
HERE = Path(__file__).parent
MANY = 10_000

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def in_python(python_home: Path) -> Run:
    """`in_python("walk.py", url, …)` runs a script of tests/sdk/python and returns its output, parsed as JSON."""
    return in_environment(python_home)


def in_environment(home: Path) -> Run:
    """Return a function that runs scripts in an environment."""
    program = home / "bin" / "python"

    def script(name: str, *arguments: str, **environment: str) -> Any:
        # -W error: a client that warns would warn its users.
        command: list[str | Path] = [program, "-I", "-W", "error", HERE / "python" / name, *arguments]
        return json.loads(run(*command, at=ROOT, **environment))

    return script


@pytest.fixture(scope="session")
async def crowded_url(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a service over 10,000 events."""
    url = await new_store()
    await crowd(url, MANY)
    with serving(url) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def changed_service(service_url: str) -> Iterator[Between]:
    """A proxy between the client and the service, which changes the answers."""
    with between(service_url) as service:
        yield service


@pytest.fixture(scope="session")
async def limited_url(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a service over the sample, with limits: two lists of 200 at once, and another every two seconds."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    connection = await asyncpg.connect(url)
    await connection.execute("update access.plan set burst = 450, points_minute = 6000 where name = 'anonymous'")
    await connection.close()
    with serving(url, limits="true") as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def offered_resources() -> list[dict[str, Any]]:
    """The resources of each version that has a contract, as the scripts read them."""
    return resources_of_contracts(ROOT / "openapi")


def resources_of_contracts(folder: Path) -> list[dict[str, Any]]:
    """Return the resources of the contracts in a folder."""
    resources = []
    for file in sorted(folder.glob("v[0-9]*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        for tag in document["tags"]:
            path = f"/{file.stem}/{tag['name']}"
            if path not in document["paths"]:
                continue
            # Children of records and withdrawals have lists only.
            record = document["paths"].get(path + "/{id}")
            record_operation = record["get"]["operationId"].removeprefix("get_") if record else None
            exports = [
                name
                for name, item in document["paths"].items()
                if name.startswith(f"{path}.") and not is_feed(item["get"])
            ]
            forms = [name.removeprefix(f"{path}.") for name in exports]
            by = counted_by(document, f"{path}/counts")
            series = f"{path}/series" in document["paths"]
            resources.append(
                {"version": file.stem, "name": tag["name"], "record": record_operation, "forms": forms, "by": by}
            )
            resources[-1]["series"] = series
    return resources


def counted_by(document: dict[str, Any], path: str) -> str | None:
    """Return a field that a list can be counted by; None if it is not counted."""
    if path not in document["paths"]:
        return None
    parameters = document["paths"][path]["get"]["parameters"]
    items = next(parameter["schema"]["items"] for parameter in parameters if parameter.get("name") == "by")
    fields: list[str] = document["components"]["schemas"][items["$ref"].rpartition("/")[2]]["enum"]
    return next(field for field in fields if "." not in field)


@pytest.fixture(scope="session")
def operation_ids() -> dict[str, set[str]]:
    """The operations of each version: those of REST, and those of GraphQL by their fields of Query."""
    return operations_of(ROOT / "openapi")


def is_feed(operation: dict[str, Any]) -> bool:
    """Return True if an operation is a feed, which the clients have no method for."""
    return str(operation["operationId"]).startswith("feed_")


def operations_of(folder: Path) -> dict[str, set[str]]:
    """Return the operations of the contracts in a folder."""
    operation_ids = {}
    for file in sorted(folder.glob("v[0-9]*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        operations = [operation for item in document["paths"].values() for operation in item.values()]
        rest = {operation["operationId"] for operation in operations if not is_feed(operation)}
        query = build_schema(file.with_suffix(".graphql").read_text(encoding="utf-8")).query_type
        assert query is not None
        # Any record by its id alone: GraphQL cannot select from all kinds at once, so there is no such operation.
        operation_ids[file.stem] = rest | (query.fields.keys() - {"node", "nodes"})
    return operation_ids


@pytest.fixture(scope="session")
def typescript_home(typescript_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package, and the scripts beside it."""
    home = tmp_path_factory.mktemp("typescript-scripts")
    shutil.copytree(typescript_home, home, dirs_exist_ok=True)
    return with_scripts(home)


def with_scripts(home: Path) -> Path:
    """Copy the scripts of tests/sdk/typescript into a folder, and return it."""
    for script in (HERE / "typescript").iterdir():
        (home / script.name).write_bytes(script.read_bytes())
    return home


@pytest.fixture(scope="session")
def in_node(typescript_home: Path, node_home: Path) -> Run:
    """`in_node("walk.mjs", url, …)` runs a script of tests/sdk/typescript and returns its output, parsed as JSON."""
    return in_folder(typescript_home, node_home)


def in_folder(home: Path, node_home: Path) -> Run:
    """Return a function that runs scripts beside a package."""

    def script(name: str, *arguments: str, **environment: str) -> Any:
        node: list[str | Path] = [node_home / "bin" / "node", "--no-warnings", "--experimental-strip-types"]
        return json.loads(run(*node, name, *arguments, at=home, **environment))

    return script
