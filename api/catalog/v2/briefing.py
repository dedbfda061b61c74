from api.catalog.declaration import linked, many, projection, shown


@projection(label="title licence")
class Briefing:
    """A dated, published collection of events, figures and quotes."""

    title = shown(search=True)
    summary = shown(search=True)
    language = shown(filter="in")
    url = shown()
    published_at = shown(filter="gte lt", sort=True)
    modified_at = shown()
    licence = shown()
    attribution = shown()
    subjects = shown(filter="subject", parameter="subject", added=2)
    key = shown(added=2)
    dataset = shown(added=2)

    publisher = linked()
    events = many("event", "The events in the briefing.", by="briefing_id")
    figures = many("figure", "The figures in the briefing.", by="briefing_id")
    quotes = many("quote", "The quotes in the briefing.", by="briefing_id")
