from api.catalog.declaration import linked, projection, shown, where


@projection(sort="-said_at")
class Quote:
    """Words that were said, and their speaker."""

    text = shown(search=True)
    context = shown(search=True)
    utterance = shown(filter="in null")
    certainty = shown(filter="in null")
    certainty_text = shown()
    language = shown(filter="in")
    text_original = shown(search=True)
    language_original = shown()
    quote_type = shown(filter="in")
    speaker_role = shown()
    cue = shown()
    medium = shown(filter="in null")
    venue = shown()
    said_at = shown(filter="gte lt null", sort=True)
    time_precision = shown(filter="in")
    disputed = shown(filter="is")

    briefing = linked()
    event = linked()
    speaker = linked()
    addressee = linked()
    citations = linked()

    source_id = where("citations.source_id", "Quotes with a citation of this source, whatever its stance.")
