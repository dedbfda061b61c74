"""What a request costs, in points, from its Query alone: about one point for each record that it may return.

    price(request)  = the sum over its roots, at least 1
    price(list)     = size x price(record) + 5 for a search + 10 for an exact total, 5 for an estimated one
    price(record)   = 1 + the sum over its links
    price(one)      = price(record) of what it leads to
    price(many)     = size x price(record) of what it leads to
    price(children) = size x (price(child) - 1): the children themselves come with their record

    price(export)   = 1: an export has a rule of its own. It is a list without its links to many, of any length, so a
                      price would only count records; what bounds it instead is how many run at once
                      (`export_connections`) and for how long (`export_timeout`), and it keeps nothing in memory

The state of a cache never changes a price, and the same Query costs the same through both doors.
"""

from __future__ import annotations

from api.catalog import VERSIONS, Version
from api.query.filter import All, AnyOf, Filter, Not, Search, Through
from api.query.selection import (
    Answer,
    Edges,
    Lines,
    Nodes,
    Object,
    Part,
    Query,
    Record,
    Records,
    Rows,
    Selection,
    Several,
    Single,
    counted,
)

SEARCH = 5
EXPORT = 1
EXACT_TOTAL = 10
ESTIMATED_TOTAL = 5
RELAYS = 10


def price(query: Query) -> int:
    """The points that a request costs."""
    if isinstance(query.root, Lines):
        return EXPORT
    return max(1, _answer(VERSIONS[query.version], query.root))


def _answer(version: Version, answer: Answer) -> int:
    match answer:
        case Rows():
            return _rows(version, answer)
        case Record() | Single():
            return 1 + _selection(version, answer.selection)
        case Several():
            return RELAYS * (1 + _selection(version, answer.selection))
        case Records():
            return sum(_answer(version, one) for one in answer.records if one)
        case Object() | Part():
            return _selection(version, answer.selection)
        case _:
            return 0


def _selection(version: Version, selection: Selection) -> int:
    return sum(_answer(version, entry.value) for entry in selection)


def _rows(version: Version, rows: Rows) -> int:
    child = rows.resource in version.children
    total = SEARCH * _searches(rows.filter)
    total += sum(EXACT_TOTAL if exact else ESTIMATED_TOTAL for exact in counted(rows.selection))
    records = 0
    for entry in rows.selection:
        if isinstance(entry.value, Nodes | Edges):
            records += _selection(version, entry.value.selection)
        else:
            total += _answer(version, entry.value)
    # Asking twice for the records of a page (nodes and edges) still reads each record once.
    return total + rows.page.size * (records if child else 1 + records)


def _searches(filter: Filter) -> int:
    match filter:
        case Search():
            return 1
        case All() | AnyOf():
            return sum(map(_searches, filter.filters))
        case Not() | Through():
            return _searches(filter.filter)
        case _:
            return 0
