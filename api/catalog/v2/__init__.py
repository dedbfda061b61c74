"""Version 2: fields that belong together are in objects, as the views of `sql/v2/` show them."""

from datetime import date

from api.catalog.lifecycle import Lifecycle
from api.catalog.v2.briefing import Briefing
from api.catalog.v2.children import Citation, Participant, Relation
from api.catalog.v2.document import Document
from api.catalog.v2.edition import Edition
from api.catalog.v2.event import Event
from api.catalog.v2.figure import Figure
from api.catalog.v2.place import Place
from api.catalog.v2.quote import Quote
from api.catalog.v2.source import Source
from api.catalog.v2.withdrawal import Withdrawal
from api.catalog.version import version

UNCERTAINTY = """
Sources that disagree are shown side by side, and none overwrites another. `dispute` shows if a source denies, disputes
or retracts the record, or if two sources blame different parties, and the stances that cause this. The `time` of an
event has a `precision`, and places have a `geo_precision`. The `amount` of a figure has the words that qualify its
number (`quantifier`), and bounds where there are any. The times of an event, of a statement, of its publication and of
its storage are four different times. `null` means that a value is not known or not stated. Filters and sort orders use
the names of the fields without the object: `starts_at_gte`, `value_gte`, `disputed`.
"""

V2 = version(
    "v2",
    [Event, Figure, Quote, Source, Document, Place, Briefing, Citation, Participant, Relation, Withdrawal, Edition],
    uncertainty=UNCERTAINTY,
    lifecycle=Lifecycle(
        released=date(2026, 11, 23),
        changes=(
            "An event's `time` holds `starts_at`, `ends_at`, `precision`, `text`; its `place` is always shown whole.",
            "A figure's `amount` holds `value`, `low`, `high`, `quantifier`, `unit` and `text`.",
            "A quote's `speaker` is always shown whole; `original` holds `text` and `language`.",
            "`dispute` holds `status` and `stances` in the place of `disputed`, which lists are still filtered by.",
            "Events, quotes and briefings have `subjects`, codes of schemes such as IPTC Media Topics, and the filter "
            "`subject`.",
            "Each record has its own `key` and its `dataset`.",
            "Times end with `Z`, and not with `+00:00`.",
        ),
    ),
)
