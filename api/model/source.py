from api.model.entity import one, record
from api.model.types import field
from api.model.values import Identifier
from api.model.vocabularies import Reliability, SourceKind


@record("src", short="A party that says or publishes something.")
class Source:
    """A party that says or publishes something: a person, an office, an agency, an outlet."""

    name: str | None = field("The name. Null for an unnamed source, which has a description.", collated="name_key")
    description: str | None = field('A description in a few words: "an official of …".')
    aliases: list[str] = field("Other names and spellings.", max_items=100)
    kind: SourceKind = field("The type of source.", example="military")
    role: str | None = field("The office that a person holds.")
    country: str | None = field("The country of the source [ISO 3166-1 alpha-2].", format="country", example="UA")
    url: str | None = field("The URL of the source's own site or page.", format="uri")
    identifiers: list[Identifier] = field("The identifiers in other systems.", max_items=50, example="wikidata:Q1065")
    reliability: Reliability = field("The rated reliability of the source.", default="f", example="f")

    affiliation = one("source", "The organisation that the source speaks or works for.", column="affiliation_id")
