"""Read until when a key works, as people write it: for a time (`90d`, `24h`) or until a day (`2027-01-01`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

TIME = re.compile(r"([0-9]{1,6})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MAX_LIFETIME = timedelta(days=3660)


def read_duration(text: str) -> timedelta:
    """Return a time such as 90d: a number of m(inutes), h(ours), d(ays) or w(eeks), ten years at most. ValueError if
    the text is not such a time."""
    match = TIME.fullmatch(text)
    if match is not None:
        duration = timedelta(**{UNITS[match[2]]: int(match[1])})
        if duration <= MAX_LIFETIME:
            return duration
    raise ValueError("Expected a time such as 30m, 24h, 90d or 52w, ten years at most.")


def read_expiry(text: str) -> timedelta | datetime:
    """Return how long a key works, or the moment until which it works. A day begins at midnight UTC. ValueError if the
    text is neither, is over already, or is more than ten years away."""
    if TIME.fullmatch(text):
        duration = read_duration(text)
        if not duration:
            raise ValueError("Expected a time that is longer than none.")
        return duration
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("Expected a time such as 90d, or a day such as 2027-01-01.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if not now < moment <= now + MAX_LIFETIME:
        raise ValueError("Expected a day to come, within ten years.")
    return moment
