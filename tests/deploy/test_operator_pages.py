"""The pages for operators are true: a backup that is made as they say is restored as they say."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from api.settings import Settings
from tests.clients import ROOT
from tests.deploy.operator import Operator
from tests.guide.blocks import RUN, Step, stands, steps
from tests.guide.test_pages import FOR_OPERATORS


@pytest.fixture
def operator() -> Iterator[Operator]:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        started_operator = Operator.at(Path(name))
        try:
            yield started_operator
        finally:
            started_operator.end()


def follow(operator: Operator, page: list[Step]) -> None:
    for step in page:
        code, output = operator.run_step(step)
        if step.output is None:
            assert code == 0, f"{step}\nfails:\n{output}"
        else:
            assert stands(step.output, output, step.answer), f"{step}\nprints:\n{output}\ninstead of:\n{step.output}"


@pytest.mark.full
def test_a_backup_is_made_and_restored_as_the_page_says(operator: Operator) -> None:
    follow(operator, list(steps(ROOT / "docs" / "backup.md")))


# Commands of the pages that change the machine, so that no test can run them.
SHELL = [step for name in sorted(FOR_OPERATORS) for step in steps(ROOT / "docs" / name)]


@pytest.mark.parametrize("step", SHELL, ids=lambda step: f"{step.page}:{step.line}")
def test_a_block_is_a_shell_script_that_names_files_that_exist(step: Step) -> None:
    if step.language not in RUN:
        return
    assert step.language == "sh"
    parsed = subprocess.run(["bash", "-n"], input=step.text, capture_output=True, text=True)
    assert (parsed.returncode, parsed.stderr) == (0, "")
    for path in re.findall(r"\b(?:docs|requirements|api|tests)/[\w./*@-]+", step.text):
        assert list(ROOT.glob(path)), path


def test_the_settings_that_the_pages_name_exist() -> None:
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in FOR_OPERATORS)
    names = set(re.findall(r"\bBRIEFING_([A-Z_]*[A-Z])\b", text))
    assert len(names) > 10
    assert {name for name in names if name.removesuffix("_FILE").lower() not in Settings.model_fields} == set()
