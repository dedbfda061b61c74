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
Sources that disagree are shown side by side, and none overwrites another. `disputed` is true if a source denies,
disputes or retracts the record, or if two sources blame different parties. Times have a precision (`time_precision`),
and so have places (`geo_precision`). Figures have the words that qualify their number (`quantifier`), and bounds where
there are any. The times of an event, of a statement, of its publication and of its storage are four different times.
`null` means that a value is not known or not stated.
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
