from api.catalog import v1
from api.catalog.declaration import group, revised
from api.catalog.v2.dispute import Disputed


@revised(v1.Quote, embedded="speaker")
class Quote(Disputed):
    """Words, and who said them."""

    original = group(
        "QuoteOriginal",
        "The words as they were first said; nulls where they are not known.",
        text="text_original",
        language="language_original",
    )
