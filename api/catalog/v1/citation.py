from api.catalog.declaration import linked, projection, shown


@projection(flat="source_id stance blames_id")
class Citation:
    """The stance of a source on a record, and how the statement was obtained. Ordered within its record."""

    source_role = shown()
    stance = shown(filter="in")
    certainty = shown(filter="in null")
    statement = shown()
    medium = shown(filter="in null")
    excerpt = shown()

    source = linked()
    blames = linked()
    via = linked()
    document = linked()
