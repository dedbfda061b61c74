"""The content of a version's OpenAPI document that clients are made from: resources, each with its operations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One path: its id, its summary, its query parameters, and the name of the schema of its answer."""

    id: str
    path: str
    told: str
    parameters: list[Schema]
    answer: str


@dataclass(frozen=True)
class Resource:
    """A kind of record. `record` is the name of its schema, `exports` are by format. Without ids it has a list only."""

    name: str
    told: str
    record: str
    listed: Operation
    one: Operation | None
    exports: dict[str, Operation]


@dataclass(frozen=True)
class Contract:
    """A version: its name, its document, its resources, the operation that describes the caller (older contracts have
    none), and its GraphQL schema."""

    version: str
    document: Schema
    resources: list[Resource]
    me: Operation | None
    sdl: str

    def resolved(self, part: Schema) -> Schema:
        """Return the schema that a reference stands for. Return any other schema as it is."""
        return _resolved(self.document, part)

    def data(self, one: Operation) -> str:
        """Return the name of the schema of the `data` in an operation's answer."""
        return _data(self.document, one)


def contracts(folder: Path) -> list[Contract]:
    """Return every version that has contract files in the folder."""
    files = sorted(folder.glob("v[0-9]*.json"), key=lambda file: int(file.stem[1:]))
    if not files:
        raise SystemExit(f"There are no contracts in {folder}: expected vN.json.")
    return [_read(file) for file in files]


def _read(file: Path) -> Contract:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        sdl = file.with_suffix(".graphql").read_text(encoding="utf-8")
        operations = {path: _operation(document, path, item["get"]) for path, item in document["paths"].items()}
        me = operations.pop(f"/{file.stem}/me", None)
        return Contract(file.stem, document, _resources(document, file.stem, operations), me, sdl)
    except (ValueError, KeyError, TypeError, StopIteration, OSError) as error:
        raise SystemExit(f"{file.name} is no contract of this project ({type(error).__name__}: {error}).") from error


def _resources(document: Schema, version: str, operations: dict[str, Operation]) -> list[Resource]:
    made = []
    for tag in document["tags"]:
        path = f"/{version}/{tag['name']}"
        if path not in operations:
            continue
        listed, one = operations.pop(path), operations.pop(path + "/{id}", None)
        forms = [found.removeprefix(f"{path}.") for found in operations if found.startswith(f"{path}.")]
        exports = {form: operations.pop(f"{path}.{form}") for form in forms}
        record = _data(document, listed)
        made.append(Resource(tag["name"], tag["description"], record, listed, one, exports))
    if operations:
        raise ValueError(f"neither lists nor records nor exports: {', '.join(operations)}")
    return made


def _operation(document: Schema, path: str, item: Schema) -> Operation:
    found = [_resolved(document, one) for one in item["parameters"]]
    content = next(iter(item["responses"]["200"]["content"].values()))["schema"]
    queried = [one for one in found if one["in"] == "query"]
    answer = _name(content) if "$ref" in content else ""
    return Operation(item["operationId"], path, item["summary"], queried, answer)


def _data(document: Schema, one: Operation) -> str:
    data = document["components"]["schemas"][one.answer]["properties"]["data"]
    return _name(data.get("items", data))


def _resolved(document: Schema, part: Schema) -> Schema:
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/") if "$ref" in part else ():
        found = found[name]
    return found if "$ref" in part else part


def _name(reference: Schema) -> str:
    name: str = reference["$ref"].rpartition("/")[2]
    return name
