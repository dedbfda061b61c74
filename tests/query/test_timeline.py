"""The edition that a value of `known_at` names, and what is known for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.errors import EditionPending
from api.query import EditionFinder, Timeline
from api.query.known_at import KnownAt, read_accept_datetime, read_known_at, to_microseconds, write_moment
from api.query.timeline import EarlierMark

STORE = "k3x9ma"
BEGIN = datetime(2022, 3, 7, 6, tzinfo=UTC)
SECOND = 1_000_000


def at(seconds: float) -> int:
    """Return a moment, in microseconds, that is some seconds after the first edition."""
    return to_microseconds(BEGIN + timedelta(seconds=seconds))


def moment(seconds: float) -> KnownAt:
    return KnownAt(moment=at(seconds))


@pytest.fixture
def timeline() -> Timeline:
    """Three editions, a hundred seconds apart. The process has looked at the store 300 seconds after the first."""
    timeline = Timeline()
    timeline.add(10, at(0), ["event", "place"])
    timeline.add(17, at(100), ["place"])
    timeline.add(30, at(200), ["event"])
    timeline.note_look(STORE, at(300), 30, None)
    return timeline


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e1", KnownAt(number=1)),
        ("e12345-k3x9ma", KnownAt(number=12345, store="k3x9ma")),
        ("2022-03-07", KnownAt(moment=to_microseconds(datetime(2022, 3, 8, tzinfo=UTC)) - 1)),
        ("9999-12-31", KnownAt(moment=to_microseconds(datetime(9999, 12, 31, tzinfo=UTC)) + 86_400 * SECOND - 1)),
        ("2022-03-07T06:00:00Z", KnownAt(moment=at(0))),
        ("2022-03-07T08:00:00.000001+02:00", KnownAt(moment=at(0) + 1)),
    ],
)
def test_an_edition_a_moment_and_a_day_are_read(text: str, expected: KnownAt) -> None:
    assert read_known_at(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("e", "e0", "e-1", "e007", "E5", "e5-", "e5-K3X9MA", "e5-k3x9mu", "e5-k3x9ma0", "e5 ", "e1e5", "٣", "e٣"),
        *(f"e{10**18}", "5", "now", "yesterday", "2022", "2022-03", "2022-13-01", "2022-02-30", "20220307"),
        *("2022-03-07T06:00:00", "2022-03-07T06:00:00+25:00", "2022-03-07Z", "0999-01-01", "\x00"),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Expected"):
        read_known_at(text)


@given(some.text())
def test_no_text_is_a_fault_of_ours(text: str) -> None:
    for read in (read_known_at, read_accept_datetime):
        try:
            read(text)
        except ValueError:
            continue


def test_a_date_of_http_stands_for_the_end_of_its_second() -> None:
    assert read_accept_datetime("Mon, 07 Mar 2022 06:00:00 GMT") == KnownAt(moment=at(1) - 1, nearest=True)
    for text in ("", "07 Mar 2022 06:00:00 GMT", "Mon, 07 Mar 2022 06:00:00 +0000", "Mon, 31 Feb 2022 06:00:00 GMT"):
        with pytest.raises(ValueError, match="date of HTTP"):
            read_accept_datetime(text)


@pytest.mark.parametrize(("number", "edition"), [(9, 0), (10, 10), (16, 10), (17, 17), (29, 17), (30, 30)])
def test_a_number_between_two_editions_means_the_one_before(timeline: Timeline, number: int, edition: int) -> None:
    assert EditionFinder(timeline).find(KnownAt(number=number)).number == edition


@pytest.mark.parametrize(
    ("seconds", "edition"), [(-0.000001, 0), (0, 10), (99.999999, 10), (100, 17), (199, 17), (200, 30), (300, 30)]
)
def test_a_moment_means_the_last_edition_up_to_it(timeline: Timeline, seconds: float, edition: int) -> None:
    as_of = EditionFinder(timeline).find(moment(seconds))
    assert (as_of.number, as_of.final) == (edition, True)


def test_a_moment_after_the_last_look_waits_for_another_one(timeline: Timeline) -> None:
    finder = EditionFinder(timeline)
    for seconds in (300.1, 305, 306):
        with pytest.raises(EditionPending):
            finder.find(moment(seconds))
    for seconds in (300.1, 305):
        as_of = finder.again().find(moment(seconds))
        assert (as_of.number, as_of.final) == (30, False)
    with pytest.raises(ValueError, match="in the future"):
        finder.again().find(moment(305.1))


def test_a_number_beyond_the_last_one_waits_for_another_look(timeline: Timeline) -> None:
    finder = EditionFinder(timeline)
    with pytest.raises(EditionPending):
        finder.find(KnownAt(number=31))
    with pytest.raises(ValueError, match="the last edition is e30"):
        finder.again().find(KnownAt(number=31))


def test_while_the_edition_of_a_load_is_missing_its_moments_are_not_known(timeline: Timeline) -> None:
    timeline.note_look(STORE, at(310), 40, at(305))
    finder = EditionFinder(timeline).again()
    assert finder.find(moment(304.999999)).number == 30
    for known_at in (moment(305), moment(309), moment(312), KnownAt(number=31), KnownAt(number=40)):
        with pytest.raises(EditionPending):
            finder.find(known_at)
    with pytest.raises(ValueError, match="no such edition"):
        finder.find(KnownAt(number=41))


def test_a_process_that_has_not_seen_the_store_knows_nothing() -> None:
    for finder in (EditionFinder(Timeline()), EditionFinder(Timeline()).again()):
        with pytest.raises(EditionPending):
            finder.find(KnownAt(number=1))


def test_editions_of_another_store_are_refused(timeline: Timeline) -> None:
    finder = EditionFinder(timeline)
    assert finder.find(KnownAt(number=17, store=STORE)).number == 17
    other = KnownAt(number=17, store="aaaaaa")
    # The store may have got this mark in this moment.
    with pytest.raises(EditionPending):
        finder.find(other)
    with pytest.raises(ValueError, match="another store"):
        finder.again().find(other)


@pytest.fixture
def restored(timeline: Timeline) -> Timeline:
    """The timeline of a store that was restored after edition 30, twice without a load in between. The first load after
    that was number 2,000,041."""
    timeline.note_marks({"first0": EarlierMark(30, 1_000_034), "second": EarlierMark(30, 2_000_034)})
    timeline.add(2_000_041, at(400), ["event"])
    timeline.note_look(STORE, at(500), 2_000_041, None)
    return timeline


@pytest.mark.parametrize("store", ["", STORE, "first0", "second"])
def test_editions_from_before_a_restore_keep_their_names(restored: Timeline, store: str) -> None:
    for number, edition in ((10, 10), (29, 17), (30, 30)):
        assert EditionFinder(restored).find(KnownAt(number=number, store=store)).number == edition


@pytest.mark.parametrize("store", ["", STORE, "first0", "second"])
@pytest.mark.parametrize("number", [31, 1_000_034, 1_000_035, 2_000_034])
def test_numbers_that_a_restore_has_lost_mean_no_edition(restored: Timeline, store: str, number: int) -> None:
    with pytest.raises(ValueError, match=r"lost this edition: .* up to e30\."):
        EditionFinder(restored).find(KnownAt(number=number, store=store))


@pytest.mark.parametrize(("store", "is_found"), [("", True), (STORE, True), ("first0", False), ("second", False)])
def test_editions_after_a_restore_have_the_new_mark(restored: Timeline, store: str, is_found: bool) -> None:
    known_at = KnownAt(number=2_000_041, store=store)
    if is_found:
        assert EditionFinder(restored).find(known_at).number == 2_000_041
        return
    with pytest.raises(ValueError, match="lost this edition"):
        EditionFinder(restored).find(known_at)


def test_a_process_forgets_the_editions_that_its_store_has_lost(timeline: Timeline) -> None:
    timeline.forget_after(30)
    assert (timeline.last, timeline.dated) == (30, 0)
    timeline.forget_after(17)
    assert (timeline.last, timeline.dated) == (17, 1)
    assert (timeline.changed(17, ["event"]), timeline.changed(17, ["place"])) == (10, 17)
    assert timeline.at_moment(at(250)) == 17
    # The next edition of the store may have the same number.
    timeline.add(30, at(260), ["place"])
    assert (timeline.changed(30, ["event"]), timeline.time_of(30)) == (10, at(260))


def test_a_list_before_the_first_edition_is_refused_and_the_first_one_is_named(timeline: Timeline) -> None:
    finder = EditionFinder(timeline)
    for known_at in (moment(-1), KnownAt(number=9)):
        assert finder.find(known_at).number == 0
        with pytest.raises(ValueError, match=rf"e10-{STORE} or later: the first edition is of 2022-03-07T06:00:00Z"):
            finder.find_for_list(known_at)
    empty = Timeline()
    empty.note_look(STORE, at(300), 0, None)
    with pytest.raises(ValueError, match="nothing was loaded"):
        EditionFinder(empty).find_for_list(moment(0))


def test_the_nearest_edition_is_the_first_or_the_last_one_outside_of_the_history(timeline: Timeline) -> None:
    finder = EditionFinder(timeline).again()
    assert finder.find(KnownAt(moment=at(-1), nearest=True)).number == 10
    far = finder.find(KnownAt(moment=at(10**6), nearest=True))
    assert (far.number, far.final) == (30, False)


def test_an_answer_names_the_last_edition_that_changed_what_it_reads(timeline: Timeline) -> None:
    finder = EditionFinder(timeline)
    last = finder.find(KnownAt(number=30))
    assert [last.changed(reads) for reads in (["event"], ["place"], ["event", "place"])] == [30, 17, 30]
    assert finder.find(KnownAt(number=17)).changed(["event"]) == 10
    # What no edition has changed is as it was in the first one.
    assert last.changed(["quote"]) == last.changed([]) == 10
    assert finder.find(KnownAt(number=9)).changed(["event"]) == 0


def test_moments_are_written_as_in_answers() -> None:
    assert write_moment(at(0)) == "2022-03-07T06:00:00Z"
    assert write_moment(at(0) + 650_150) == "2022-03-07T06:00:00.65015Z"
    assert write_moment(at(0) + 1) == "2022-03-07T06:00:00.000001Z"
