"""Suggest the valid name nearest to one that is not valid, in a bounded number of comparisons.

Unknown names in a request and valid ones multiply: to compare 380 parameters with 120 valid names each took 0.4 s. An
error carries the names (`errors.Unknown`), and whatever writes it out spends one `Suggestions` on it.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from difflib import SequenceMatcher

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
        likely = sorted((one for one in unknown.names if _may_be_similar(name, one)), key=lambda one: _order(name, one))
        share = self._left // (others + 1)
        compared = likely[:share]
        self._left -= len(compared)
        rated = [(similarity(name, one), one) for one in compared]
        return max((one for one in rated if one[0] >= SIMILAR), default=(0.0, ""), key=lambda one: one[0])[1]


def similarity(name: str, other: str) -> float:
    """Compare two names: 1 where they are equal, 0 where they share nothing."""
    matcher = SequenceMatcher(None, name, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0


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


def _may_be_similar(name: str, other: str) -> bool:
    """Whether two names of these lengths can be similar at all: twice the letters in common, by all letters."""
    return 2 * min(len(name), len(other)) >= SIMILAR * (len(name) + len(other))


def _order(name: str, other: str) -> tuple[bool, int]:
    """The likely names first: people seldom mistype the first letter, and seldom by many letters."""
    return name[:1] != other[:1], abs(len(name) - len(other))
