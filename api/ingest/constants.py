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
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            path = error["loc"]
            if not path or path[0] not in constants or error["type"] == "missing":
                continue
            is_within_object = len(path) > 1 and path[0] in NESTED
            if not is_within_object:
                yield worded(error, list(model.model_fields))


def wrong_record(line: dict[str, Any]) -> list[Problem]:
    """Return the problems of a record that is the same for each row."""
    try:
        read(line)
    except InvalidRecord as error:
        return error.problems
    return []
