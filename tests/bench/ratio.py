"""The result of interleaved rounds of two commits: the ratio of their rates, and how far the base varies."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 0.95


@dataclass(frozen=True)
class Round:
    """The rates of one round in the order of measuring: the base, this checkout, and the base once more."""

    before: float
    this: float
    after: float

    @property
    def ratio(self) -> float:
        """The ratio of this checkout to the base. The mean of the base's two rates cancels a drift during the round."""
        return self.this / math.sqrt(self.before * self.after)

    @property
    def itself(self) -> float:
        """The ratio of the base to itself: the lower of its two rates against the higher."""
        return min(self.before, self.after) / max(self.before, self.after)


@dataclass(frozen=True)
class Comparison:
    """A row: what was measured, its rounds, and the same rounds by processor time instead of the clock."""

    what: str
    unit: str
    rounds: Sequence[Round]
    by_processor: Sequence[Round]

    @property
    def ratio(self) -> float:
        """The median ratio of the rounds."""
        return statistics.median(round_.ratio for round_ in self.rounds)

    @property
    def processor_ratio(self) -> float:
        """The same by processor time. It decides nothing, but other programs on the machine hardly affect it."""
        return statistics.median(round_.ratio for round_ in self.by_processor)

    @property
    def itself(self) -> float:
        """The median ratio of the base to itself: what a row may lose on this machine although nothing has changed."""
        return statistics.median(round_.itself for round_ in self.rounds)

    @property
    def within(self) -> bool:
        """True if the checkout is as fast as the base, within 5 % or within the base's difference from itself."""
        return self.ratio >= min(LEAST, self.itself)

    def __str__(self) -> str:
        base = statistics.median(math.sqrt(round_.before * round_.after) for round_ in self.rounds)
        this = statistics.median(round_.this for round_ in self.rounds)
        cells = (self.what, f"{base:,.0f} {self.unit}", f"{this:,.0f} {self.unit}", f"{self.ratio:.3f}")
        verdict = "yes" if self.within else "**no**"
        return f"| {' | '.join(cells)} | {self.itself:.3f} | {verdict} | {self.processor_ratio:.3f} |"


HEAD = """| what | base | this | median ratio | base against itself | within 5 % or that | by processor time |
|---|---|---|---|---|---|---|"""


def table(comparisons: Sequence[Comparison]) -> str:
    """Return the table of all rows."""
    return "\n".join([HEAD, *map(str, comparisons)])
