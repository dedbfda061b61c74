"""How far a snapshot is, for whoever waits at a terminal: the file, how many rows, how many a second, how long yet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.ingest.report import Rate


class Watch:
    """Takes note of how a snapshot goes. This one says nothing."""

    def begin(self, rows: int) -> None:
        """So many rows are to be written, into all files together."""

    def file(self, name: str) -> None:
        """What comes goes into this one."""

    def add(self, rows: int) -> None:
        """So many more are written."""


class Bar(Watch):
    """A bar of the rows."""

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
def watched(quiet: bool = False) -> Iterator[Watch]:
    """A bar where stderr is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield Watch()
        return
    words, rows = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[records]:,} rows")
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(words, BarColumn(), rows, Rate(), *times, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress)
