"""A mapping with any value in any place is compiled or refused with its faults. It never ends in a traceback."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from api.ingest.mapping import SHIPPED, shipped
from api.ingest.mapping_compiler import MappingCompiler

Path = tuple[str | int, ...]

ODD: list[Any] = [
    *("", "x", "{", "{a|nope}", 1, True, Decimal("1.5")),
    *([], [1], ["a"], [[1]], [{"a": 1}]),
    *({}, {"a": 1}, {"a": {"b": "x"}}, {"by": {"a": "x"}, "b": "c"}, {"by": "x", "a": [1]}, {"first": [{"a": 1}]}),
]
# What a record may have beside what the mappings of the release use.
MORE = ("each", "uneven", "columns", "order", "when", "unless", "once", "if", "position")


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each value in a mapping; of long lists only those of the first three elements."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value[:3]):
            yield from paths(inner, (*path, position))


def with_value(mapping: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return the mapping with another value at a path. Only what leads there is copied."""
    new_mapping = copy.copy(mapping)
    inner: Any = new_mapping
    for part in path[:-1]:
        inner[part] = copy.copy(inner[part])
        inner = inner[part]
    inner[path[-1]] = value
    return new_mapping


@pytest.mark.parametrize("name", shipped())
def test_odd_values_are_faults(name: str) -> None:
    mapping = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    places = [*paths(mapping), *(("record", 0, key) for key in MORE)]
    refusals = 0
    for path in places:
        for odd in ODD:
            odd_mapping = with_value(mapping, path, odd)
            compiler = MappingCompiler(odd_mapping.get("maps", {}), odd_mapping.get("patterns", {}))
            compiled = compiler.mapping(name, odd_mapping)
            refusals += bool(compiler.faults)
            assert compiled is not None or compiler.faults, (path, odd)
    assert refusals > len(places)
