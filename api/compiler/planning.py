"""Whether one plan is best whatever the values are, so that Postgres need not plan anew for each request.

Planning costs as much as reading: 300 µs for a page alone, 1 ms for one with three links. It is saved where an index
holds the filtered column and then the order of the list, or only the order's own column is bounded. Elsewhere the
values decide: through a link a generic plan took 551 ms where one of its own took 1 ms.
"""

from __future__ import annotations

from api.catalog import Resource
from api.query import EVERYTHING, All, Filter, Rows, Test, read_sort

RANGES = ("gte", "lt")


def settled(resource: Resource, rows: Rows) -> bool:
    """Whether the page's best plan does not depend on the values of its filter."""
    if rows.filter == EVERYTHING:
        return True
    if rows.link:
        return False
    tests = rows.filter.filters if isinstance(rows.filter, All) else (rows.filter,)
    equal = [one for one in tests if _is_equality(one)]
    ranges = [one for one in tests if _is_range(one, rows.sort.column)]
    if len(equal) + len(ranges) < len(tests):
        return False
    return not equal or (len(equal) == 1 and _is_own_order(resource, rows))


def _is_equality(filter: Filter) -> bool:
    return isinstance(filter, Test) and filter.operator == "in" and len(filter.value) == 1


def _is_range(filter: Filter, column: str) -> bool:
    return isinstance(filter, Test) and filter.operator in RANGES and filter.column == column


def _is_own_order(resource: Resource, rows: Rows) -> bool:
    """The indexes of filters go on in the order that the list has by itself."""
    default = read_sort(resource, resource.sort)
    return default is not None and default.column == rows.sort.column
