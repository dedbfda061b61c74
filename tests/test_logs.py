"""Clients that send invalid requests do not fill the log."""

from __future__ import annotations

import logging

from api.logs import Seldom


def test_ten_lines_a_second_pass_and_the_next_tells_how_many_did_not() -> None:
    now = 100.0
    seldom = Seldom(10, lambda: now)

    def line(level: int = logging.INFO) -> logging.LogRecord:
        return logging.LogRecord("api.http", level, "", 0, "refused a request", (), None)

    assert [seldom.filter(line()) for _ in range(35)] == [True] * 10 + [False] * 25
    assert seldom.filter(line(logging.ERROR)), "what is worse always passes"
    now = 101.0
    assert seldom.filter(first := line()) and first.__dict__["left_out"] == 25
    assert seldom.filter(second := line()) and "left_out" not in second.__dict__
    now = 102.0
    assert seldom.filter(third := line()) and "left_out" not in third.__dict__
