from api.catalog.declaration import field, many, resource, test
from api.catalog.v1.values import Identifier
from api.model.vocabularies import GeoPrecision


@resource("plc")
class Place:
    """A place on Earth, and how exactly it is known."""

    name: str = field(
        "The name in common English use.",
        search=True,
        sort=True,
        collated="name_key",
        filter="in",
        example="Mariupol",
    )
    name_as_reported: str | None = field("The name as the text spells it.", search=True)
    country: str | None = field("The country [ISO 3166-1 alpha-2].", filter="in null", example="UA", format="country")
    admin1: str | None = field("The first-level division.", filter="in null", search=True, example="Donetsk Oblast")
    latitude: float | None = field("Degrees north of the equator [WGS 84].")
    longitude: float | None = field("Degrees east of Greenwich [WGS 84].")
    geo_precision: GeoPrecision = field("How exactly the coordinates are known.", filter="in", example="exact")
    identifiers: list[Identifier] = field(
        "Its identifiers elsewhere.", filter="identifier", parameter="identifier", example="wikidata:Q131258"
    )

    bbox = test(
        "bbox",
        "Inside a box: west,south,east,north in degrees. Longitudes beyond 180 are wrapped: 170 to 190 and 170 to -170 "
        "are the same box across the antimeridian.",
        example="22,44,41,53",
    )
    near = test("near", "Within a distance: latitude,longitude,kilometres.", example="50.45,30.52,100")

    events = many("event", "What happened there.", by="place_id")
    figures = many("figure", "The figures for it.", by="place_id")
