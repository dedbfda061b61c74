from api.catalog.declaration import linked, many, projection, shown


@projection(label="name")
class Source:
    """Someone who says or publishes something: a person, an office, an agency, an outlet."""

    name = shown(search=True, sort=True)
    description = shown(search=True)
    aliases = shown(search=True)
    kind = shown(filter="in")
    role = shown(search=True)
    country = shown(filter="in null")
    url = shown()
    identifiers = shown(filter="identifier", parameter="identifier")
    reliability = shown(filter="in")
    key = shown(added=2)
    dataset = shown(added=2)

    affiliation = linked()
    members = many("source", "The sources that belong to it.", by="affiliation_id")
    quotes = many("quote", "What it said.", by="speaker_id")
    documents = many("document", "What it published.", by="publisher_id")
