"""One result of `briefing doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from api.errors import BriefingError

Status = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """The result of a check: its name, its status, what was seen, and what to do unless all is well."""

    check: str
    status: Status
    text: str
    remedy: str = ""


def wrong(check: str, error: BriefingError) -> Finding:
    """Return the finding for an error that a check ran into."""
    return Finding(check, "wrong", error.message, " ".join(error.hints()))


def compare_clocks(check: str, seconds: float, uncertainty: float) -> Finding:
    """Return the finding for a clock that is `seconds` ahead of that of this machine, give or take `uncertainty`."""
    off = max(0.0, abs(seconds) - uncertainty)
    text = f"{abs(seconds):.2f} s {'ahead of' if seconds > 0 else 'behind'} this machine"
    if off > MAX_CLOCK_SECONDS:
        return Finding(check, "wrong", text, "Synchronize the clocks of both machines, for example with chrony.")
    return Finding(check, "ok", text)


# Keys expire, and days of limits begin, by the clock of the store. A second is what a revocation may take.
MAX_CLOCK_SECONDS = 1.0
