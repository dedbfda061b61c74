"""openapi/load.json describes the load format to authors of files: it is current, and agrees with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api.ingest.contract import NAME, load_contract, load_schema

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "api" / "sample" / "rferl-2022-03-06.json"
CHECK = jsonschema.Draft202012Validator(load_schema())


def test_the_committed_file_is_current() -> None:
    assert (ROOT / NAME).read_text() == load_contract()


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(load_schema())


def test_it_accepts_the_sample_as_a_document_and_as_lines() -> None:
    sample = json.loads(SAMPLE.read_text())
    CHECK.validate(sample)
    for event in sample["events"]:
        CHECK.validate({"resource": "event", "dataset": sample["dataset"], **event})


def test_the_schema_accepts_a_bare_withdrawal(briefing: dict[str, Any]) -> None:
    CHECK.validate({"resource": "event", "dataset": "d", "key": "k", "withdrawn": {"reason": "No."}})


@pytest.mark.parametrize(
    ("plural", "changes"),
    [
        ("sources", {"kind": "army"}),
        ("sources", {"name": None}),
        ("sources", {"name": "a\u202eb"}),
        ("sources", {"country": "UK"}),
        ("sources", {"nickname": "x"}),
        ("sources", {"key": None}),
        ("documents", {"url": "ftp://x"}),
        ("documents", {"published_at": "2022-03-06"}),
        ("places", {"longitude": None}),
        ("places", {"latitude": 91}),
        ("events", {"title": ""}),
        ("events", {"starts_at": None}),
        ("events", {"briefing": "one"}),
        ("events", {"citations": [{"source": "agency", "stance": "blames"}]}),
        ("figures", {"value": "5"}),
        ("figures", {"value": 10**15}),
        ("figures", {"value": None}),
        ("figures", {"bounds_basis": "stated"}),
        ("figures", {"quantifier": "magnitude"}),
        ("quotes", {"text_original": "Вони"}),
        ("quotes", {"citations": []}),
        ("events", {"citations": [{"source": "agency", "blames": "agency"}]}),
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_loader_refuses(
    briefing: dict[str, Any], plural: str, changes: dict[str, Any]
) -> None:
    CHECK.validate(briefing)
    briefing[plural][0] |= changes
    assert not CHECK.is_valid(briefing)
    record = {"resource": plural[:-1], "dataset": "d", **briefing[plural][0]}
    assert CHECK.is_valid(record) is (changes == {"briefing": "one"})


def test_every_field_is_described() -> None:
    for name, schema in load_schema()["$defs"].items():
        for field, definition in schema.get("properties", {}).items():
            assert definition.get("description"), (name, field)
