from api.model.entity import record
from api.model.types import field
from api.model.values import Identifier
from api.model.vocabularies import GeoPrecision


@record("plc", short="A place on Earth.")
class Place:
    """A place on Earth, with the precision of its coordinates."""

    name: str = field("The common English name.", collated="name_key", example="Mariupol")
    name_as_reported: str | None = field("The name as spelled in the text.")
    country: str | None = field("The country [ISO 3166-1 alpha-2].", format="country", example="UA")
    admin1: str | None = field("The first-level administrative division.", example="Donetsk Oblast")
    latitude: float | None = field("The latitude in degrees north of the equator [WGS 84].", domain="latitude")
    longitude: float | None = field("The longitude in degrees east of Greenwich [WGS 84].", domain="longitude")
    geo_precision: GeoPrecision = field("The precision of the coordinates.", default="unknown", example="exact")
    identifiers: list[Identifier] = field("The identifiers in other systems.", max_items=50, example="wikidata:Q131258")
