"""The request as a value: what to read, of which version, filtered, sorted, paged and shaped how.

Both doors build the same Query, so that a filter, a cursor and a price mean the same through each. Everything here
is pure and knows neither HTTP nor SQL. A request is rejected at this level when a cursor belongs to another list,
when a filter lacks the one it needs, or when its price is too high.
"""

from api.query.cost import price
from api.query.filter import EVERYTHING, All, AnyOf, Filter, Not, Search, Test, Through, both
from api.query.selection import (
    Answer,
    Column,
    Constant,
    Cursor,
    Edges,
    Entry,
    HasMore,
    HasNext,
    HasPrevious,
    NextCursor,
    Nodes,
    Object,
    Part,
    Quality,
    Query,
    Record,
    Records,
    Rows,
    Selection,
    Several,
    Single,
    Total,
    counted,
)
from api.query.sort import Page, Sort, read_sort

__all__ = [
    "EVERYTHING",
    "All",
    "Answer",
    "AnyOf",
    "Column",
    "Constant",
    "Cursor",
    "Edges",
    "Entry",
    "Filter",
    "HasMore",
    "HasNext",
    "HasPrevious",
    "NextCursor",
    "Nodes",
    "Not",
    "Object",
    "Page",
    "Part",
    "Quality",
    "Query",
    "Record",
    "Records",
    "Rows",
    "Search",
    "Selection",
    "Several",
    "Single",
    "Sort",
    "Test",
    "Through",
    "Total",
    "both",
    "counted",
    "price",
    "read_sort",
]
