"""Read until when a key works, as people write it: for a time (`90d`, `24h`) or until a day (`2027-01-01`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

TIME = re.compile(r"([0-9]{1,6})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOST = timedelta(days=3660)


def read_duration(text: str) -> timedelta:
    """Return a time such as 90d: a number of m(inutes), h(ours), d(ays) or w(eeks), ten years at most. ValueError if
    the text is not such a time."""
    found = TIME.fullmatch(text)
    if not found or (duration := timedelta(**{UNITS[found[2]]: int(found[1])})) > MOST:
        raise ValueError("Expected a time such as 30m, 24h, 90d or 52w, ten years at most.")
    return duration


def read_expiry(text: str) -> timedelta | datetime:
    """Return how long a key works, or the moment until which it works. A day begins at midnight UTC. ValueError if the
    text is neither, is over already, or is more than ten years away."""
    if TIME.fullmatch(text):
        if not (duration := read_duration(text)):
            raise ValueError("Expected a time that is longer than none.")
        return duration
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("Expected a time such as 90d, or a day such as 2027-01-01.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if not now < moment <= now + MOST:
        raise ValueError("Expected a day to come, within ten years.")
    return moment
