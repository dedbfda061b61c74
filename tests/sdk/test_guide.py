"""docs/sdk.md: its programs run as they stand there, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.sdk.conftest import ROOT, run

GUIDE = (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8")


def programs(language: str) -> list[str]:
    """The programs of a language, in order."""
    return re.findall(rf"<!-- run: {language} -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)


def test_its_python_runs_against_the_sample(python_home: Path, served: str, tmp_path: Path) -> None:
    said = []
    for number, text in enumerate(programs("python")):
        (program := tmp_path / f"{number}.py").write_text(text, encoding="utf-8")
        said.append(run(python_home / "bin" / "python", program, BRIEFING_URL=served))
    assert len(said) == 2
    assert "Ukraine and Russia are to meet for a third round of talks (no place told)" in said[0]
    assert said[1] == "invalid_request ['kind']\n"


def test_its_typescript_runs_and_says_what_python_says(
    typescript_home: Path, node_home: Path, served: str, tmp_path: Path
) -> None:
    (text,) = programs("typescript")
    program = typescript_home / "guide.ts"
    program.write_text(text, encoding="utf-8")
    node = [node_home / "bin" / "node", "--no-warnings", "--experimental-strip-types"]
    said = run(*node, program.name, at=typescript_home, BRIEFING_URL=served)
    assert "Ukraine and Russia are to meet for a third round of talks (no place told)" in said


def test_the_packages_that_it_names_are_those_that_are_built(built: Path) -> None:
    named = set(re.findall(r"dist/(briefing[-_]sdk-\S+?(?:whl|tgz))", GUIDE))
    assert named == {one.name for one in built.iterdir() if one.name.startswith(("briefing_sdk-", "briefing-sdk-"))}
