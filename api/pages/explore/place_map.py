"""A map of the records of a list: how many are at each place. The server makes a table, and a script draws its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.catalog import Resource, Version, dimensions
from api.pages.explore.page_url import PageUrl
from api.pages.explore.words import PRECISION, country_name, sentence
from api.query import (
    AsOf,
    ColumnField,
    CountGroups,
    CountKey,
    CountLabel,
    CountNumber,
    CountQualityField,
    CountQuery,
    Filter,
    Item,
    Object,
    Query,
)
from api.query.counts import MAX_TOP

# Kilometres around a point within which a place may be. `near` is as the vocabulary defines it, the others are rough:
# districts, regions and countries differ in size. What is larger has no circle.
AROUND = {"near": 25, "admin2": 40, "admin1": 120, "country": 400}
# Precisions whose point is the place itself, more or less. Other points are the middle of something larger.
ON_THE_SPOT = ("exact", "near")
COLUMNS = ("name", "country", "latitude", "longitude", "geo_precision")


@dataclass(frozen=True)
class MappedPlace:
    """A place on a map: how many records are there, and the query of the list of these."""

    id: str
    name: str
    country: str
    latitude: float
    longitude: float
    number: int
    precision: str
    km: int
    is_hollow: bool
    query: str = ""


@dataclass(frozen=True)
class PlaceMap:
    """The places of a list, the one with most records first; how many places are not shown, with their records; and
    how many records have no place, or one without coordinates."""

    places: tuple[MappedPlace, ...]
    more_places: int
    more_records: int
    unplaced: int
    total: int
    is_sampled: bool


def counts_by_place(version: Version, resource: Resource, filter: Filter, as_of: AsOf | None, bucket: str) -> Query:
    """Return the Query of the numbers of a list's records by place."""
    dimension = dimensions(version, resource)["place_id"]
    place = CountLabel(dimension, tuple(Item(name, ColumnField(name)) for name in COLUMNS))
    key = Object((Item("id", CountKey(dimension)), Item("place", place)))
    selection = (
        Item("data", CountGroups((Item("key", key), Item("count", CountNumber("count"))))),
        Item("more_places", CountNumber("rest_groups")),
        Item("more_records", CountNumber("rest_count")),
        Item("total", CountNumber("total")),
        Item("quality", CountQualityField()),
    )
    counts = CountQuery(resource.name, (dimension,), selection, filter, top=MAX_TOP, as_of=as_of)
    return Query(version.name, counts)


def read_places(url: PageUrl, answer: dict[str, Any]) -> PlaceMap:
    """Return the map of an answer to the Query of `counts_by_place`. Its number of places depends on the length of the
    query, which the link of each repeats."""
    places: list[MappedPlace] = []
    unplaced = 0
    more_places, more_records = answer["more_places"], answer["more_records"]
    max_links = url.max_links
    for group in answer["data"]:
        key, number = group["key"], group["count"]
        place = map_place(key["id"], key["place"], number, _records_query(url, key["id"]))
        if place is None:
            unplaced += number
        elif len(places) < max_links:
            places.append(place)
        else:
            more_places += 1
            more_records += number
    return PlaceMap(
        tuple(places),
        more_places,
        more_records,
        unplaced,
        answer["total"],
        answer["quality"] == "sampled",
    )


def _records_query(url: PageUrl, identifier: str) -> str:
    """Return the query of the records at a place: on the map, or as a table if the map shows no other place."""
    if url.texts.get("place_id") == identifier:
        return url.narrowed(place_id=identifier)
    return url.query(place_id=identifier)


def map_place(
    identifier: str | None, place: dict[str, Any] | None, number: int = 1, query: str = ""
) -> MappedPlace | None:
    """Return a place on a map; None if it has no coordinates."""
    if identifier is None or place is None or place["latitude"] is None or place["longitude"] is None:
        return None
    precision = place["geo_precision"]
    country = country_name(place["country"]) if place["country"] else ""
    return MappedPlace(
        id=identifier,
        name=place["name"],
        country="" if country == place["name"] else country,
        latitude=place["latitude"],
        longitude=place["longitude"],
        number=number,
        precision=sentence(PRECISION.get(precision, precision)),
        km=AROUND.get(precision, 0),
        is_hollow=precision not in ON_THE_SPOT,
        query=query,
    )


def own_place(resource: Resource, record: dict[str, Any]) -> MappedPlace | None:
    """Return the place of a record on a map, or the record itself if it is a place."""
    if "geo_precision" in record:
        return map_place(record["id"], record)
    return map_place(record.get("place_id"), record.get("place"))


def count_of(resource: Resource, number: int) -> str:
    """Return a number of records in words, such as 7 events; empty if there are none."""
    return f"{number:,} {resource.name if number == 1 else resource.plural}" if number else ""


def have(resource: Resource, number: int) -> str:
    """Return the beginning of a sentence about records, such as 7 events have; empty if there are none."""
    return f"{count_of(resource, number)} {'has' if number == 1 else 'have'}" if number else ""
