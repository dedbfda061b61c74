"""The memory of answers that clients have not read: a caller that gets no further one, and a connection that is cut."""

from __future__ import annotations

import pytest

from api.errors import Unavailable
from api.http.unread_answers import UnreadAnswer, UnreadAnswers

MIB = 1 << 20


class Connection:
    """A connection whose client reads nothing."""

    least_pace = 0.0
    unread = True

    def __init__(self) -> None:
        self.cuts: list[str] = []

    async def taken(self) -> None:
        raise AssertionError("not waited for here")

    def cut(self, reason: str) -> None:
        self.cuts.append(reason)


def send_answer(answers: UnreadAnswers, caller: str, size: int) -> tuple[UnreadAnswer, Connection]:
    answer = answers.add(caller, size)
    answer.connection = connection = Connection()
    return answer, connection


def test_a_caller_that_reads_nothing_gets_its_share() -> None:
    answers = UnreadAnswers(16 * MIB)
    first, _ = send_answer(answers, "a", MIB)
    send_answer(answers, "a", MIB)
    with pytest.raises(Unavailable) as exc_info:
        answers.add("a", 1)
    assert "2,097,152 bytes" in exc_info.value.message
    send_answer(answers, "b", 1)
    answers.remove(first)
    send_answer(answers, "a", MIB)
    assert (answers.total, answers.refused) == (2 * MIB + 1, 1)


def test_one_answer_may_have_any_size() -> None:
    answers = UnreadAnswers(16 * MIB)
    answer, _ = send_answer(answers, "a", 40 * MIB)
    answers.resize(answer, 3 * MIB)
    assert answers.total == 3 * MIB
    with pytest.raises(Unavailable):
        answers.add("a", 1)


def test_the_process_takes_its_room_from_the_caller_that_holds_most() -> None:
    answers = UnreadAnswers(8 * MIB)
    _, largest = send_answer(answers, "a", 4 * MIB)
    _, smaller = send_answer(answers, "b", 3 * MIB)
    send_answer(answers, "c", 2 * MIB)
    assert (largest.cuts, smaller.cuts, answers.total) == (["memory"], [], 5 * MIB)
    with pytest.raises(Unavailable):
        answers.add("d", 4 * MIB)
    assert smaller.cuts == [], "it would hold more than any other"


def test_an_answer_that_is_not_sent_yet_is_not_broken_off() -> None:
    answers = UnreadAnswers(8 * MIB)
    answers.add("a", 6 * MIB)
    with pytest.raises(Unavailable):
        answers.add("b", 3 * MIB)


def test_nothing_is_remembered_of_what_was_taken() -> None:
    answers = UnreadAnswers(8 * MIB)
    for answer in [answers.add(f"{number}", 1000) for number in range(100)]:
        answers.remove(answer)
        answers.remove(answer)
        answers.resize(answer, 5)
    assert (answers.total, answers._bytes, answers._answers) == (0, {}, {})
