"""The editions of a store, as a process knows them, and the edition that a value of `known_at` names.

A moment names an edition for good only if no edition that is older than the moment can still appear. So the process
notes when it looked at the store, by the clock of the store, and whether a load was visible then whose edition was not.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial

from api.errors import EditionPending
from api.query.known_at import AsOf, KnownAt, write_edition, write_moment

# The microseconds by which the clock of a client may be ahead of that of the store.
AHEAD = 5_000_000


class OtherStore(Exception):
    """The mark of an edition is one that the store does not have."""


@dataclass(frozen=True)
class EarlierMark:
    """A mark that the store had until it was restored from a backup or promoted. It names editions up to `last_change`,
    the last change that the store still has of that time. Numbers from there up to `lost_up_to` are lost."""

    last_change: int
    lost_up_to: int


class Timeline:
    """The editions of a store in order: their numbers, their times in microseconds since 1970, and the resources that
    each of them changed. It takes 16 bytes an edition, and 8 for each resource that the edition changed."""

    def __init__(self) -> None:
        # The mark of the store; empty while the process has not seen the store.
        self.store = ""
        # When the process last looked, and the last change that it saw.
        self.looked_at = 0
        self.last_change = 0
        # Up to this moment no further edition can appear, unless an operator dates one.
        self.complete_until = -1
        # The number of editions that were dated before that moment: what moments mean may have changed each time.
        self.dated = 0
        # The marks that the store had before, the oldest first.
        self._earlier: dict[str, EarlierMark] = {}
        self._numbers = array("q")
        self._times = array("q")
        self._by_resource: dict[str, array[int]] = {}

    @property
    def last(self) -> int:
        """The number of the last edition; 0 if there is none."""
        return self._numbers[-1] if self._numbers else 0

    def add(self, number: int, moment: int, resources: Iterable[str]) -> None:
        """Add the next edition."""
        if moment <= self.complete_until:
            self.dated += 1
        self._numbers.append(number)
        self._times.append(moment)
        for resource in resources:
            self._by_resource.setdefault(resource, array("q")).append(number)

    def forget_after(self, number: int) -> None:
        """Forget the editions after this one, which the store has lost: a replica was promoted that lacks them."""
        place = bisect_right(self._numbers, number)
        if place == len(self._numbers):
            return
        self.dated += 1
        del self._numbers[place:], self._times[place:]
        for numbers in self._by_resource.values():
            del numbers[bisect_right(numbers, number) :]

    def note_marks(self, earlier: dict[str, EarlierMark]) -> None:
        """Note the marks that the store had before."""
        if earlier != self._earlier:
            self._earlier = earlier
            self.dated += 1

    def check_name(self, number: int, store: str) -> None:
        """Check that an edition with this number and mark, which may be empty, is one of this store. OtherStore if its
        mark is of another store, ValueError if the store has lost it."""
        if store and store != self.store:
            if store not in self._earlier:
                raise OtherStore
            if number > self._earlier[store].last_change:
                raise _lost(self._earlier[store])
        for earlier in self._earlier.values():
            if earlier.last_change < number <= earlier.lost_up_to:
                raise _lost(earlier)

    def note_look(self, store: str, looked_at: int, last_change: int, changed_at: int | None) -> None:
        """Note a look at the store, in which all editions up to the last one known here were visible.

        `looked_at` is a time before the snapshot. `changed_at` is the time of the first visible change that belongs to
        no visible edition; the edition of that change will be later. None if there is no such change."""
        self.store = store
        self.looked_at = looked_at
        self.last_change = last_change
        self.complete_until = looked_at if changed_at is None else min(looked_at, changed_at - 1)

    def first(self) -> tuple[int, int] | None:
        """Return the number and the time of the first edition; None if there is none."""
        return (self._numbers[0], self._times[0]) if self._numbers else None

    def at_number(self, number: int) -> int:
        """Return the last edition up to this number; 0 before the first one."""
        place = bisect_right(self._numbers, number)
        return self._numbers[place - 1] if place else 0

    def at_moment(self, moment: int) -> int:
        """Return the last edition up to this moment; 0 before the first one."""
        place = bisect_right(self._times, moment)
        return self._numbers[place - 1] if place else 0

    def time_of(self, number: int) -> int:
        """Return the time of an edition."""
        return self._times[bisect_right(self._numbers, number) - 1]

    def changed(self, number: int, resources: Collection[str]) -> int:
        """Return the last edition up to this one that changed any of these resources. Without one, it is the first
        edition, which is the first state of these resources, too."""
        last = 0
        for resource in resources:
            numbers = self._by_resource.get(resource)
            if numbers:
                place = bisect_right(numbers, number)
                if place:
                    last = max(last, numbers[place - 1])
        if last == 0 and number:
            return self._numbers[0]
        return last


def _lost(earlier: EarlierMark) -> ValueError:
    return ValueError(
        "The store has lost this edition: it was restored from a backup, or moved to a server that had changes up to "
        f"e{earlier.last_change}. Name an edition up to that one, or a moment."
    )


@dataclass(frozen=True)
class EditionFinder:
    """A finder of editions for one request. `looked_again` says that the process has looked at the store since the
    request arrived: only then it can say that a number or a moment is too late."""

    timeline: Timeline
    looked_again: bool = False

    def again(self) -> EditionFinder:
        """Return the finder after a look at the store."""
        return replace(self, looked_again=True)

    def find(self, known_at: KnownAt) -> AsOf:
        """Return the edition that is named; number 0 if it is before the first one. ValueError if it is beyond the last
        one or of another store. EditionPending if the process has to look at the store first."""
        timeline = self.timeline
        if not timeline.store:
            raise EditionPending
        final = True
        if known_at.number is not None:
            number = self._find_number(known_at.number, known_at.store)
        elif known_at.moment <= timeline.complete_until:
            number = timeline.at_moment(known_at.moment)
        else:
            number = self._find_last(known_at)
            final = False
        if number == 0 and known_at.nearest:
            first = timeline.first()
            number = first[0] if first else 0
        return AsOf(number, timeline.store, partial(timeline.changed, number), final)

    def find_for_list(self, known_at: KnownAt) -> AsOf:
        """Return the same for a list. ValueError also before the first edition, when there was no list."""
        as_of = self.find(known_at)
        if as_of.number == 0:
            first = self.timeline.first()
            if first is None:
                raise ValueError("The store has no edition yet: nothing was loaded.")
            name, moment = write_edition(first[0], as_of.store), write_moment(first[1])
            raise ValueError(f"Expected {name} or later: the first edition is of {moment}.")
        return as_of

    def check_name(self, number: int, store: str) -> None:
        """Check that an edition is one of this store, by its number and its mark, which may be empty. ValueError if it
        is not. EditionPending if the process has to look at the store to know the mark."""
        try:
            self.timeline.check_name(number, store)
        except OtherStore:
            # The store may have got this mark since the last look.
            if not self.looked_again:
                raise EditionPending from None
            raise ValueError(
                "This is an edition of another store, where numbers mean other states. Name a moment instead."
            ) from None

    def _find_number(self, number: int, store: str) -> int:
        timeline = self.timeline
        self.check_name(number, store)
        if number > timeline.last:
            if not self.looked_again or number <= timeline.last_change:
                raise EditionPending
            last = f"the last edition is e{timeline.last}" if timeline.last else "the store has no edition yet"
            raise ValueError(f"There is no such edition: {last}.")
        return timeline.at_number(number)

    def _find_last(self, known_at: KnownAt) -> int:
        """Return the last edition for a moment after the last look, if it may stand for now."""
        timeline = self.timeline
        if not self.looked_again or timeline.complete_until < timeline.looked_at:
            raise EditionPending
        if known_at.moment > timeline.looked_at + AHEAD and not known_at.nearest:
            now = write_moment(timeline.looked_at // 1_000_000 * 1_000_000)
            raise ValueError(f"This is in the future: it is {now} now. Name a time up to now.")
        return timeline.last
