"""The report of a load on a terminal, in a log, and at the end."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from api.ingest import report

COUNTS = {"event": {"created": 1200, "updated": 1, "restored": 0, "unchanged": 0, "withdrawn": 0}}


def test_the_summary_has_a_line_for_each_resource_and_one_for_all() -> None:
    assert report.summary(COUNTS).splitlines() == [
        "              created     updated    restored   unchanged   withdrawn",
        "event           1,200           1           0           0           0",
        "total           1,200           1           0           0           0",
    ]


def test_a_log_gets_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    log = report.LineReport(stream)
    log.reading("a", 10, 1 << 20, 1 << 22)
    assert stream.getvalue() == ""
    monkeypatch.setattr(report, "EVERY", 0.0)
    log._began -= 10
    log.reading("a", 1000, 1 << 20, 1 << 22)
    log.reading("-", 1000, 1 << 20, None)
    log.writing("a", 4000)
    log.written("a", COUNTS)
    assert stream.getvalue().splitlines() == [
        "a: read 1,000 records, 1.0 MiB (25%), 100/s, 30 s left",
        "-: read 1,000 records, 1.0 MiB, 100/s",
        "a: writing 4,000 records",
        "a: 1,200 created, 1 updated, 0 restored, 0 unchanged, 0 withdrawn",
    ]


def test_a_terminal_gets_a_bar_and_a_line_for_each_file() -> None:
    stream = io.StringIO()
    with Progress(console=Console(file=stream, force_terminal=True, width=100)) as progress:
        bar = report.TerminalReport(progress)
        bar.reading("[bold]a", 10, 5, 10)
        assert progress.tasks[0].percentage == 50
        bar.writing("[bold]a", 20)
        assert progress.tasks[0].total is None
        bar.written("[bold]a", COUNTS)
        bar.reading("b", 1, 1, 4)
        assert progress.tasks[0].percentage == 25
    assert "[bold]a: 1,200 created" in stream.getvalue()
