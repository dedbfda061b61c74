"""The README is true: each call in it, made against the sample, gives the answer printed below it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import httpx2
import pytest

README = Path(__file__).parents[1] / "README.md"
ADDRESS = "http://127.0.0.1:8000"
PIPE = " | python3 -m json.tool"


def calls() -> list[tuple[str, str]]:
    """Each curl command of the README with what is printed below it."""
    blocks = re.findall(r"```console\n\$ (curl [^\n]*)\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    return [(command, printed) for command, printed in blocks]


def examples() -> list[str]:
    """Each URL of a list in the README's tables."""
    return re.findall(r"`(/v1/[a-z]+\?[^`]+)`", README.read_text(encoding="utf-8"))


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
