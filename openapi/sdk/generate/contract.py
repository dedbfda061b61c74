"""The parts of a version's OpenAPI document that the clients are generated from: resources and their operations."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One path: its id, its summary, its query parameters, and the name of the schema of its answer."""

    id: str
    path: str
    summary: str
    parameters: list[Schema]
    answer: str


@dataclass(frozen=True)
class Resource:
    """A kind of record and its operations. `record` is the name of its schema.

    `read` returns one record, and `diff` compares two states of the list. `exports` and `diff_exports` are by format.
    Lists of rows without ids have no `read`, `revisions` and `diff`. Older contracts have no `revisions`, `diff` and
    `counts`. Only figures have `series`. Counts and series also have a file with the same content.
    """

    name: str
    description: str
    record: str
    listing: Operation
    read: Operation | None
    revisions: Operation | None
    counts: Operation | None
    counts_file: Operation | None
    series: Operation | None
    series_file: Operation | None
    exports: dict[str, Operation]
    diff: Operation | None
    diff_exports: dict[str, Operation]

    @property
    def export(self) -> Operation:
        """An export with the parameters of all formats. Some of the parameters are for one format only."""
        return join_parameters(self.exports)


def join_parameters(exports: dict[str, Operation]) -> Operation:
    """Return one export that has the parameters of all."""
    parameters: dict[str, Schema] = {}
    operations = different_exports(exports)
    for operation in operations:
        parameters |= {parameter["name"]: parameter for parameter in operation.parameters}
    return replace(operations[0], parameters=[*parameters.values()])


def different_exports(exports: dict[str, Operation]) -> list[Operation]:
    """Return the exports that have a parameter that no export before them has."""
    names: set[str] = set()
    operations: list[Operation] = []
    for operation in exports.values():
        own_names = {parameter["name"] for parameter in operation.parameters}
        if not operations or own_names - names:
            operations.append(operation)
        names |= own_names
    return operations


@dataclass(frozen=True)
class Contract:
    """A version: its name, its document, its resources, the operation that describes the caller (older contracts have
    none), and its GraphQL schema."""

    version: str
    document: Schema
    resources: list[Resource]
    me: Operation | None
    sdl: str

    @property
    def has_history(self) -> bool:
        """True if its lists can be read as they were known at a moment."""
        names = {parameter["name"] for resource in self.resources for parameter in resource.listing.parameters}
        return "known_at" in names

    def resolve(self, schema: Schema) -> Schema:
        """Return the schema that a reference names. Return any other schema unchanged."""
        return _resolve(self.document, schema)

    def data_schema(self, operation: Operation) -> str:
        """Return the name of the schema of the `data` in an operation's answer."""
        return _data_schema(self.document, operation)


def contracts(folder: Path) -> list[Contract]:
    """Return every version that has contract files in the folder."""
    files = sorted(folder.glob("v[0-9]*.json"), key=_version_number)
    if not files:
        raise SystemExit(f"There are no contracts in {folder}: expected vN.json.")
    return [_read(file) for file in files]


def _version_number(file: Path) -> int:
    return int(file.stem.removeprefix("v"))


def _read(file: Path) -> Contract:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        sdl = file.with_suffix(".graphql").read_text(encoding="utf-8")
        operations = {path: _read_operation(document, path, item["get"]) for path, item in document["paths"].items()}
        # Feeds are for feed readers: a program reads the list.
        operations = {path: operation for path, operation in operations.items() if not operation.id.startswith("feed_")}
        me = operations.pop(f"/{file.stem}/me", None)
        resources = _read_resources(document, file.stem, operations)
        return Contract(file.stem, document, resources, me, sdl)
    except (ValueError, KeyError, TypeError, StopIteration, OSError) as error:
        raise SystemExit(f"{file.name} is no contract of this project ({type(error).__name__}: {error}).") from error


def _read_resources(document: Schema, version: str, operations: dict[str, Operation]) -> list[Resource]:
    """Return the resources that the operations belong to. ValueError names operations that belong to none."""
    resources = []
    for tag in document["tags"]:
        path = f"/{version}/{tag['name']}"
        if path not in operations:
            continue
        listing = operations.pop(path)
        read = operations.pop(f"{path}/{{id}}", None)
        revisions = operations.pop(f"{path}/{{id}}/revisions", None)
        counts = operations.pop(f"{path}/counts", None)
        counts_file = operations.pop(f"{path}/counts.csv", None)
        series = operations.pop(f"{path}/series", None)
        series_file = operations.pop(f"{path}/series.csv", None)
        diff = operations.pop(f"{path}/diff", None)
        exports, diff_exports = _take_exports(operations, path), _take_exports(operations, f"{path}/diff")
        record = _data_schema(document, listing)
        resources.append(
            Resource(
                tag["name"],
                tag["description"],
                record,
                listing,
                read,
                revisions,
                counts,
                counts_file,
                series,
                series_file,
                exports,
                diff,
                diff_exports,
            )
        )
    if operations:
        raise ValueError(f"these belong to no list: {', '.join(operations)}")
    return resources


def _take_exports(operations: dict[str, Operation], path: str) -> dict[str, Operation]:
    """Remove the exports of a list from the operations, and return them by format."""
    prefix = f"{path}."
    export_paths = [other_path for other_path in operations if other_path.startswith(prefix)]
    return {export_path.removeprefix(prefix): operations.pop(export_path) for export_path in export_paths}


def _read_operation(document: Schema, path: str, item: Schema) -> Operation:
    parameters = []
    for reference in item["parameters"]:
        parameter = _resolve(document, reference)
        if parameter["in"] == "query":
            parameters.append(parameter)
    media_type = next(iter(item["responses"]["200"]["content"].values()))
    schema = media_type["schema"]
    answer = _name(schema) if "$ref" in schema else ""
    return Operation(item["operationId"], path, item["summary"], parameters, answer)


def _data_schema(document: Schema, operation: Operation) -> str:
    data = document["components"]["schemas"][operation.answer]["properties"]["data"]
    return _name(data.get("items", data))


def _resolve(document: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target = document
    for name in schema["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return target


def _name(reference: Schema) -> str:
    """Return the name of the schema in a reference."""
    name: str = reference["$ref"].rpartition("/")[2]
    return name
