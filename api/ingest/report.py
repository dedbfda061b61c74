"""Report the progress of a load on stderr, and summarise what was done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from api.store.load_transaction import Counts

EVERY = 5.0  # seconds between two plain lines
MIB = 1 << 20
ACTIONS = ("created", "updated", "restored", "unchanged", "withdrawn")


class Report(Protocol):
    """A receiver of the progress of a load."""

    def reading(self, file: str, records: int, done: int, size: int | None) -> None:
        """Report the number of records that were read, and the bytes that were read of the file's size."""

    def writing(self, file: str, records: int) -> None:
        """Report that all records were read and are being written to the store."""

    def written(self, file: str, counts: Counts) -> None:
        """Report that the file is loaded."""

    def paused(self) -> AbstractContextManager[None]:
        """Free the terminal for a question."""


class SilentReport:
    """A report that prints nothing."""

    def reading(self, file: str, records: int, done: int, size: int | None) -> None:
        pass

    def writing(self, file: str, records: int) -> None:
        pass

    def written(self, file: str, counts: Counts) -> None:
        pass

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()


class LineReport:
    """A report for files and pipes: a line every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = self._began = monotonic()

    def reading(self, file: str, records: int, done: int, size: int | None) -> None:
        now = monotonic()
        if now - self._last < EVERY:
            return
        self._last = now
        elapsed = max(now - self._began, 0.001)
        share = remaining = ""
        if size:
            share = f" ({done / size:.0%})"
        if size and done:
            remaining = f", {elapsed * (size - done) / done:,.0f} s left"
        rate = f"{records / elapsed:,.0f}/s"
        self._say(f"{file}: read {records:,} records, {done / MIB:,.1f} MiB{share}, {rate}{remaining}")

    def writing(self, file: str, records: int) -> None:
        self._say(f"{file}: writing {records:,} records")

    def written(self, file: str, counts: Counts) -> None:
        self._began = monotonic()
        self._say(f"{file}: {_describe(counts)}")

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class TerminalReport:
    """A report for a terminal: a bar of the bytes that were read."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, records=0)

    def reading(self, file: str, records: int, done: int, size: int | None) -> None:
        self._progress.update(self._task, description=file, completed=done, total=size, records=records)

    def writing(self, file: str, records: int) -> None:
        # A bar without a total, because it is not known how long Postgres takes. A task keeps its total, so this is a
        # new one.
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(f"{file}: writing", total=None, records=records)

    def written(self, file: str, counts: Counts) -> None:
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task("", total=None, records=0)
        self._progress.console.print(f"{file}: {_describe(counts)}", markup=False, highlight=False)

    @contextmanager
    def paused(self) -> Iterator[None]:
        self._progress.stop()
        yield
        self._progress.start()


class Rate(ProgressColumn):
    """The records per second since the file was begun."""

    def render(self, task: Task) -> Text:
        rate = task.fields["records"] / task.elapsed if task.elapsed else 0
        return Text(f"{rate:,.0f}/s")


@contextmanager
def reported(quiet: bool = False) -> Iterator[Report]:
    """Yield the report that suits stderr: a bar for a terminal, else a log. With `quiet` it prints nothing."""
    if quiet:
        yield SilentReport()
    elif not sys.stderr.isatty():
        yield LineReport(sys.stderr)
    else:
        columns: tuple[ProgressColumn, ...] = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[records]:,} records"),
            Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield TerminalReport(progress)


def summary(counts: Counts) -> str:
    """Return a table: a line for each resource with its number of records by action, and one for the total."""
    head = " " * 9 + "".join(f"{action:>12}" for action in ACTIONS)
    lines = [head]
    for resource, by_action in {**counts, "total": _total(counts)}.items():
        numbers = [f"{by_action[action]:>12,}" for action in ACTIONS]
        lines.append(f"{resource:<9}" + "".join(numbers))
    return "\n".join(lines)


def _total(counts: Counts) -> dict[str, int]:
    total = dict.fromkeys(ACTIONS, 0)
    for by_action in counts.values():
        for action in ACTIONS:
            total[action] += by_action[action]
    return total


def _describe(counts: Counts) -> str:
    return ", ".join(f"{count:,} {action}" for action, count in _total(counts).items())
