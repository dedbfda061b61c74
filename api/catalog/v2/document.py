from api.catalog.declaration import linked, projection, shown


@projection()
class Document:
    """A publication: an article, a post, a statement, a call readout."""

    title = shown(search=True)
    url = shown()
    kind = shown(filter="in")
    language = shown(filter="in null")
    published_at = shown(filter="gte lt null", sort=True)
    retrieved_at = shown()
    key = shown(added=2)
    dataset = shown(added=2)

    publisher = linked()
