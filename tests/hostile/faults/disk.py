"""A disk that fills up: a small file system, which contains a database as a tablespace. Only root can mount one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True)
class Disk:
    """The folder at which the disk is mounted, and the URL of the database on it."""

    folder: Path
    url: str = ""

    def grow(self) -> None:
        """Make the disk larger."""
        _mount("-o", "remount,size=512m", str(self.folder))


@contextmanager
def small(megabytes: int) -> Iterator[Path]:
    """Mount a disk of this size, and yield its folder. PermissionError if the account may not mount."""
    with TemporaryDirectory(prefix="briefing-disk-") as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "disk"
        folder.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder))
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*words: str) -> None:
    try:
        result = subprocess.run(["mount", *words], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise PermissionError("there is no mount") from error
    if result.returncode:
        raise PermissionError(result.stderr.strip())
