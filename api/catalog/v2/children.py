"""The children of records, which version 2 lists by themselves, too: a record embeds only the first of them."""

from api.catalog.declaration import linked, projection, shown


class Listed:
    """The record and the position of a child, for lists of its own."""

    record_id = shown(filter="in", sort=True, format="id", listed=True)
    position = shown(listed=True)


@projection(sort="record_id", key="position", listed=True, flat="source_id stance blames_id")
class Citation(Listed):
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


@projection(sort="record_id", key="position", listed=True, flat="name role source_id")
class Participant(Listed):
    """A party that takes part in an event."""

    name = shown()
    role = shown(filter="in")

    source = linked()


@projection(sort="record_id", key="position", listed=True)
class Relation(Listed):
    """The relation of an event to another."""

    relation = shown(filter="in")

    event = linked()
