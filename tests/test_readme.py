"""The README is true: each call in it, made against the sample, gives the answer printed below it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from api.ingest.load import load
from api.store.migrate import migrate
from tests.conftest import SAMPLE
from tests.serving import serving

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
PIPE = " | python3 -m json.tool"


def calls() -> list[tuple[str, str]]:
    """Each curl command of the README with what is printed below it."""
    blocks = re.findall(r"```console\n\$ (curl [^\n]*)\n(.*?)```", TEXT, re.S)
    return [(command, printed) for command, printed in blocks]


def examples() -> list[str]:
    """Each URL of a list in the README's tables."""
    return re.findall(r"`(/v1/[a-z]+\?[^`]+)`", TEXT)


def answer(served: str, command: str) -> str:
    """What the command prints: curl's options as the README uses them, and json.tool's format."""
    words = shlex.split(command.removesuffix(PIPE))
    headers, body, url = {}, None, ""
    rest = iter(words[1:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            body = next(rest)
        elif word != "-s":
            url = word.replace(ADDRESS, served)
    response = httpx2.request("POST" if body else "GET", url, headers=headers, content=body)
    return json.dumps(response.json(), indent=4, ensure_ascii=True) + "\n"


def pattern(printed: str) -> re.Pattern[str]:
    """What is printed, where a line of dots stands for any lines."""
    parts = printed.split("...\n")
    return re.compile(".*?".join(re.escape(part) for part in parts), re.S)


@pytest.fixture(scope="module")
async def data(fresh_database: Callable[[], Awaitable[str]]) -> AsyncIterator[tuple[str, str, str]]:
    """The section on data that one has: what its command printed, what the README says, and where it is served."""
    ((command, printed),) = re.findall(r"\$ \.venv/bin/(briefing load --quiet [^\n]*)\n(.*?)```", TEXT, re.S)
    url = await fresh_database()
    await migrate(url)
    program = [sys.executable, "-c", "from api.cli import main; main()", *shlex.split(command)[1:]]
    environment = {**os.environ, "BRIEFING_DATABASE_URL": url}
    done = subprocess.run(program, env=environment, cwd=README.parent, capture_output=True, text=True, check=True)
    with serving(url) as server:
        yield done.stdout, printed, f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
async def served(fresh_database: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The sample as `make serve` has it: with limits."""
    url = await fresh_database()
    await migrate(url)
    await load([str(SAMPLE)], url)
    with serving(url, limits=True) as server:
        yield f"http://127.0.0.1:{server.port}"


def saved(name: str) -> str:
    """The URL that is saved under the name."""
    (url,) = re.findall(rf"curl -o {name} '{ADDRESS}([^']+)'", TEXT)
    return str(url)


def test_loading_a_file_of_data_prints_what_is_printed(data: tuple[str, str, str]) -> None:
    assert pattern(data[1]).fullmatch(data[0]), data[0]


def test_its_map_has_points_and_tells_how_exact_they_are(data: tuple[str, str, str]) -> None:
    found = httpx2.get(data[2] + saved("ged.geojson")).json()
    assert found["type"] == "FeatureCollection"
    precision = {tuple(one["geometry"]["coordinates"]): one["properties"]["geo_precision"] for one in found["features"]}
    assert precision == {(20.25, 6.5): "near", (20.0, 6.0): "admin1"}


def test_its_table_opens_and_leads_to_the_licence(data: tuple[str, str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(httpx2.get(data[2] + saved("ged.csv")).text), strict=True))
    assert sorted(int(row["value"]) for row in rows) == [0, 12, 40]
    (briefing,) = {row["briefing_id"] for row in rows}
    found = httpx2.get(f"{data[2]}/v1/briefings/{briefing}").json()["data"]
    assert found["licence"] == "CC-BY-4.0" and "Uppsala" in found["attribution"]


def test_the_readme_has_calls() -> None:
    assert len(calls()) >= 3
    assert len(examples()) >= 8


@pytest.mark.parametrize(("command", "printed"), calls())
def test_a_call_gives_the_printed_answer(served: str, command: str, printed: str) -> None:
    found = answer(served, command)
    assert pattern(printed).fullmatch(found), found


@pytest.mark.parametrize("example", examples())
def test_an_example_is_answered_with_records(served: str, example: str) -> None:
    response = httpx2.get(served + example)
    assert response.status_code == 200, response.text
    assert response.json()["data"], "an example that finds nothing teaches nothing"
