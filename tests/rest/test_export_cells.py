"""The cells of CSV files: none is run as a formula, and each text and each list has a cell of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.catalog import VERSIONS
from api.ingest.load import load
from api.query import cells
from tests.rest.conftest import run

# Texts that some spreadsheet runs as a formula, or that are one step from it.
FORMULAS = [
    "=1+1",
    "\n=SUM(A1)",
    " \t\n=SUM(A1)",
    "\u00a0+cmd|' /C calc'!A0",
    "\u3000-2+3",
    "\u200b@SUM(1)",
    "\ufeff=1",
    "\u2060\u200d\ufe0f=1",
    "\u00ad=1",
    "\U000e0020=1",
    "\u3164=1",
    "\ue000=1",
    "＝SUM(1)",
    "\u200b \u3000＋１",
    "－2+3",
    "＠SUM(1)",
    "﹦1",
    "﹣1+1",
    "−1+1",
    "⩵1",
    "\tplain",
    "\nplain",
    "-1e5",
    "+1 2",
    "-1\n",
    " -1",
    "\u200b" * 150 + "=1",
    "'=1",
    "''\u200b＝1",
]
TEXTS = [
    "plain",
    "-42.5",
    "+380441234567",
    "a=1",
    "Київ = місто",
    "日本 + 1",
    "é",
    "(=1)",
    '"=1"',
    "'quoted'",
    " plain",
    "\u200bplain",
    "1=1",
    "\\=1",
    "…",
    "🕊 -1",
]
LISTS = [
    ["x\\", "y"],
    ["x|y"],
    ["x\\|y"],
    ["x\\\\", "y"],
    ["x", "y"],
    ["\\", "\\"],
    ["\\\\"],
    ["\\|\\"],
    ["|", "|"],
    ["||"],
    ["=1", "a"],
    ["'=1", "a"],
    ["a", "=1"],
    ["＝1"],
    ["\u200b=1", "|"],
    ["-42.5"],
]
NAMES = ["v1", "v2"]


@pytest.fixture(scope="module")
async def cells_client(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.Client]:
    """A client of a service over a source for each text and each list."""
    url = await new_store()
    source: dict[str, Any] = {"resource": "source", "dataset": "cells", "kind": "other"}
    lines = [source | {"key": f"t{at}", "description": text} for at, text in enumerate([*FORMULAS, *TEXTS])]
    lines += [source | {"key": f"l{at}", "name": "A list", "aliases": aliases} for at, aliases in enumerate(LISTS)]
    file: Path = tmp_path_factory.mktemp("cells") / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


@pytest.mark.parametrize("name", NAMES)
def test_no_cell_is_run_as_a_formula_whatever_stands_before_the_sign(cells_client: httpx2.Client, name: str) -> None:
    for row in rows(cells_client, name):
        for cell in row.values():
            assert is_safe(cell), ascii(cell)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_guarded_by_one_apostrophe_and_any_other_stays_as_it_is(
    cells_client: httpx2.Client, name: str
) -> None:
    texts, exported_rows = records(cells_client, name, "description"), rows(cells_client, name)
    cells = {texts[row["id"]]: row["description"] for row in exported_rows if texts[row["id"]]}
    assert cells == {text: f"'{text}" for text in FORMULAS} | {text: text for text in TEXTS}


@pytest.mark.parametrize("name", NAMES)
def test_every_list_reads_back_from_its_cell(cells_client: httpx2.Client, name: str) -> None:
    lists = records(cells_client, name, "aliases")
    cells = [(lists[row["id"]], row["aliases"]) for row in rows(cells_client, name) if lists[row["id"]]]
    assert sorted(aliases for aliases, _ in cells) == sorted(LISTS)
    assert len({cell for _, cell in cells}) == len(LISTS)
    for aliases, cell in cells:
        assert elements(cell) == aliases, cell


def test_no_column_is_named_like_a_formula() -> None:
    for version in VERSIONS.values():
        for resource in version.resources.values():
            assert all(is_safe(cell.name) and cell.name[0].isalpha() for cell in cells(version, resource))


def rows(client: httpx2.Client, name: str) -> list[dict[str, str]]:
    """Return the rows of the file of sources."""
    answer = client.get(f"/{name}/sources.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def records(client: httpx2.Client, name: str, field: str) -> dict[str, Any]:
    """Return a field of the same sources by their ids, as NDJSON contains it."""
    lines = client.get(f"/{name}/sources.ndjson").text.split("\n")[:-1]
    return {record["id"]: record[field] for record in map(json.loads, lines)}


def is_safe(cell: str) -> bool:
    """Return True if no spreadsheet runs the cell."""
    return re.fullmatch(r"[-+]?\d+(\.\d+)?", cell, re.ASCII) is not None or not is_formula(cell)


def is_formula(text: str) -> bool:
    """Return True if the first visible character of a text is a sign, in any of its forms."""
    for letter in text:
        if unicodedata.category(letter)[0] not in "CZ" and letter not in "\u3164\ufe0f":
            return unicodedata.normalize("NFKC", letter)[0] in "=+-@\u2212"
    return False


def elements(cell: str) -> list[str]:
    """Return the elements of a list, read as docs/export.md says."""
    if cell.startswith("'") and is_formula(cell.lstrip("'")):
        cell = cell[1:]
    parts, escaped = [""], False
    for letter in cell:
        if escaped or letter not in "\\|":
            parts[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append("")
    return parts
