"""Version 1: the seven resources and their children, as the views of `sql/v1/` show them."""

from api.catalog.v1.briefing import Briefing
from api.catalog.v1.citation import Citation
from api.catalog.v1.document import Document
from api.catalog.v1.event import Event, Participant, Relation
from api.catalog.v1.figure import Figure
from api.catalog.v1.place import Place
from api.catalog.v1.quote import Quote
from api.catalog.v1.source import Source
from api.catalog.version import version

V1 = version("v1", [Event, Figure, Quote, Source, Document, Place, Briefing, Citation, Participant, Relation])
