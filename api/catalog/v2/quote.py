from api.catalog.declaration import group, linked, projection, shown, where
from api.catalog.v2.dispute import DISPUTE, DISPUTE_STATUS, DisputeStatus


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
    subjects = shown(filter="subject", parameter="subject", added=2)
    disputed = shown(filter="is", hidden=True)
    dispute_status: DisputeStatus = DISPUTE_STATUS
    dispute_stances = shown()
    key = shown(added=2)
    dataset = shown(added=2)

    dispute = DISPUTE
    original = group(
        "QuoteOriginal",
        "The original words and their language. Null where they are not known.",
        text="text_original",
        language="language_original",
    )

    briefing = linked()
    event = linked()
    speaker = linked(embedded=True)
    addressee = linked()
    citations = linked()

    source_id = where("citations.source_id", "Quotes with a citation of this source, whatever its stance.")
