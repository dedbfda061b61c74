"""Read the elements of a list in a JSON document as rows, or the features of a GeoJSON collection.

The list may stand anywhere in the document. It is read element by element, so that a file of any size takes the memory
of one element.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from api.ingest.geojson import as_object, as_row
from api.ingest.json_scanner import Scanner
from api.ingest.rows import BadRow, Item, Row
from api.ingest.strict_json import MalformedFile, Position

GLOBE = re.compile(r"CRS84|EPSG:+4326|EPSG::4326")
FEATURES = ("features",)
ROUND = ("type", "crs")  # the members of a collection that are checked
LOOKED_INTO = 3  # levels of objects that are searched for lists, for the error message
AFTER_MEMBER = "a comma or } after a member"
Path = tuple[str, ...]


class JsonRows:
    """A JSON document with a list of objects: the document itself if `bare` is True, the list at `path`, or the
    `features` of a collection."""

    columns: tuple[str, ...] = ()
    by_record = True
    nested = True

    def __init__(self, file: BufferedReader, path: Path = (), features: bool = False, bare: bool = True) -> None:
        self._scan = Scanner(file)
        self._wanted = [one for one in (path, FEATURES if features else ()) if one]
        self._bare = bare
        self._found: Path = ()
        self._around: dict[str, Any] = {}
        self._lists: list[Path] = []
        self._names: list[str] = []

    def rows(self) -> Iterator[Item]:
        mark = self._scan.mark()
        if not (self._enter(()) if mark == "{" else mark == "[" and self._bare):
            raise MalformedFile(self._missing(), Position(1))
        features = self._found == FEATURES
        self._scan.take("[", "a list")
        while self._scan.mark() != "]":
            line, value, text = self._scan.value()
            try:
                yield Row(line, as_row(value) if features else as_object(value))
            except MalformedFile as error:
                yield BadRow(line, 0, error.detail, text[:2000])
            self._scan.next("]", "a comma or ] after an element")
        self._scan.take("]", "] at the end of the list")
        self._leave()
        if features:
            self._check_collection()

    def _enter(self, here: Path) -> bool:
        """Go through the members of an object up to the wanted list. Return False if it is not in the object."""
        self._scan.take("{", "an object")
        while self._scan.mark() != "}":
            path = (*here, self._member(here))
            mark = self._scan.mark()
            if path in self._wanted and mark == "[":
                self._found = path
                return True
            inside = any(wanted[: len(path)] == path for wanted in self._wanted)
            if mark == "{" and (inside or (not self._wanted and len(path) < LOOKED_INTO)):
                if self._enter(path):
                    return True
            else:
                self._pass(path, mark)
            self._scan.next("}", AFTER_MEMBER)
        self._scan.take("}", AFTER_MEMBER)
        return False

    def _leave(self) -> None:
        """Go through the rest of the file after the list, because the document has to be complete."""
        for depth in range(len(self._found) - 1, -1, -1):
            here = self._found[:depth]
            self._scan.next("}", AFTER_MEMBER)
            while self._scan.mark() != "}":
                path = (*here, self._member(here))
                if path == self._found[: depth + 1]:
                    detail = f"the name {json.dumps(path[-1])} stands twice in one object"
                    raise MalformedFile(detail, self._scan.position())
                self._pass(path, self._scan.mark())
                self._scan.next("}", AFTER_MEMBER)
            self._scan.take("}", AFTER_MEMBER)
        if self._scan.mark():
            raise MalformedFile("expected the end of the file after the list", self._scan.position())

    def _member(self, here: Path) -> str:
        _, name, _ = self._scan.value()
        if not isinstance(name, str):
            raise MalformedFile("expected the name of a member", self._scan.position())
        self._scan.take(":", "a colon after a name")
        if not here and len(self._names) < 20:
            self._names.append(name)
        return name

    def _pass(self, path: Path, mark: str) -> None:
        if mark == "[" and len(self._lists) < 20:
            self._lists.append(path)
        if len(path) == 1 and path[0] in ROUND and mark != "[":
            self._around[path[0]] = self._scan.value()[1]
        else:
            self._scan.skip_value()

    def _missing(self) -> str:
        """Return the error for a file without the list: what was expected, and the lists that the file has."""
        named = next((one for one in self._wanted if one != FEATURES), ())
        if not self._bare:
            return "expected a GeoJSON FeatureCollection"
        if named:
            what = f"a list at {'.'.join(named)}, which the mapping names with records"
        else:
            what = "a JSON array of objects"
        if self._lists:
            lists = " or ".join(f'records = "{".".join(one)}"' for one in self._lists[:5])
            return f"expected {what}; the mapping says where it is in this document, as {lists}"
        names = f"; this is an object with {', '.join(map(json.dumps, self._names[:10]))}" if self._names else ""
        return f"expected {what}{names}"

    def _check_collection(self) -> None:
        """Check that the type is FeatureCollection, and that positions are longitudes and latitudes on WGS 84."""
        if self._around.get("type") != "FeatureCollection":
            raise MalformedFile("expected a GeoJSON FeatureCollection", Position(1))
        system = self._around.get("crs")
        if system and not GLOBE.search(json.dumps(system, default=str)):
            detail = json.dumps(system, default=str)[:80]
            raise MalformedFile(f"expected degrees on WGS 84 [RFC 7946], and crs is {detail}", Position(1))
