"""A bound for tests that follow cursors until a list ends. A cursor that leads back would never let them end."""

from __future__ import annotations

from collections.abc import Iterator

# The longest walk of the tests has some hundred pages.
MOST = 2_000


def bounded_walk(most: int = MOST) -> Iterator[int]:
    """Count the pages of a walk. At the last page the loop leaves with `break` or `return`; otherwise it fails."""
    yield from range(most)
    raise AssertionError(f"The walk did not end within {most:,} pages: a cursor may lead back to an earlier page.")
