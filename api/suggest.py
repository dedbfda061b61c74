"""Suggest the valid name nearest to one that is not valid, in a bounded number of comparisons.

Unknown names in a request and valid ones multiply: to compare 380 parameters with 120 valid names each took 0.4 s. An
error carries the names (`errors.Unknown`), and whatever writes it out spends one `Suggestions` on it.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from dataclasses import replace
from difflib import SequenceMatcher
from heapq import nsmallest

from api.errors import BriefingError, InvalidRequest, Unknown

# Comparisons of two names for one refusal: about 2 ms at most.
COMPARISONS_MOST = 200
# Letters of a name that are compared: beyond that no valid name is similar.
LETTERS_MOST = 100
SIMILAR = 0.6


class Suggestions:
    """The comparisons that one refusal may make."""

    def __init__(self, comparisons: int = COMPARISONS_MOST) -> None:
        self._left = comparisons

    def nearest(self, unknown: Unknown, others: int = 0) -> str:
        """Return the nearest valid name, or nothing. As many comparisons are left over for each of the `others`."""
        name = unknown.name[:LETTERS_MOST]
        likely = _likely(name, unknown.names, self._left // (others + 1))
        self._left -= len(likely)
        # It keeps what it found out about its second sequence.
        matcher = SequenceMatcher(None, b=name, autojunk=False)
        rated = [(similarity(matcher, one), one) for one in likely]
        return max((one for one in rated if one[0] >= SIMILAR), default=(0.0, ""), key=lambda one: one[0])[1]


def similarity(matcher: SequenceMatcher[str], other: str) -> float:
    """Compare two names: 1 where they are equal, 0 where they share nothing."""
    matcher.set_seq1(other)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0


def _likely(name: str, names: Collection[str], most: int) -> list[str]:
    """Return the names that may be similar by their length, the likely ones first: callers seldom mistype the first
    letter, and seldom by many letters."""
    first, size = name[:1], len(name)
    # Names are similar by twice the letters that they share, divided by all their letters.
    least, longest = size * SIMILAR / (2 - SIMILAR), size * (2 - SIMILAR) / SIMILAR
    ranked = [(one[:1] != first, abs(len(one) - size), one) for one in names if least <= len(one) <= longest]
    return [one for _, _, one in nsmallest(most, ranked)]


def suggested(error: BriefingError) -> BriefingError:
    """Return the error with the nearest valid names in its message and in its faults."""
    suggestions = Suggestions()
    faults = error.faults if isinstance(error, InvalidRequest) else ()
    unknown = [one.unknown for one in faults if one.unknown is not None]
    if error.unknown is None and not unknown:
        return error
    found = copy(error)
    if isinstance(found, InvalidRequest) and unknown:
        added, left = [], len(unknown)
        for one in faults:
            left -= one.unknown is not None
            added.append(_did_you_mean(suggestions, one.unknown, left))
        found.faults = tuple(replace(one, detail=one.detail + more) for one, more in zip(faults, added, strict=True))
        if added[0]:
            found.message = found.message.replace(faults[0].detail, found.faults[0].detail, 1)
    else:
        found.message += _did_you_mean(suggestions, error.unknown)
    return found


def _did_you_mean(suggestions: Suggestions, unknown: Unknown | None, others: int = 0) -> str:
    nearest = suggestions.nearest(unknown, others) if unknown is not None else ""
    return f" Did you mean {nearest}?" if nearest else ""
