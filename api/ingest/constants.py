"""Check the constants of a mapping before any row, so that a wrong one is a fault of the mapping, not of each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from api.ingest.load_format import NESTED
from api.ingest.messages import Problem, worded
from api.ingest.record_reader import InvalidRecord, read


def wrong_constants(model: type[BaseModel], constants: dict[str, Any]) -> Iterator[Problem]:
    """Yield the problems of the constant fields of an object. Objects within it are checked separately."""
    try:
        model.model_validate(constants)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            name = one["loc"][0] if one["loc"] else ""
            if name in constants and one["type"] != "missing" and (len(one["loc"]) == 1 or name not in NESTED):
                yield worded(one, list(model.model_fields))


def wrong_record(line: dict[str, Any]) -> list[Problem]:
    """Return the problems of a record that is the same for each row."""
    try:
        read(line)
    except InvalidRecord as error:
        return error.problems
    return []
