"""Samples of a list: the records whose ids come first.

Ids are hashes in base32, so the ids up to any letters are a fair sample of every list, under any filter. They are read
through the primary key, without statistics of the planner.

The precision of an estimate depends on the number of records in its sample, and not on their share of the list. So the
size of a list is found first, by its records in 1,024. Then the sample has about as many records for every list.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource, Version
from api.compiler.json_text import literal

# The letters before which the ids of a sample come, by its scale: the number of records in the list for each in it.
LETTERS = {1024: "01", 512: "02", 256: "04", 128: "08", 64: "0g", 32: "1"}
# The scales of the smallest and of the largest sample.
SMALLEST, LARGEST = max(LETTERS), min(LETTERS)
# The records that a sample has at least, if the list has enough for one record in 32 of them.
LEAST_RECORDS = 5_000


@dataclass(frozen=True)
class Sample:
    """One record in so many. `scale` and `letters` are SQL."""

    scale: str
    letters: str


def sample_of(scale: int) -> Sample:
    """Return the sample of one record in `scale`, which is one of `LETTERS`."""
    return Sample(str(scale), literal(LETTERS[scale]))


def choose_scale(number: str) -> str:
    """Return the SQL of a scale for a list of which the smallest sample has so many records."""
    cases: list[str] = []
    for scale in LETTERS:
        if scale > LARGEST:
            expected = f"{number} * {SMALLEST // scale}"
            cases.append(f"when {expected} >= {LEAST_RECORDS} then {scale}")
    return f"case {' '.join(cases)} else {LARGEST} end"


def letters_of(scale: str) -> str:
    """Return the SQL of the letters of a scale."""
    cases = " ".join(f"when {number} then {literal(letters)}" for number, letters in LETTERS.items())
    return f"case {scale} {cases} end"


def is_in_sample(version: Version, resource: Resource, alias: str, sample: Sample) -> str:
    """Return the condition that a row is in the sample, by the id of the row or of its record, or by the number of a
    row without either."""
    if not resource.prefix and "id" not in resource.fields and resource.name not in version.children:
        return f"{alias}.{resource.key} % {sample.scale} = 0"
    column = f"{alias}.record_id" if resource.name in version.children else f"{alias}.id"
    ranges = []
    for name in version.listed_with(resource.name):
        first = version[name].prefix + "_"
        # Without a lower bound, Postgres expects a third of all rows where it does not know the upper one.
        ranges.append(f"{column} >= {literal(first)} and {column} < {literal(first)} || {sample.letters}")
    return f"({' or '.join(ranges)})"
