from api.model.entity import record
from api.model.types import field
from api.model.values import Identifier
from api.model.vocabularies import GeoPrecision


@record("plc", short="A place on Earth.")
class Place:
    """A place on Earth, and how exactly it is known."""

    name: str = field("The name in common English use.", collated="name_key", example="Mariupol")
    name_as_reported: str | None = field("The name as the text spells it.")
    country: str | None = field("The country [ISO 3166-1 alpha-2].", format="country", example="UA")
    admin1: str | None = field("The first-level division.", example="Donetsk Oblast")
    latitude: float | None = field("Degrees north of the equator [WGS 84].", domain="latitude")
    longitude: float | None = field("Degrees east of Greenwich [WGS 84].", domain="longitude")
    geo_precision: GeoPrecision = field("How exactly the coordinates are known.", default="unknown", example="exact")
    identifiers: list[Identifier] = field("Its identifiers elsewhere.", max_items=50, example="wikidata:Q131258")
