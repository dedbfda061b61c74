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
CHECKED_MEMBERS = ("type", "crs")  # of a collection
MAX_SEARCH_DEPTH = 3  # levels of objects that are searched for lists, for the error message
MAX_NOTED = 20  # names and lists that are noted for the error message
AFTER_MEMBER = "a comma or } after a member"
Path = tuple[str, ...]


class JsonRows:
    """A JSON document with a list of objects: the document itself if `bare` is True, the list at `path`, or the
    `features` of a collection."""

    columns: tuple[str, ...] = ()
    by_record = True
    nested = True

    def __init__(self, file: BufferedReader, path: Path = (), features: bool = False, bare: bool = True) -> None:
        self._scanner = Scanner(file)
        self._path = path
        self._wanted_paths: list[Path] = []
        if path:
            self._wanted_paths.append(path)
        if features:
            self._wanted_paths.append(FEATURES)
        self._bare = bare
        self._list_path: Path = ()
        self._checked_members: dict[str, Any] = {}
        self._lists: list[Path] = []
        self._names: list[str] = []

    def rows(self) -> Iterator[Item]:
        if not self._go_to_list():
            raise MalformedFile(self._describe_missing_list(), Position(1))
        is_collection = self._list_path == FEATURES
        make_row = as_row if is_collection else as_object
        self._scanner.take("[", "a list")
        while self._scanner.mark() != "]":
            line, value, text = self._scanner.value()
            try:
                yield Row(line, make_row(value))
            except MalformedFile as error:
                yield BadRow(line, 0, error.detail, text[:2000])
            self._scanner.next("]", "a comma or ] after an element")
        self._scanner.take("]", "] at the end of the list")
        self._leave_list()
        if is_collection:
            self._check_collection()

    def _go_to_list(self) -> bool:
        """Go to the wanted list. Return False if the document does not have it."""
        mark = self._scanner.mark()
        if mark == "{":
            return self._enter(())
        return mark == "[" and self._bare

    def _enter(self, path: Path) -> bool:
        """Go through the members of an object up to the wanted list. Return False if it is not in the object."""
        self._scanner.take("{", "an object")
        while self._scanner.mark() != "}":
            member = (*path, self._read_name(path))
            mark = self._scanner.mark()
            if member in self._wanted_paths and mark == "[":
                self._list_path = member
                return True
            if mark == "{" and self._is_searched(member):
                if self._enter(member):
                    return True
            else:
                self._pass_value(member, mark)
            self._scanner.next("}", AFTER_MEMBER)
        self._scanner.take("}", AFTER_MEMBER)
        return False

    def _is_searched(self, path: Path) -> bool:
        """Return True if the wanted list may be in the object at a path. If no list is wanted by its path, objects are
        searched for lists that the error message can name."""
        if not self._wanted_paths:
            return len(path) < MAX_SEARCH_DEPTH
        return any(wanted[: len(path)] == path for wanted in self._wanted_paths)

    def _leave_list(self) -> None:
        """Go through the rest of the file after the list, because the document has to be complete."""
        for depth in range(len(self._list_path) - 1, -1, -1):
            path = self._list_path[:depth]
            self._scanner.next("}", AFTER_MEMBER)
            while self._scanner.mark() != "}":
                member = (*path, self._read_name(path))
                if member == self._list_path[: depth + 1]:
                    detail = f"the name {json.dumps(member[-1])} stands twice in one object"
                    raise MalformedFile(detail, self._scanner.position())
                self._pass_value(member, self._scanner.mark())
                self._scanner.next("}", AFTER_MEMBER)
            self._scanner.take("}", AFTER_MEMBER)
        if self._scanner.mark():
            raise MalformedFile("expected the end of the file after the list", self._scanner.position())

    def _read_name(self, path: Path) -> str:
        """Read the name of a member of the object at a path, and the colon after it."""
        _, name, _ = self._scanner.value()
        if not isinstance(name, str):
            raise MalformedFile("expected the name of a member", self._scanner.position())
        self._scanner.take(":", "a colon after a name")
        if not path and len(self._names) < MAX_NOTED:
            self._names.append(name)
        return name

    def _pass_value(self, path: Path, mark: str) -> None:
        """Skip the value at a path, or read it if it is checked later."""
        is_list = mark == "["
        if is_list and len(self._lists) < MAX_NOTED:
            self._lists.append(path)
        if len(path) == 1 and path[0] in CHECKED_MEMBERS and not is_list:
            _, value, _ = self._scanner.value()
            self._checked_members[path[0]] = value
        else:
            self._scanner.skip_value()

    def _describe_missing_list(self) -> str:
        """Return the error for a file without the list: what was expected, and the lists that the file has."""
        if not self._bare:
            return "expected a GeoJSON FeatureCollection"
        if self._path and self._path != FEATURES:
            expected = f"a list at {'.'.join(self._path)}, which the mapping names with records"
        else:
            expected = "a JSON array of objects"
        if self._lists:
            lists = " or ".join(f'records = "{".".join(path)}"' for path in self._lists[:5])
            return f"expected {expected}; the mapping says where it is in this document, as {lists}"
        if self._names:
            names = ", ".join(map(json.dumps, self._names[:10]))
            return f"expected {expected}; this is an object with {names}"
        return f"expected {expected}"

    def _check_collection(self) -> None:
        """Check that the type is FeatureCollection, and that positions are longitudes and latitudes on WGS 84."""
        if self._checked_members.get("type") != "FeatureCollection":
            raise MalformedFile("expected a GeoJSON FeatureCollection", Position(1))
        reference_system = self._checked_members.get("crs")
        if not reference_system:
            return
        written = json.dumps(reference_system, default=str)
        if not GLOBE.search(written):
            raise MalformedFile(f"expected degrees on WGS 84 [RFC 7946], and crs is {written[:80]}", Position(1))
