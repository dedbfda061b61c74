"""Records for charts: made-up figures of a flood, by sources that differ, correct themselves and are denied."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FIRST = date(2024, 9, 14)
SOURCES = {
    "office": ("Civil Protection Office", "government"),
    "relief": ("Valley Relief", "ngo"),
    "mayor": ("Mayor of Lower Valley", "person"),
}
# The people who had to leave: source, day, quantifier, value, low, high.
DISPLACED: list[tuple[str, int, str, int | None, int | None, int | None]] = [
    ("office", 0, "at_least", 400, None, None),
    ("office", 1, "exact", 1200, None, None),
    ("office", 2, "exact", 2600, None, None),
    # A correction: less than the day before.
    ("office", 3, "exact", 2350, None, None),
    ("office", 4, "exact", 3100, None, None),
    ("office", 6, "exact", 3250, None, None),
    ("relief", 1, "between", None, 1500, 2400),
    ("relief", 2, "approximately", 3000, 2700, 3400),
    ("relief", 3, "approximately", 3600, 3200, 4100),
    ("relief", 5, "more_than", 4000, None, None),
    ("relief", 6, "approximately", 4200, 3900, 4600),
    ("mayor", 2, "at_most", 2000, None, None),
    ("mayor", 5, "exact", 2100, None, None),
]
DEATHS = [("office", 1, 3), ("office", 2, 7), ("office", 4, 11), ("relief", 2, 9), ("relief", 5, 14)]


def write_charted(folder: Path) -> Path:
    """Write the records as a file of the load format, and return its path."""
    file = folder / "charted.json"
    file.write_text(json.dumps(charted()), encoding="utf-8")
    return file


def charted() -> dict[str, Any]:
    """Return the records in the load format."""
    figures = []
    for number, (source, day, quantifier, value, low, high) in enumerate(DISPLACED):
        figure = _figure(f"displaced-{number}", "displaced", "residents of the valley", source, day, quantifier, value)
        figure |= {name: bound for name, bound in (("value_low", low), ("value_high", high)) if bound is not None}
        if low is not None:
            figure["bounds_basis"] = "stated"
        if (source, day) == ("relief", 5):
            figure["citations"].append({"source": "office", "stance": "disputes"})
        figures.append(figure)
    figures += [
        _figure(f"killed-{number}", "killed", "people", source, day, "exact", value)
        for number, (source, day, value) in enumerate(DEATHS)
    ]
    return {
        "format": "briefing/1",
        "dataset": "charted",
        "briefing": {
            "key": "flood",
            "title": "A flood in an example valley",
            "language": "en",
            "published_at": "2024-09-21T00:00:00Z",
            "licence": "CC0-1.0",
            "attribution": "Example data, made up for charts.",
        },
        "sources": [{"key": key, "name": name, "kind": kind} for key, (name, kind) in SOURCES.items()],
        "places": [
            {
                "key": "valley",
                "name": "Example Valley",
                "latitude": 47.2,
                "longitude": 11.4,
                "geo_precision": "admin2",
            }
        ],
        "events": [
            {
                "key": "flood",
                "title": "A river floods an example valley",
                "kind": "disaster",
                "status": "occurred",
                "starts_at": f"{FIRST}T00:00:00Z",
                "time_precision": "day",
                "place": "valley",
                "citations": [{"source": "office", "stance": "asserts"}],
            }
        ],
        "figures": figures,
    }


def _figure(
    key: str, measure: str, population: str, source: str, day: int, quantifier: str, value: int | None
) -> dict[str, Any]:
    figure: dict[str, Any] = {
        "key": key,
        "event": "flood",
        "place": "valley",
        "measure": measure,
        "population": population,
        "quantifier": quantifier,
        "unit": "persons",
        "as_of": str(FIRST + timedelta(days=day)),
        "basis": "cumulative",
        "status": "reported",
        "citations": [{"source": source, "stance": "asserts"}],
    }
    return figure if value is None else figure | {"value": value}
