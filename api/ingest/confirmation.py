"""Ask the operator before a command makes a change that is not easily undone, such as a complete file that withdraws a
large part of a dataset."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from api.errors import LoadError
from api.ingest.report import Report
from api.store.load_transaction import Loss

SHARE = 10  # the operator is asked about more than a tenth of a dataset


def describe_large_losses(losses: Sequence[Loss]) -> list[str]:
    """Return, in words, the losses of each dataset that loses more than a tenth of its records."""
    descriptions: list[str] = []
    for loss in losses:
        is_large = loss.lost * SHARE > loss.held
        if is_large:
            descriptions.append(f"{loss.lost:,} of the {loss.held:,} records of the dataset {loss.dataset}")
    return descriptions


def ask(file: str, losses: list[str], report: Report) -> None:
    """Ask the operator at the terminal. LoadError if the answer is no, or if there is no terminal."""
    consequence = f"{file} withdraws {', '.join(losses)}, because it does not contain them."
    if not can_ask():
        raise LoadError(consequence, hint="Nothing of it was loaded. If this is right, load it with --yes.")
    with report.paused():
        agreed = confirm(f"{consequence} Go on?")
    if not agreed:
        raise LoadError(f"{file} was not loaded.", hint="The withdrawals were not agreed to.")


def can_ask() -> bool:
    """Return True if there is a terminal with an operator."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask a question at the terminal, and return True if the answer is yes."""
    print(question, "[y/N] ", file=sys.stderr, end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
