from api.catalog.declaration import linked, projection, shown


@projection(flat="source_id stance blames_id")
class Citation:
    """Who stands behind a record, how they stand to it, and how it reached us. Belongs to its record, in order."""

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
