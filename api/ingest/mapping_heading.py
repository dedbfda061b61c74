"""The top level of a mapping: the kind of its file, how the file is read, and which of its columns may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from api.ingest.container import CONTAINERS
from api.ingest.formatting import shown
from api.ingest.geojson import PRECISION
from api.ingest.messages import closest

Place = tuple[str | int, ...]
MOST_SKIPPED = 1000
DECLARED: dict[str, Any] = {
    "title": str,
    "dataset": str,
    "container": (str, list),
    "records": str,
    "member": str,
    "sheet": str,
    "header": list,
    "skip_lines": int,
    "other_names": dict,
    "delimiter": str,
    "encoding": str,
    "empty": list,
    "ignore": dict,
    "optional": list,
    "maps": dict,
    "patterns": dict,
    "briefing": dict,
    "record": list,
}
REQUIRED = ("dataset", "container", "record")
TEXTS = ("container", "empty", "header", "optional")


def wrong(declared: dict[str, Any]) -> list[tuple[Place, str]]:
    """Return the faults of the top level of a mapping: for each its place, and what was expected."""
    unknown = [(name,) for name in declared if name not in DECLARED]
    found: list[tuple[Place, str]] = [
        (place, f"expected one of {', '.join(DECLARED)}{closest(place[0], DECLARED)}") for place in unknown
    ]
    found += [
        ((name,), f"expected {_kind(kind)}, got {shown(declared[name])}")
        for name, kind in DECLARED.items()
        if name in declared and (not isinstance(declared[name], kind) or isinstance(declared[name], bool))
    ]
    found += [((name,), "expected, but it is missing") for name in REQUIRED if not declared.get(name)]
    if found:
        return found
    return [fault for check in CHECKS for fault in check(declared)]


def heading(declared: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Mapping that describe its file. The declaration must not have faults."""
    return {
        "dataset": declared["dataset"],
        "containers": tuple(_several(declared["container"])),
        "ignored": {column: str(why) for column, why in declared.get("ignore", {}).items()},
        "optional": frozenset((PRECISION, *declared.get("optional", ()))),
        "delimiter": declared.get("delimiter", ","),
        "encoding": declared.get("encoding", "utf-8"),
        "empty": frozenset(declared.get("empty", ())),
        "path": tuple(one for one in declared.get("records", "").split(".") if one),
        "member": declared.get("member", ""),
        "sheet": declared.get("sheet", ""),
        "header": tuple(declared.get("header", ())),
        "skip_lines": declared.get("skip_lines", 0),
        "other_names": {name: tuple(_several(one)) for name, one in declared.get("other_names", {}).items()},
    }


def _texts(declared: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    for name in TEXTS:
        if isinstance(declared.get(name), list) and not all(isinstance(one, str) for one in declared[name]):
            yield (name,), f"expected texts, got {shown(declared[name])}"


def _containers(declared: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    for one in _several(declared["container"]):
        if one not in CONTAINERS:
            yield ("container",), f"expected one of {', '.join(CONTAINERS)}, got {shown(one)}"


def _table(declared: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    header, delimiter = declared.get("header", []), declared.get("delimiter", ",")
    if any(header.count(one) > 1 for one in header):
        yield ("header",), "expected each column once"
    if not 0 <= declared.get("skip_lines", 0) <= MOST_SKIPPED:
        yield ("skip_lines",), f"expected a number of lines, at most {MOST_SKIPPED}"
    if {*delimiter} & {*'"\r\n'} or not delimiter:
        yield ("delimiter",), "expected a character such as , or ;"


def _other_names(declared: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    for name, others in declared.get("other_names", {}).items():
        if not isinstance(others, str | list) or not all(isinstance(one, str) for one in others):
            yield ("other_names", name), 'expected names of columns, as in best = ["best_est"]'


def _encoding(declared: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    name = declared.get("encoding", "utf-8")
    try:
        known = "a,\n".encode(name).decode(name) == "a,\n"
    except (LookupError, UnicodeError):
        known = False
    if not known:
        yield ("encoding",), f"expected an encoding such as utf-8 or windows-1252, got {shown(name)}"


CHECKS: tuple[Callable[[dict[str, Any]], Iterator[tuple[Place, str]]], ...] = (
    _texts,
    _containers,
    _table,
    _other_names,
    _encoding,
)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _kind(types: Any) -> str:
    names = {str: "text", list: "a list", dict: "a table", int: "a number"}
    return " or ".join(names[one] for one in (types if isinstance(types, tuple) else (types,)))
