"""The base classes of the generated models of records and of the objects in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import fields

if TYPE_CHECKING:
    import pandas

V = TypeVar("V")
MAX_SHOWN = 60
SCALARS = (str, int, float, bool)


class Record:
    """The base of the models. `to_dict()` returns the JSON."""

    _permalink: str | None = None

    @property
    def permalink(self) -> str | None:
        """The URL that always returns this page or record as it is in its edition. None if the version has no editions,
        for records within records, and in GraphQL."""
        return self._permalink

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON of the record, including the fields that this client does not know."""
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """Return a table with the record as its only row, or with the records of the page. Needs the extra `pandas`."""
        from briefing_sdk.tables import to_pandas

        data = getattr(self, "data", None)
        return to_pandas(data if isinstance(data, list) else [self])

    def __repr__(self) -> str:
        parts = []
        for field in fields(type(self)):
            value = getattr(self, field.name)
            text = _describe(value)
            if field.init and text:
                parts.append(f"{field.name}={text}")
        return f"{type(self).__name__}({', '.join(parts)})"


class RecordMap(Record, Mapping[str, V]):
    """The base of the models whose members may have any name, such as the fields of a difference: a mapping."""

    additional_properties: dict[str, V]

    def __getitem__(self, name: str) -> V:
        return self.additional_properties[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.additional_properties)

    def __len__(self) -> int:
        return len(self.additional_properties)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self)})"


def _describe(value: Any) -> str:
    """Return a short text for a value; empty if the value is missing or empty."""
    if isinstance(value, Record):
        return f"{type(value).__name__}(…)"
    if isinstance(value, list):
        return f"[{len(value)}]" if value else ""
    if isinstance(value, str):
        return repr(value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…")
    if value is None or type(value).__name__ == "Unset":
        return ""
    return str(value) if not isinstance(value, SCALARS) else repr(value)
