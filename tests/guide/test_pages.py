"""README.md and docs/ are true: every block is run, and every answer that they show is the one that is printed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import which

import httpx2
import pytest

from tests.clients import CLEAN, ROOT
from tests.guide.blocks import ANSWERS, FENCED, RUN, Step, stands, steps
from tests.guide.reader import STAND_IN_CURL, Machine, Reader

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
# Its packages take several hundred MB. Only the full tests run the page, and the types of its programs are not checked.
ANALYSIS = ROOT / "docs" / "data-analysis.md"
# Pages for operators, whose commands change the machine. tests/deploy/ tests what they say.
FOR_OPERATORS = {"alerts.md", "backup.md", "capacity.md", "deploying.md", "upgrading.md"}
STEPS = {page: list(steps(page)) for page in PAGES}
EVERY = [step for steps_of_page in STEPS.values() for step in steps_of_page]
TYPED = [step for page, steps in STEPS.items() if page != ANALYSIS for step in steps]
# Steps that are not run: how they begin, and why.
NOT_RUN = {
    "make serve": "each page has a service started for it; `test_make_serve_prints_its_address` runs it",
    "make sdk": "it builds the clients once for all pages: tests/clients.py",
    "docker run": "there is no Docker engine",
    "content_type_overrides:": "settings of a generator; tests/generators runs it with them",
    "datamodel-codegen": "a command of a generator; tests/generators runs it",
    "PGPASSFILE=": "a page's service has its Postgres named to it; tests/store/test_password.py runs psql so",
    "BRIEFING_DATABASE_URL=postgresql://postgres@db": "somebody's own account; tests/store/test_restore.py does it",
    "BRIEFING_DATABASE_URL=postgresql://briefing@primary": "hosts of somebody's own; tests/replicas runs replicas",
    "BRIEFING_DATABASE_URL='postgresql://briefing@a,b": "hosts of somebody's own; tests/replicas fails over",
    "BRIEFING_REDIS_URL=": "hosts of somebody's own; tests/access/limits runs servers and a cluster",
    "BRIEFING_DATABASE_URL=postgresql://briefing@pgbouncer": "hosts of somebody's own; tests/store runs a pgbouncer",
}
if not which("Rscript"):
    NOT_RUN["Rscript"] = "there is no R"


def reason(step: Step) -> str | None:
    """Return the reason why a step is not run; None if it is."""
    return next((why for begins, why in NOT_RUN.items() if step.text.startswith(begins)), None)


FOLLOWED = [page for page in PAGES if STEPS[page] and page.name not in FOR_OPERATORS]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.full if page == ANALYSIS else ()) for page in FOLLOWED],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_page_does_what_it_says(reader: Reader, page: Path) -> None:
    follow(reader, STEPS[page])


@pytest.mark.parametrize("page", ["README.md", "docs/limits.md", "docs/pages.md"])
def test_the_stand_in_for_curl_behaves_like_curl(reader: Reader, page: str) -> None:
    reader.provide("curl", STAND_IN_CURL)
    follow(reader, STEPS[ROOT / page])


def follow(reader: Reader, todo: list[Step]) -> None:
    """Run the steps of a page, and compare their output."""
    for step in todo:
        if reason(step):
            continue
        assert step.file or step.language in RUN, f"{step}\nNothing runs this; say why in NOT_RUN."
        code, output = reader.run_step(step)
        if step.output is None and code:
            pytest.fail(f"{step}\nfails:\n{output}", pytrace=False)
        if step.output is not None and not stands(step.output, output, step.answer):
            pytest.fail(f"{step}\nprints:\n{output}\ninstead of:\n{step.output}", pytrace=False)


async def test_make_serve_prints_its_address(fresh_database: Callable[..., Awaitable[str]], sample_store: str) -> None:
    environment = CLEAN | {"BRIEFING_DATABASE_URL": await fresh_database(sample_store)}
    command = ["make", "serve", "PORT=0"]
    # A session of its own, so that all that make started ends with it.
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            line = next((line for line in process.stdout if not line.startswith("Installing")), "nothing")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
        process.stdout.read()
    (expected,) = {step.output for step in EVERY if step.text == "make serve\n"}
    assert re.sub(r":\d+$", ":8000", line, flags=re.M) == expected


@pytest.mark.parametrize(("language", "ending"), [("python", "py"), ("ts", "mts")])
def test_the_programs_of_the_pages_are_typed(machine: Machine, tmp_path: Path, language: str, ending: str) -> None:
    for number, text in enumerate(step.text for step in TYPED if step.language == language):
        (tmp_path / f"program_{number}.{ending}").write_text(text, encoding="utf-8")
    machine.check(tmp_path, language)


def test_blocks_listed_as_not_run_exist() -> None:
    assert {begins for begins in NOT_RUN if any(step.text.startswith(begins) for step in EVERY)} == set(NOT_RUN)


def test_no_block_is_overlooked() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert len(re.findall(r"^\s*(?:```|~~~)", text, re.M)) == 2 * len(FENCED.findall(text)), page
    # The first is a list of the others. Caches, faults and the arithmetic of scale are tested elsewhere.
    names = ("README.md", "caching.md", "faults.md", "glossary.md", "scale.md")
    tables = {ROOT / "docs" / name for name in names}
    assert {page for page in PAGES if not STEPS[page]} == tables


def test_an_answer_says_more_than_that_something_is_left_out() -> None:
    assert not [str(step) for step in EVERY if step.output and len(step.output.replace("…", "").split()) < 1]


@pytest.mark.parametrize(
    ("expected", "output", "answer", "is_so"),
    [
        ("a\n", "a\n", "text", True),
        ("a\n", "a\nb\n", "text", False),
        ("a …\n", "a b\nc\n", "text", True),
        ("…b…\n", "a\nb c\n", "text", True),
        ("…b…c\n", "c b\n", "text", False),
        ("ab…b\n", "ab\n", "text", False),
        ('{"a": 1, …}', '{"a":1,"b":2}', "json", True),
        ('{"a": 1}', '{"a": 1}\n', "json", True),
        ('{"a": 1, …}', '{"a":12,"b":2}', "json", False),
        ('{\n  "a": [1, …]\n}', '{"a":[2,1]}', "json", False),
    ],
)
def test_a_shown_answer_matches_the_printed_one(expected: str, output: str, answer: str, is_so: bool) -> None:
    assert stands(expected, output, answer) is is_so


def test_a_page_is_read_step_by_step(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`a.csv`:\n\n```csv\n1\n```\n\n```console\n$ x \\\n  y\nz\n$ w\n```\n\n"
        "```sh\nv\n```\n\nthen\n\n```json\n{}\n```\n\n```toml\n```\n"
    )
    parsed_steps = [(step.line, step.language, step.text, step.file, step.output) for step in steps(page)]
    assert parsed_steps == [
        (4, "csv", "1\n", "a.csv", None),
        (8, "sh", "x \\\n  y\n", "", "z\n"),
        (11, "sh", "w\n", "", None),
        (15, "sh", "v\n", "", "{}\n"),
        (25, "toml", "", "", None),
    ]
    assert not {"toml", ""} & {*RUN, *ANSWERS}


def test_every_page_is_in_the_index_and_every_link_leads_somewhere() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", index)}
    assert {page.name for page in DOCS} - {"README.md"} <= links
    for page in PAGES:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = link.partition("#")
            if path.startswith("http"):
                continue
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page.name}: {link}"
            assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, made of their words."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("column", "version"), [(0, "v1"), (1, "v2")])
def test_the_versions_have_the_fields_that_the_guide_compares(column: int, version: str) -> None:
    schemas = json.loads((ROOT / "openapi" / f"{version}.json").read_text(encoding="utf-8"))["components"]["schemas"]
    properties = {name for schema in schemas.values() for name in schema.get("properties", ())}
    table = (
        (ROOT / "docs" / "versions.md").read_text(encoding="utf-8").partition("| version 1 |")[2].partition("\n\n")[0]
    )
    cells = [row.strip("| ").split(" | ")[column] for row in table.splitlines()[2:]]
    names = {part for cell in cells for name in re.findall(r"`([\w.]+)`", cell) for part in name.split(".")}
    assert len(names) > 5 and names <= properties


def examples() -> list[str]:
    """Return each URL of a list that is written within a line."""
    return sorted({url for page in PAGES for url in re.findall(r"`(/v\d/[a-z]+\?[^`…]+)`", page.read_text("utf-8"))})


@pytest.mark.parametrize("example", examples())
def test_an_example_is_answered_with_records(service_url: str, example: str) -> None:
    response = httpx2.get(service_url + example)
    assert response.status_code == 200, response.text
    assert response.json()["data"], "an example that finds nothing teaches nothing"
