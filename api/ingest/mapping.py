"""Read mappings, which turn rows of other data into records: those of the release, and those of the operator."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from api.errors import LoadError
from api.ingest.compiled_mapping import Mapping
from api.ingest.formatting import shown
from api.ingest.mapping_compiler import MappingCompiler
from api.ingest.mapping_heading import Place
from api.ingest.messages import closest
from api.ingest.nfc import in_nfc

SHIPPED = files("api.ingest") / "formats"


def shipped() -> list[str]:
    """Return the names of the mappings that are part of the release."""
    return sorted(one.name.removesuffix(".toml") for one in SHIPPED.iterdir() if one.name.endswith(".toml"))


def mapping(name: str) -> Mapping:
    """Return the mapping of this name, or of this file if the name ends in .toml. LoadError lists its faults."""
    if name.endswith(".toml"):
        return parsed(name, Path(name).read_bytes())
    if name not in shipped():
        known = ", ".join(shipped())
        raise LoadError(
            f"There is no format {shown(name)}{closest(name, shipped())}",
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
    reader = MappingCompiler(declared.get("maps", {}), declared.get("patterns", {}))
    found = reader.mapping(file.rpartition("/")[2].removesuffix(".toml"), declared)
    if reader.wrong or found is None:
        told = tuple(f"{file}:{_line(written, path)}: {_dotted(path)}: {detail}" for path, detail in reader.wrong)
        raise LoadError(f"{file} is no mapping: {len(told)} fault{'s' * (len(told) > 1)}.", told, "Nothing was loaded.")
    return found


def _dotted(path: Place) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _line(written: str, path: Place) -> int:
    """Return the line of a mapping that contains a path, or the line of the nearest table around it."""
    best, depth, count = 1, 0, dict[tuple[str, ...], int]()
    header: list[str | int] = []
    for number_, line in enumerate(written.splitlines(), 1):
        if found := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line):
            names = tuple(part.strip().strip("\"'") for part in found[2].split("."))
            if found[1] == "[[":
                count[names] = count.get(names, -1) + 1
                for longer in [one for one in count if len(one) > len(names) and one[: len(names)] == names]:
                    del count[longer]
            header = []
            for end in range(1, len(names) + 1):
                header.append(names[end - 1])
                if names[:end] in count:
                    header.append(count[names[:end]])
            here: tuple[str | int, ...] = tuple(header)
        elif found := re.match(r"""\s*(["']?)([^"'=\[\]{}#]+?)\1\s*=""", line):
            here = (*header, found[2])
        else:
            continue
        if len(here) > depth and path[: len(here)] == here:
            best, depth = number_, len(here)
    return best
