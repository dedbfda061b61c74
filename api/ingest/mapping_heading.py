"""The top level of a mapping: the kind of its file, how the file is read, and which of its columns may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from api.ingest.container import CONTAINERS
from api.ingest.formatting import format_value
from api.ingest.geojson import PRECISION
from api.ingest.messages import suggest_closest

Place = tuple[str | int, ...]
Fault = tuple[Place, str]  # a place, and what was expected there
MAX_SKIPPED_LINES = 1000
DECLARED: dict[str, type | tuple[type, ...]] = {
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
RESERVED = frozenset('"\r\n')  # characters that cannot delimit columns
REQUIRED = ("dataset", "container", "record")
TEXTS = ("container", "empty", "header", "optional")
TYPE_NAMES: dict[type, str] = {str: "text", list: "a list", dict: "a table", int: "a number"}


def find_faults(declared: dict[str, Any]) -> list[Fault]:
    """Return the faults of the top level of a mapping."""
    faults = [*_check_names(declared), *_check_types(declared), *_check_presence(declared)]
    if faults:
        return faults
    for check in CHECKS:
        faults += check(declared)
    return faults


def heading(declared: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a Mapping that describe its file. The declaration must not have faults."""
    ignored = {column: str(why) for column, why in declared.get("ignore", {}).items()}
    path = [name for name in declared.get("records", "").split(".") if name]
    other_names: dict[str, tuple[Any, ...]] = {}
    for column, written in declared.get("other_names", {}).items():
        names = _as_list(written)
        other_names[column] = tuple(names)
    return {
        "dataset": declared["dataset"],
        "containers": tuple(_as_list(declared["container"])),
        "ignored": ignored,
        "optional": frozenset((PRECISION, *declared.get("optional", ()))),
        "delimiter": declared.get("delimiter", ","),
        "encoding": declared.get("encoding", "utf-8"),
        "empty": frozenset(declared.get("empty", ())),
        "path": tuple(path),
        "member": declared.get("member", ""),
        "sheet": declared.get("sheet", ""),
        "header": tuple(declared.get("header", ())),
        "skip_lines": declared.get("skip_lines", 0),
        "other_names": other_names,
    }


def _check_names(declared: dict[str, Any]) -> Iterator[Fault]:
    for name in declared:
        if name not in DECLARED:
            yield (name,), f"expected one of {', '.join(DECLARED)}{suggest_closest(name, DECLARED)}"


def _check_types(declared: dict[str, Any]) -> Iterator[Fault]:
    for name, types in DECLARED.items():
        if name not in declared:
            continue
        value = declared[name]
        if not isinstance(value, types) or isinstance(value, bool):
            yield (name,), f"expected {_describe_types(types)}, got {format_value(value)}"


def _check_presence(declared: dict[str, Any]) -> Iterator[Fault]:
    for name in REQUIRED:
        if not declared.get(name):
            yield (name,), "expected, but it is missing"


def _check_texts(declared: dict[str, Any]) -> Iterator[Fault]:
    for name in TEXTS:
        value = declared.get(name)
        if isinstance(value, list) and not _are_texts(value):
            yield (name,), f"expected texts, got {format_value(value)}"


def _check_containers(declared: dict[str, Any]) -> Iterator[Fault]:
    for container in _as_list(declared["container"]):
        if container not in CONTAINERS:
            yield ("container",), f"expected one of {', '.join(CONTAINERS)}, got {format_value(container)}"


def _check_table(declared: dict[str, Any]) -> Iterator[Fault]:
    header = declared.get("header", [])
    if any(header.count(column) > 1 for column in header):
        yield ("header",), "expected each column once"
    if not 0 <= declared.get("skip_lines", 0) <= MAX_SKIPPED_LINES:
        yield ("skip_lines",), f"expected a number of lines, at most {MAX_SKIPPED_LINES}"
    delimiter = declared.get("delimiter", ",")
    if not delimiter or not RESERVED.isdisjoint(delimiter):
        yield ("delimiter",), "expected a character such as , or ;"


def _check_other_names(declared: dict[str, Any]) -> Iterator[Fault]:
    for name, others in declared.get("other_names", {}).items():
        if not isinstance(others, str) and not (isinstance(others, list) and _are_texts(others)):
            yield ("other_names", name), 'expected names of columns, as in best = ["best_est"]'


def _check_encoding(declared: dict[str, Any]) -> Iterator[Fault]:
    name = declared.get("encoding", "utf-8")
    try:
        is_known = "a,\n".encode(name).decode(name) == "a,\n"
    except (LookupError, UnicodeError):
        is_known = False
    if not is_known:
        yield ("encoding",), f"expected an encoding such as utf-8 or windows-1252, got {format_value(name)}"


CHECKS: tuple[Callable[[dict[str, Any]], Iterator[Fault]], ...] = (
    _check_texts,
    _check_containers,
    _check_table,
    _check_other_names,
    _check_encoding,
)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _describe_types(types: type | tuple[type, ...]) -> str:
    if isinstance(types, tuple):
        return " or ".join(TYPE_NAMES[kind] for kind in types)
    return TYPE_NAMES[types]
