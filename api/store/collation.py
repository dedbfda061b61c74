"""Sort keys of names by the Unicode Collation Algorithm (https://www.unicode.org/reports/tr10/), root collation.

Postgres needs ICU to compare texts in this way, and the embedded server does not have it. So the loader stores a key
beside each name, and Postgres compares bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from pyuca.collator import Collator_10_0_0  # type: ignore[import-untyped]

# The most bytes of a key, enough for a name of 100 to 150 letters. An entry of a Postgres index holds 2,704 bytes, and
# a cursor contains the key.
MAX_KEY_BYTES = 300
CACHED = 8192
# The weights of a letter without accents and in lower case, the least ones of their levels.
PLAIN_ACCENT, PLAIN_CASE = 0x20, 0x02


@lru_cache(maxsize=CACHED)
def sort_key(name: str) -> bytes:
    """Return the sort key of a name, of at most 300 bytes.

    Letters count before accents and accents before case, each over the whole name (levels 1 to 3 of the algorithm).
    Spaces and punctuation are not ignored. Names that are equal in NFC have equal keys.
    """
    letters, accents, cases = _levels(_collator().sort_key(name))
    key = (
        _as_bytes(letters, 2)
        + b"\0\0"
        + _as_bytes(_without_end(accents, PLAIN_ACCENT), 2)
        + b"\0\0"
        + _as_bytes(_without_end(cases, PLAIN_CASE), 1)
    )
    return key[:MAX_KEY_BYTES]


@cache
def _collator() -> Collator_10_0_0:
    # The weights take 0.2 s and 20 MB, so they are read only when the first name needs them.
    return Collator_10_0_0()


def _levels(weights: tuple[int, ...]) -> tuple[list[int], list[int], list[int]]:
    """Divide the weights at the zeros between the first three levels."""
    first = weights.index(0)
    second = weights.index(0, first + 1)
    third = weights.index(0, second + 1)
    return list(weights[:first]), list(weights[first + 1 : second]), list(weights[second + 1 : third])


def _without_end(weights: list[int], plain: int) -> list[int]:
    """Leave out the plain weights at the end. No weight is less than they are, so the order stays the same."""
    end = len(weights)
    while end and weights[end - 1] == plain:
        end -= 1
    return weights[:end]


def _as_bytes(weights: Iterable[int], size: int) -> bytes:
    return b"".join(weight.to_bytes(size, "big") for weight in weights)
