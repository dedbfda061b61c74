"""Count the processors that this process may use: those that it may run on, and the CPU quota of its control group.

A container with `--cpus 2` on a machine with 64 processors may run on all of them, but gets the time of two. The quota
is in the files of the control group and of the groups above it, as version 1 or 2 of cgroups writes them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path, PurePosixPath

PROC = Path("/proc/self")


@dataclass(frozen=True)
class CgroupMount:
    """A mounted hierarchy of control groups: the group that is its root, its folder, and its version, 1 or 2."""

    root: PurePosixPath
    folder: Path
    version: int


def processors() -> int:
    """Return the number of processors that this process may use, at least 1. A part of a processor counts as one, so
    that a quota of 1.5 is used up."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    count = len(os.sched_getaffinity(0))
    quota = read_cpu_quota()
    if quota is None:
        return count
    return max(1, min(count, ceil(quota)))


def read_cpu_quota(proc: Path = PROC) -> float | None:
    """Return the processors whose time the control group of this process gets; None if there is no quota. `proc` is the
    folder of the process. The lowest quota of the group and of those above it counts."""
    quotas = []
    with suppress(OSError, ValueError):
        for mount in _find_mounts(proc):
            group = _find_group(proc, mount.version)
            if group is None:
                continue
            for folder in _list_folders(mount, group):
                quota = _read_quota(folder, mount.version)
                if quota is not None:
                    quotas.append(quota)
    return min(quotas, default=None)


def _find_mounts(proc: Path) -> Iterator[CgroupMount]:
    """Yield the hierarchies that may contain CPU quotas (proc_pid_mountinfo(5))."""
    for line in (proc / "mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        root, folder = left.split(" ")[3:5]
        kind, _, options = right.split(" ", 2)
        mount_root = PurePosixPath(_unescape(root))
        if kind == "cgroup2":
            yield CgroupMount(mount_root, Path(_unescape(folder)), 2)
        elif kind == "cgroup" and "cpu" in options.split(","):
            yield CgroupMount(mount_root, Path(_unescape(folder)), 1)


def _find_group(proc: Path, version: int) -> PurePosixPath | None:
    """Return the path of the process's group in the hierarchy of this version (cgroups(7))."""
    for line in (proc / "cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        is_wanted = "cpu" in controllers.split(",")
        if version == 2:
            is_wanted = number == "0" and not controllers
        if is_wanted:
            return PurePosixPath(path)
    return None


def _list_folders(mount: CgroupMount, group: PurePosixPath) -> Iterator[Path]:
    """Yield the folders of the group and of those above it, as far as they are mounted."""
    yield mount.folder
    # A group that the mount does not show is that of a container without a namespace of its own, or lies outside the
    # namespace (/..). What is mounted is then the container's group itself.
    if not group.is_relative_to(mount.root) or ".." in group.parts:
        return
    folder = mount.folder
    for name in group.relative_to(mount.root).parts:
        folder /= name
        yield folder


def _read_quota(folder: Path, version: int) -> float | None:
    """Return the quota that a group has itself; None if it has none or is not shown."""
    with suppress(OSError, ValueError):
        if version == 2:
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        # Without a quota, version 2 writes `max` and version 1 writes -1.
        if int(quota) > 0:
            return int(quota) / int(period)
    return None


def _unescape(text: str) -> str:
    """Return a path of mountinfo, in which spaces are written as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
