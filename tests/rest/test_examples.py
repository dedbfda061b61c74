"""The examples of the contract are the answers over the sample, now as when they were written."""

from __future__ import annotations

import os
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS, Version
from api.rest.contract import openapi
from api.rest.examples import FOLDER, steady, taken, text

EACH = pytest.mark.parametrize("version", VERSIONS.values(), ids=lambda version: str(version.name))
# Exports have no page to show, and the caller of /me is not in the sample.
NONE = (".", "/me")
PATHS = [
    (version, path, item)
    for version in VERSIONS.values()
    for path, item in openapi(version)["paths"].items()
    if not any(part in path for part in NONE)
]


@EACH
def test_kept_examples_are_current(client: httpx2.Client, version: Version) -> None:
    """BRIEFING_WRITE_EXAMPLES=1 writes the examples again. Run `briefing contract` afterwards."""
    now = text(taken(version, lambda request: client.get(request).raise_for_status().json()))
    path = FOLDER / f"{version.name}.json"
    if os.environ.get("BRIEFING_WRITE_EXAMPLES"):
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now


@EACH
def test_a_resource_without_a_record_in_the_sample_is_named(version: Version) -> None:
    name = next(iter(version.resources))
    with pytest.raises(LookupError, match=f"The sample has no {name}: add one"):
        taken(version, lambda request: {"data": []})


@pytest.mark.parametrize(("version", "path", "item"), PATHS, ids=[path for _, path, _ in PATHS])
def test_each_example_is_the_answer_to_its_request(
    client: httpx2.Client, version: Version, path: str, item: dict[str, Any]
) -> None:
    content = item["get"]["responses"]["200"]["content"]["application/json"]
    examples = content.get("examples")
    assert examples, f"no example of {path} is kept: run this file with BRIEFING_WRITE_EXAMPLES=1, then make contract"
    for example in examples.values():
        method, request = example["summary"].split()
        answer = client.request(method, request)
        assert answer.request.url.path.startswith(path.partition("{id}")[0])
        assert steady(version, answer.json()) == example["value"]
