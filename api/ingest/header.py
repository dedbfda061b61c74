"""The names of columns, from the header of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from api.ingest.formatting import format_value
from api.ingest.nfc import in_nfc
from api.ingest.strict_json import MalformedFile, Position


def column_names(written: Iterable[str], line: int = 0) -> list[str]:
    """Return the names of the columns in a header. A column without a name is named by its position, so that the report
    lists it. MalformedFile if no column has a name, or if a name is given twice, because the values of one of the
    columns would be lost."""
    names: list[str] = in_nfc([name.strip() for name in written])
    if not any(names):
        raise MalformedFile("expected a header that names the columns, and the file is empty", Position(line))
    names = [name or f"(column {position})" for position, name in enumerate(names, 1)]
    for name, count in Counter(names).items():
        if count > 1:
            raise MalformedFile(f"the column {format_value(name)} stands twice in the header", Position(line))
    return names
