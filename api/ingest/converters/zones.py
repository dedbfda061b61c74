"""Local times of IANA zones, by the rules of the package tzdata. The machine's own rules may be of another year."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from api.ingest.converters.values import ConversionError
from api.ingest.formatting import format_value
from api.ingest.messages import suggest_closest

ZONES = files("tzdata")


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone of this name. ConversionError if there is none."""
    known = _names()
    if name not in known:
        guess = suggest_closest(name, known)
        raise ConversionError(
            f"there is no zone {format_value(name)} in the IANA data{guess}; name one such as Europe/Kyiv"
        )
    with ZONES.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def in_utc(local: datetime, local_zone: ZoneInfo) -> datetime:
    """Return a local time in UTC. ConversionError if the clocks showed it twice or never."""
    earlier = local.replace(tzinfo=local_zone, fold=0).astimezone(UTC)
    later = local.replace(tzinfo=local_zone, fold=1).astimezone(UTC)
    for moment in (earlier, later):
        if moment.astimezone(local_zone).replace(tzinfo=None) != local:
            raise ConversionError(f"there was no {local.isoformat(' ')} in {local_zone.key}: the clocks went forward")
    if earlier != later:
        raise ConversionError(
            f"{local.isoformat(' ')} was twice in {local_zone.key}, as the clocks went back: give the offset from UTC"
        )
    return earlier


@cache
def _names() -> frozenset[str]:
    return frozenset(ZONES.joinpath("zones").read_text("utf-8").split())
