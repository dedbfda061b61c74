"""The CPU quota of a control group, read from the files that version 1 and version 2 write."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import processors as module
from api.processors import processors, read_cpu_quota
from api.settings import Settings

V2 = "30 23 0:26 {root} {folder} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1 = "32 31 0:29 {root} {folder} rw,relatime - cgroup cgroup rw,cpu,cpuacct"
MEMORY = "35 31 0:32 / {folder} rw,relatime - cgroup cgroup rw,memory"


class Host:
    """The files of a process and of its control groups."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.groups = folder / "cgroup fs"  # mountinfo writes the space as \040
        self.proc.mkdir()
        self._mounts: list[str] = ["22 1 8:1 / / rw - ext4 /dev/sda1 rw"]
        (self.proc / "cgroup").write_text("")

    def mount(self, line: str, root: str = "/", name: str = "") -> Host:
        folder = str(self.groups / name).replace(" ", "\\040")
        self._mounts.append(line.format(root=root, folder=folder))
        (self.proc / "mountinfo").write_text("\n".join(self._mounts) + "\n")
        return self

    def belong(self, *lines: str) -> Host:
        (self.proc / "cgroup").write_text("\n".join(lines) + "\n")
        return self

    def limit(self, group: str, **files: str) -> Host:
        (self.groups / group).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.groups / group / name.replace("__", ".")).write_text(text + "\n")
        return self

    def quota(self) -> float | None:
        return read_cpu_quota(self.proc)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_version_2_in_a_container_has_its_quota_in_the_root(host: Host) -> None:
    host.mount(V2).belong("0::/").limit("", cpu__max="150000 100000")
    assert host.quota() == 1.5


def test_version_2_takes_the_lowest_quota_of_the_groups_above(host: Host) -> None:
    host.mount(V2).belong("0::/system.slice/briefing.service/worker")
    host.limit("", cpu__weight="100")
    host.limit("system.slice", cpu__max="300000 100000")
    host.limit("system.slice/briefing.service", cpu__max="50000 25000")
    host.limit("system.slice/briefing.service/worker", cpu__max="max 100000")
    assert host.quota() == 2


def test_a_group_that_has_a_quota_counts_and_its_neighbour_does_not(host: Host) -> None:
    host.mount(V2).belong("0::/a")
    host.limit("a", cpu__max="max 100000").limit("b", cpu__max="10000 100000")
    assert host.quota() is None


def test_version_1_is_read_from_the_hierarchy_of_the_controller(host: Host) -> None:
    host.mount(MEMORY, name="memory").mount(V1, name="cpu,cpuacct")
    host.belong("5:memory:/docker/abc", "4:cpu,cpuacct:/docker/abc", "1:name=systemd:/x", "0::/y")
    host.limit("cpu,cpuacct/docker", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    host.limit("cpu,cpuacct/docker/abc", cpu__cfs_quota_us="400000", cpu__cfs_period_us="100000")
    assert host.quota() == 4


def test_version_1_in_a_container_shows_the_own_group_as_root(host: Host) -> None:
    host.mount(V1, root="/docker/abc", name="cpu").belong("4:cpu,cpuacct:/docker/abc/nested")
    host.limit("cpu", cpu__cfs_quota_us="200000", cpu__cfs_period_us="100000")
    host.limit("cpu/nested", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")
    assert host.quota() == 0.5


@pytest.mark.parametrize("group", ["/kubepods/pod1/abc", "/../other"])
def test_a_group_that_the_mount_does_not_show_is_that_of_the_mount(host: Host, group: str) -> None:
    host.mount(V2).belong(f"0::{group}").limit("", cpu__max="100000 100000")
    host.limit("../other", cpu__max="1000 100000")
    assert host.quota() == 1


@pytest.mark.parametrize("text", ["", "max", "max 100000", "nonsense 1", "0 100000"])
def test_files_without_a_number_are_no_quota(host: Host, text: str) -> None:
    host.mount(V2).belong("0::/").limit("", cpu__max=text)
    assert host.quota() is None


def test_a_process_without_such_files_has_no_quota(tmp_path: Path) -> None:
    assert read_cpu_quota(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("quota", "allowed", "expected"), [(None, 8, 8), (2.0, 8, 2), (1.5, 8, 2), (0.2, 8, 1), (16.0, 4, 4)]
)
def test_workers_0_is_a_worker_for_each_processor_of_the_quota(
    quota: float | None, allowed: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "read_cpu_quota", lambda: quota)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(allowed)))
    assert processors() == expected
    assert Settings(workers=0).processes == expected
