"""Version 1: the seven resources and their children, as the views of `sql/v1/` show them."""

from datetime import date

from api.catalog.lifecycle import Lifecycle
from api.catalog.v1.briefing import Briefing
from api.catalog.v1.citation import Citation
from api.catalog.v1.document import Document
from api.catalog.v1.event import Event, Participant, Relation
from api.catalog.v1.figure import Figure
from api.catalog.v1.place import Place
from api.catalog.v1.quote import Quote
from api.catalog.v1.source import Source
from api.catalog.version import version

UNCERTAINTY = """
Sources that disagree are told side by side, never settled by overwriting: `disputed` is true where some source denies,
disputes or retracts the record, or where two blame different parties. Times say how exactly they are known
(`time_precision`), places likewise (`geo_precision`), and figures give the words that bind their number (`quantifier`)
with bounds where there are any. What happened, what was said, when it was published and when it was stored are four
different times. `null` means that it is not known or that nobody says.
"""

V1 = version(
    "v1",
    [Event, Figure, Quote, Source, Document, Place, Briefing, Citation, Participant, Relation],
    uncertainty=UNCERTAINTY,
    utc="+00:00",
    parquet=False,
    history=False,
    counts=False,
    lifecycle=Lifecycle(
        released=date(2026, 11, 23),
        successor="v2",
        changes=("Events, figures, quotes, sources, documents, places and briefings, over REST and GraphQL.",),
    ),
)
