"""Show the progress of a snapshot at a terminal: the file, the number of rows, rows per second, and the time left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.ingest.report import Rate


class SnapshotProgress:
    """A receiver of the progress of a snapshot. This one prints nothing."""

    def begin(self, rows: int) -> None:
        """Note the number of rows that are to be written, into all files together."""

    def file(self, name: str) -> None:
        """Note the file that the next rows are written to."""

    def add(self, rows: int) -> None:
        """Note that so many more rows were written."""


class SnapshotProgressBar(SnapshotProgress):
    """A progress bar of the rows."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, records=0)
        self._done = 0

    def begin(self, rows: int) -> None:
        self._progress.update(self._task, total=rows)

    def file(self, name: str) -> None:
        self._progress.update(self._task, description=name)

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress.update(self._task, completed=self._done, records=self._done)


@contextmanager
def show_progress(quiet: bool = False) -> Iterator[SnapshotProgress]:
    """Yield a bar if stderr is a terminal, unless the command is `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield SnapshotProgress()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[records]:,} rows"),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield SnapshotProgressBar(progress)
