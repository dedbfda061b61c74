"""Read mappings, which turn rows of other data into records: those of the release, and those of the operator."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from api.errors import LoadError
from api.ingest.compiled_mapping import Mapping
from api.ingest.formatting import format_value
from api.ingest.mapping_compiler import MappingCompiler
from api.ingest.mapping_heading import Place
from api.ingest.messages import suggest_closest
from api.ingest.nfc import in_nfc

SHIPPED = files("api.ingest") / "formats"
TABLE_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
ENTRY = re.compile(r"""\s*(["']?)([^"'=\[\]{}#]+?)\1\s*=""")


def shipped() -> list[str]:
    """Return the names of the mappings that are part of the release."""
    file_names = [file.name for file in SHIPPED.iterdir()]
    return sorted(name.removesuffix(".toml") for name in file_names if name.endswith(".toml"))


def mapping(name: str) -> Mapping:
    """Return the mapping of this name, or of this file if the name ends in .toml. LoadError lists its faults."""
    if name.endswith(".toml"):
        return parsed(name, Path(name).read_bytes())
    if name not in shipped():
        known = ", ".join(shipped())
        raise LoadError(
            f"There is no format {format_value(name)}{suggest_closest(name, shipped())}",
            hint=f"Name one of {known}, or a file of your own that ends in .toml.",
        )
    return parsed(f"{name}.toml", (SHIPPED / f"{name}.toml").read_bytes())


def parsed(file: str, content: bytes) -> Mapping:
    """Return the mapping that the content of a file declares. LoadError lists its faults."""
    try:
        written = content.decode("utf-8-sig")
        declared = in_nfc(tomllib.loads(written, parse_float=Decimal))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LoadError(f"{file} is no mapping.", (f"{file}: expected TOML: {error}",)) from None
    compiler = MappingCompiler(declared.get("maps", {}), declared.get("patterns", {}))
    name = file.rpartition("/")[2].removesuffix(".toml")
    compiled = compiler.mapping(name, declared)
    if compiler.faults or compiled is None:
        faults: list[str] = []
        for path, detail in compiler.faults:
            faults.append(f"{file}:{_find_line(written, path)}: {_dotted(path)}: {detail}")
        noun = "faults" if len(faults) > 1 else "fault"
        raise LoadError(f"{file} is no mapping: {len(faults)} {noun}.", tuple(faults), "Nothing was loaded.")
    return compiled


def _dotted(path: Place) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}"
    return text.lstrip(".")


def _find_line(written: str, path: Place) -> int:
    """Return the line of a mapping that contains a path, or the line of the nearest table around it."""
    best_line = 1
    best_depth = 0
    table: Place = ()
    positions: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(written.splitlines(), 1):
        header = TABLE_HEADER.match(line)
        entry = ENTRY.match(line)
        if header:
            names = tuple(name.strip().strip("\"'") for name in header[2].split("."))
            if header[1] == "[[":
                _count_table(names, positions)
            table = _with_positions(names, positions)
            line_path = table
        elif entry:
            line_path = (*table, entry[2])
        else:
            continue
        depth = len(line_path)
        if depth > best_depth and path[:depth] == line_path:
            best_line = number
            best_depth = depth
    return best_line


def _count_table(names: tuple[str, ...], positions: dict[tuple[str, ...], int]) -> None:
    """Note that an array of tables has a further table. `positions` contains the position of the last table of each
    array. Arrays within the new table begin anew."""
    positions[names] = positions.get(names, -1) + 1
    for inner in list(positions):
        if len(inner) > len(names) and inner[: len(names)] == names:
            del positions[inner]


def _with_positions(names: tuple[str, ...], positions: dict[tuple[str, ...], int]) -> Place:
    """Return the path of a table: after the name of each array of tables the position in it."""
    path: list[str | int] = []
    for end, name in enumerate(names, 1):
        path.append(name)
        if names[:end] in positions:
            path.append(positions[names[:end]])
    return tuple(path)
