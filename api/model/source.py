from api.model.entity import one, record
from api.model.types import field
from api.model.values import Identifier
from api.model.vocabularies import Reliability, SourceKind


@record("src", short="Someone who says or publishes something.")
class Source:
    """Someone who says or publishes something: a person, an office, an agency, an outlet."""

    name: str | None = field("The name; null for the unnamed, who have a description.", collated="name_key")
    description: str | None = field('Who it is in a few words: "an official of …".')
    aliases: list[str] = field("Other names and spellings.", max_items=100)
    kind: SourceKind = field("What sort of party it is.", example="military")
    role: str | None = field("A person's office.")
    country: str | None = field("The country it belongs to [ISO 3166-1 alpha-2].", format="country", example="UA")
    url: str | None = field("Its own site or page.", format="uri")
    identifiers: list[Identifier] = field("Its identifiers elsewhere.", max_items=50, example="wikidata:Q1065")
    reliability: Reliability = field("How reliable it is held to be.", default="f", example="f")

    affiliation = one("source", "The organisation that it speaks or works for.", column="affiliation_id")
