"""An example answer for each operation that answers JSON, from the sample that ships with the package. They are kept
in api/sample/answers/.

They come from a service that holds only the sample. A test requests them again and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from api.catalog import Resource, Version, dated, dimensions
from api.rest.operations import get_id, operations
from api.rest.url import MAX_LIMIT

FOLDER = Path(__file__).parents[1] / "sample" / "answers"
# Examples show this time of loading.
LOADED_AT = "2022-03-07T06:00:00"
# Examples show this mark of the store in permalinks.
STORE = "k3x9ma"
MARK = re.compile(r"(?<==e)(\d+)-[0-9a-z]{6}")


@dataclass(frozen=True)
class Example:
    """A request, by its path and query, and the body that answers it."""

    request: str
    answer: Any


@cache
def examples(version: Version) -> dict[str, Example]:
    """Return the examples of a version by operation id."""
    stored = orjson.loads((FOLDER / f"{version.name}.json").read_bytes())
    return {name: Example(**parts) for name, parts in stored.items()}


def example_id(version: Version, resource: Resource) -> str:
    """Return the id of a record of the sample, or one that no record has if the resource has no example yet."""
    example = examples(version).get(get_id(resource))
    if example is None:
        return f"{resource.prefix}_{'0' * 26}"
    identifier: str = example.answer["data"]["id"]
    return identifier


def taken(version: Version, ask: Callable[[str], Any]) -> dict[str, Example]:
    """Return the examples as a service answers them. `ask` performs a request and returns its parsed body."""
    result: dict[str, Example] = {}
    for operation in operations(version):
        path = f"/{version.name}/{operation.resource.plural}"
        if operation.kind == "list":
            request = f"{path}?limit=1&count=exact"
        elif operation.kind == "counts":
            request = f"{path}/counts?{count_parameters(version, operation.resource)}"
        elif operation.kind == "series":
            request = f"{path}/series?by=source_id&top=2"
        elif operation.kind == "record":
            request = _record_request(operation.resource, path, ask)
        elif operation.kind == "revisions":
            record_path = _record_request(operation.resource, path, ask).partition("?")[0]
            request = f"{record_path}/revisions"
        elif operation.kind == "diff":
            request = _diff_request(path, ask)
        else:
            continue
        result[operation.id] = Example(request, steady(version, ask(request)))
    return result


def count_parameters(version: Version, resource: Resource) -> str:
    """Return the query of an example of counts: by the first field of the list, and by month if it has a time."""
    by = f"by={next(iter(dimensions(version, resource)))}&top=3"
    return f"{by}&bucket=month" if dated(resource) else by


def text(examples: dict[str, Example]) -> str:
    """Return the examples as they are kept."""
    return orjson.dumps(examples, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def steady(version: Version, answer: Any) -> Any:
    """Return the answer with fixed values for what depends on when and where the sample was loaded."""
    loaded_at = f"{LOADED_AT}{version.utc}"
    fixed = {"revision": 1, "created_at": loaded_at, "updated_at": loaded_at, "known_from": loaded_at}
    if isinstance(answer, list):
        return [steady(version, item) for item in answer]
    if isinstance(answer, dict):
        return {name: fixed.get(name) or steady(version, value) for name, value in answer.items()}
    if isinstance(answer, str):
        return MARK.sub(rf"\1-{STORE}", answer)
    return answer


def _diff_request(path: str, ask: Callable[[str], Any]) -> str:
    """Return the request for what has changed since the edition of the list."""
    edition = ask(f"{path}?limit=1")["page"]["edition"]
    return f"{path}/diff?from=e{edition}&limit=1"


def _record_request(resource: Resource, path: str, ask: Callable[[str], Any]) -> str:
    """Return the request for the record with the longest JSON, including the single records that it links to."""
    records = ask(f"{path}?limit={MAX_LIMIT}")["data"]
    if not records:
        raise LookupError(f"The sample has no {resource.name}: add one to a file in api/sample/.")
    longest = max(records, key=_length_and_id)
    request = f"{path}/{longest['id']}"
    links = [link for link in resource.links.values() if link.single and not link.embedded]
    included = [link.name for link in links if longest[link.by]]
    if not included:
        return request
    return f"{request}?include={','.join(included)}"


def _length_and_id(record: dict[str, Any]) -> tuple[int, str]:
    return len(orjson.dumps(record)), record["id"]
