from api.catalog.declaration import field, many, one, resource
from api.catalog.v1.values import Identifier
from api.model.vocabularies import Reliability, SourceKind


@resource("src")
class Source:
    """Someone who says or publishes something: a person, an office, an agency, an outlet."""

    name: str | None = field(
        "The name; null for the unnamed, who have a description.", search=True, sort=True, collated="name_key"
    )
    description: str | None = field('Who it is in a few words: "an official of …".', search=True)
    aliases: list[str] = field("Other names and spellings.", search=True)
    kind: SourceKind = field("What sort of party it is.", filter="in", example="military")
    role: str | None = field("A person's office.", search=True)
    country: str | None = field(
        "The country it belongs to [ISO 3166-1 alpha-2].", filter="in null", example="UA", format="country"
    )
    url: str | None = field("Its own site or page.", format="uri")
    identifiers: list[Identifier] = field(
        "Its identifiers elsewhere.", filter="identifier", parameter="identifier", example="wikidata:Q1065"
    )
    reliability: Reliability = field("How reliable it is held to be.", filter="in", example="f")

    affiliation = one("source", "The organisation that it speaks or works for.", by="affiliation_id")
    members = many("source", "The sources that belong to it.", by="affiliation_id")
    quotes = many("quote", "What it said.", by="speaker_id")
    documents = many("document", "What it published.", by="publisher_id")
