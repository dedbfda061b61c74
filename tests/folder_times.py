"""The seconds that the tests of each folder took, set-up and clean-up included, added up over all processes."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

seconds: defaultdict[str, float] = defaultdict(float)
counts: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add a phase of a test to its folder."""
    file = report.nodeid.partition("::")[0]
    folder = file.rpartition("/")[0]
    seconds[folder] += report.duration
    counts[folder] += report.when == "call"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the folders, those that took longest first."""
    if sum(counts.values()) < 2:
        return
    terminalreporter.section("seconds by folder")
    for folder, duration in sorted(seconds.items(), key=lambda item: -item[1]):
        terminalreporter.write_line(f"{duration:8.1f}  {folder} ({counts[folder]} tests)")
    terminalreporter.write_line(f"{sum(seconds.values()):8.1f}  all ({sum(counts.values())} tests)")
