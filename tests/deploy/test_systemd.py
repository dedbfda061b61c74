"""The units of systemd are valid, name files that the page installs, and are shut in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import ROOT
from tests.debian import Program
from tests.deploy.conftest import DEPLOY, check

FOLDER = DEPLOY / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".service", ".timer"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
PROGRAMS = "/opt/briefing/bin/"
# systemd-analyze security: 0 is shut in, 10 is not. Access to the network alone is 1.3 of these 1.5.
EXPOSURE = "1.5"


def verify(analyze: Program, folder: Path, units: list[str]) -> tuple[int, str]:
    """Verify copies of the units whose programs exist."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("briefing", "briefing-backup"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    for name in UNITS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(PROGRAMS, f"{programs}/"))
    return check(analyze, "verify", "--man=no", *units, at=folder)


@pytest.fixture(scope="session")
def analyze(debian: Callable[..., Program]) -> Program:
    return debian("systemd-analyze", "systemd")


def test_the_units_are_valid(analyze: Program, tmp_path: Path) -> None:
    names = [name.replace("@.", "@8001.") for name in UNITS]
    for name in names:
        if "@" in name:
            (tmp_path / name).symlink_to(name.replace("@8001.", "@."))
    assert verify(analyze, tmp_path, [f"./{name}" for name in names]) == (0, "")


# A setting that does not exist is only reported, so the units may report nothing.
@pytest.mark.parametrize(
    ("service", "code", "message"),
    [
        ("ExecStart=/bin/true\nProtectSystems=strict", 0, "ProtectSystems"),
        ("ExecStart=/nowhere/program", 1, "/nowhere/program"),
    ],
)
def test_a_fault_in_a_unit_is_seen(analyze: Program, tmp_path: Path, service: str, code: int, message: str) -> None:
    (tmp_path / "wrong.service").write_text(f"[Service]\n{service}\n")
    exit_code, output = check(analyze, "verify", "--man=no", "./wrong.service", at=tmp_path)
    assert exit_code == code and message in output


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_shut_in(analyze: Program, name: str) -> None:
    code, said = check(
        analyze, "security", "--offline=true", f"--threshold={EXPOSURE.replace('.', '')}", name, at=FOLDER
    )
    assert code == 0, said


def test_a_service_that_is_not_shut_in_is_seen(analyze: Program, tmp_path: Path) -> None:
    text = (FOLDER / SERVICES[0]).read_text(encoding="utf-8")
    (tmp_path / SERVICES[0]).write_text(text.replace("SystemCallFilter=", "#"))
    arguments = ("security", "--offline=true", f"--threshold={EXPOSURE.replace('.', '')}", SERVICES[0])
    assert check(analyze, *arguments, at=tmp_path)[0] == 1


def sandbox(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").partition("# Sandbox:")[2].partition("\n\n[Install]")[0].strip()


def test_all_services_are_shut_in_alike() -> None:
    # A backup also runs with a low priority.
    boxes = {sandbox(name).replace(" setpriority ioprio_set", " sched_getaffinity") for name in SERVICES}
    assert len(boxes) == 1 and boxes != {""}


def test_the_page_installs_every_file_and_program_that_the_units_name() -> None:
    # The folder of a release, to which /opt/briefing leads.
    page = (
        (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8").replace("/opt/briefing-$release", "/opt/briefing")
    )
    units = "".join((FOLDER / name).read_text(encoding="utf-8") for name in UNITS)
    named = set(re.findall(r"/etc/briefing/[\w.]+", units)) | set(re.findall(rf"{PROGRAMS}[\w-]+", units))
    assert len(named) == 6
    assert {path for path in named if path not in page} == set()


def test_the_settings_of_a_unit_are_files_that_are_there() -> None:
    assert {path.name for path in FOLDER.glob("*.env")} == {"briefing.env", "backup.env"}
    for name in ("briefing.env", "backup.env"):
        assert all(
            re.fullmatch(r"#.*|[A-Z_]+=\S*", line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()
        ), name
