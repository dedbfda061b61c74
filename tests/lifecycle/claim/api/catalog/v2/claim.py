from api.catalog.declaration import linked, projection, shown
from api.catalog.v2.children import Listed


@projection(sort="-claimed_at")
class Claim:
    """Something that someone says is so, and what those who checked it found."""

    text = shown(search=True)
    language = shown(filter="in")
    status = shown(filter="in")
    claimed_at = shown(filter="gte lt null", sort=True)
    key = shown()
    dataset = shown()

    briefing = linked()
    event = linked()
    speaker = linked()
    verdicts = linked()


@projection(sort="record_id", key="position", listed=True)
class Verdict(Listed):
    """The finding of a source that checked a claim. Belongs to its claim, in order."""

    rating = shown(filter="in")
    statement = shown()

    source = linked()
