"""The verdict on two commits follows from medians of interleaved rounds, and from the base's difference from itself."""

from __future__ import annotations

import pytest

from tests.bench.ratio import Comparison, Round


def comparison_of(*rounds: tuple[float, float, float]) -> Comparison:
    return Comparison("REST list", "/s", [Round(*times) for times in rounds], [Round(4.0, 1.0, 4.0)])


@pytest.mark.parametrize(("this", "within"), [(100.0, True), (120.0, True), (95.0, True), (94.0, False), (50.0, False)])
def test_on_a_quiet_machine_five_per_cent_decide(this: float, within: bool) -> None:
    comparison = comparison_of(*[(100.0, this, 100.0)] * 5)
    assert (comparison.ratio, comparison.within) == (this / 100, within)


def test_a_base_that_differs_from_itself_gives_the_bound() -> None:
    noisy = [(100.0, 84.0, 80.0)] * 5
    assert comparison_of(*noisy).itself == 0.8
    assert comparison_of(*noisy).within
    assert not comparison_of(*[(before, 60.0, after) for before, _, after in noisy]).within


def test_one_odd_round_decides_nothing() -> None:
    assert comparison_of((100.0, 10.0, 100.0), *[(100.0, 100.0, 100.0)] * 4).within
    assert not comparison_of((100.0, 100.0, 10.0), *[(100.0, 90.0, 100.0)] * 4).within


def test_drift_during_a_round_counts_for_neither_side() -> None:
    assert comparison_of(*[(100.0, 90.0, 81.0)] * 5).ratio == pytest.approx(1.0)


def test_the_row_contains_the_figures_and_the_verdict() -> None:
    row = str(comparison_of(*[(100.0, 50.0, 100.0)] * 5))
    assert row == "| REST list | 100 /s | 50 /s | 0.500 | 1.000 | **no** | 0.250 |"
