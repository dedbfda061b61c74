"""Answers of the service for every schema of the contract, and broken copies of them, to try generated models on.

The contract itself decides which of them a model has to accept, by a validator of JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from jsonschema import Draft202012Validator

from api.ingest.load import load
from api.model import RECORDS, WRITE_ORDER
from tests.conftest import SAMPLE
from tests.whole_records import DATASET, content, others

# An answer with an included link has at most as many records.
INCLUDED = 3
# As many members of an answer are broken.
BROKEN = 40
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Answer:
    """An answer or a broken copy of it, the schema that the contract names for it, and whether it is valid."""

    name: str
    schema: str
    body: Any
    valid: bool


async def fill(url: str, folder: Path) -> None:
    """Load the sample, a record of each resource with all its fields, and two records that are withdrawn."""
    whole = [_named(name, "whole") | content(RECORDS[name], "whole", True) for name in WRITE_ORDER]
    gone = [_named(name, "gone") | content(RECORDS[name], "gone", False) for name in ("place", "event")]
    withdrawn = [_named(name, "gone") | {"withdrawn": {"reason": "counted twice"}} for name in ("place", "event")]
    await load([str(SAMPLE)], url)
    for number, lines in enumerate((others(), whole + gone, withdrawn)):
        file = folder / f"{number}.ndjson"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        await load([str(file)], url)


def _named(resource: str, key: str) -> dict[str, Any]:
    return {"resource": resource, "dataset": DATASET, "key": key}


def write_answers(file: Path, answers: Sequence[Answer]) -> Path:
    """Write the answers for a program that validates them."""
    lines = [{"schema": answer.schema, "body": answer.body} for answer in answers]
    file.write_text(json.dumps(lines), encoding="utf-8")
    return file


def check_verdicts(answers: Sequence[Answer], verdicts: Sequence[str]) -> None:
    """Check that a program accepts what is valid and refuses what is not. A verdict is the text of the first fault."""
    wrong = [
        f"{answer.schema}: {answer.name}: {verdict or 'was accepted'}"
        for answer, verdict in zip(answers, verdicts, strict=True)
        if answer.valid == bool(verdict)
    ]
    assert wrong == []


class Collector:
    """Collects the answers of a service, each with the schema that the contract names for it."""

    def __init__(self, contract: dict[str, Any], service: httpx2.Client) -> None:
        self._components: dict[str, Any] = contract["components"]
        self._operations: dict[str, Any] = {path: item["get"] for path, item in contract["paths"].items()}
        self._service = service
        self._answers: list[Answer] = []

    def add_all(self) -> None:
        """Add each list, alone and with each link included, records of it, maps, withdrawn records and problems."""
        lists = [path for path in self._operations if "{" not in path and "." not in path and path != "/v2/me"]
        for path in lists:
            self.add(path)
            self.add(f"{path}?limit=1&count=exact")
            for link in self._links(path):
                self.add(f"{path}?include={link}&limit={INCLUDED}")
            if f"{path}/{{id}}" in self._operations:
                for record in self._data(path)[:INCLUDED]:
                    self.add(f"{path}/{record['id']}", f"{path}/{{id}}")
            if f"{path}.geojson" in self._operations:
                self.add(f"{path}.geojson")
        for record in self._data("/v2/withdrawals"):
            path = f"/v2/{record['resource']}s"
            self.add(f"{path}/{record['id']}", f"{path}/{{id}}")
        self.add(f"/v2/events/evt_{'0' * 26}", "/v2/events/{id}")
        for query in ("kind=bombing&colour=red", "cursor=x", "limit=200&include=figures.event,quotes.event"):
            self.add(f"/v2/events?{query}")
        self.add("/v2/events", headers={"Accept": "text/html"})
        self.add("/v2/events", headers={"Authorization": "Bearer null"})

    def add(
        self,
        request: str,
        path: str = "",
        *,
        headers: dict[str, str] | None = None,
        client: httpx2.Client | None = None,
    ) -> None:
        """Add the answer to a request. `path` is its path in the contract, if it contains an id."""
        answer = (client or self._service).get(request, headers=headers)
        operation = self._operations[path or request.partition("?")[0]]
        response = self._resolve(operation["responses"][str(answer.status_code)])
        media = answer.headers["content-type"].partition(";")[0]
        schema = response["content"][media]["schema"]["$ref"].rpartition("/")[2]
        faults = [error.message for error in self._validator(schema).iter_errors(answer.json())]
        assert faults == [], request
        self._answers.append(Answer(f"{answer.status_code} {request}", schema, answer.json(), True))

    def all(self) -> list[Answer]:
        """Return the answers, and broken copies of the largest record of each schema."""
        return [*self._answers, *self._broken()]

    def _data(self, path: str) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self._service.get(path).raise_for_status().json()["data"]
        return data

    def _links(self, path: str) -> list[str]:
        """Return the links that a list can include."""
        parameters = [self._resolve(parameter) for parameter in self._operations[path]["parameters"]]
        for parameter in parameters:
            if parameter["name"] == "include":
                links: list[str] = self._resolve(parameter["schema"]["items"])["enum"]
                return links
        return []

    def _resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        resolved: dict[str, Any] = self._components[kind][name]
        return resolved

    def _validator(self, schema: str) -> Draft202012Validator:
        components = {"schemas": self._components["schemas"]}
        return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": components})

    def _broken(self) -> Iterator[Answer]:
        bodies = [(answer.schema, _largest(answer.body)) for answer in self._answers]
        largest = dict(sorted(bodies, key=lambda pair: len(json.dumps(pair[1]))))
        for schema, body in largest.items():
            validator = self._validator(schema)
            places = list(_places(body))
            for place in places[:: max(1, len(places) // BROKEN)]:
                for change, edit in CHANGES.items():
                    copy = deepcopy(body)
                    parent: Any = copy
                    for step in place[:-1]:
                        parent = parent[step]
                    edit(parent, str(place[-1]))
                    name = f"{change} {'.'.join(map(str, place))}"
                    yield Answer(name, schema, copy, validator.is_valid(copy))


def _largest(body: dict[str, Any]) -> dict[str, Any]:
    """Return a page with only its largest record, and any other answer as it is."""
    for name in ("data", "features"):
        if isinstance(records := body.get(name), list) and records:
            return body | {name: [max(records, key=lambda record: len(json.dumps(record)))]}
    return body


def _places(part: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of each member of each object within an answer."""
    if isinstance(part, list):
        for number, item in enumerate(part):
            yield from _places(item, (*place, number))
    if isinstance(part, dict):
        for name, value in part.items():
            yield (*place, name)
            yield from _places(value, (*place, name))


def _falsify(parent: dict[str, Any], name: str) -> None:
    # No member of the contract is a list of lists of objects.
    parent[name] = [[{"wrong": True}]]


def _remove(parent: dict[str, Any], name: str) -> None:
    del parent[name]


def _add_beside(parent: dict[str, Any], name: str) -> None:
    parent[f"{name}_added"] = 1


CHANGES: dict[str, Callable[[dict[str, Any], str], None]] = {
    "with a wrong": _falsify,
    "without": _remove,
    "with a new member beside": _add_beside,
}
