"""JSON as the text that it is: fixed pieces with SQL values between them, which `concat` writes one after another.

Postgres's constructors (json_object, json_agg) look up how to write each value's type on each call, and copy each
level once more: the same list took 1,297 µs with them and 836 as text, and its text was a tenth longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add

import orjson

from api.model import Type

# A function takes a hundred arguments.
MOST = 90
NULL = "null"


@dataclass(frozen=True)
class Json:
    """Pieces of a text of JSON: fixed ones, and SQL expressions that are never null."""

    pieces: tuple[tuple[bool, str], ...]

    def __add__(self, other: Json) -> Json:
        """One after the other; fixed pieces that meet become one."""
        if self.pieces and other.pieces and self.pieces[-1][0] and other.pieces[0][0]:
            met = (True, self.pieces[-1][1] + other.pieces[0][1])
            return Json((*self.pieces[:-1], met, *other.pieces[1:]))
        return Json(self.pieces + other.pieces)

    def sql(self) -> str:
        """The expression that writes it."""
        texts = [literal(text) if fixed else text for fixed, text in self.pieces]
        if len(texts) == 1 and self.pieces[0][0]:
            return texts[0]
        while len(texts) > MOST:
            texts = [f"concat({', '.join(texts[at : at + MOST])})" for at in range(0, len(texts), MOST)]
        return f"concat({', '.join(texts)})"


def literal(text: str) -> str:
    """A text as an SQL literal (standard_conforming_strings is on since Postgres 9.1)."""
    return "'" + text.replace("'", "''") + "'"


def one_line(expression: str) -> str:
    """Write U+2028, U+2029 and U+0085 as escapes in a text of JSON: some programs take them for line ends."""
    for code in ("2028", "2029", "0085"):
        expression = rf"replace({expression}, E'\u{code}', '\u{code}')"
    return expression


def fixed(text: str) -> Json:
    """A text of JSON that is the same in every row."""
    return Json(((True, text),))


def written(expression: str) -> Json:
    """What an expression writes; it must not be null."""
    return Json(((False, expression),))


def string(text: str) -> Json:
    """A JSON string that is the same in every row."""
    return fixed(orjson.dumps(text).decode())


def joined(parts: Iterable[Json], between: str = "") -> Json:
    """One after another, with a text between."""
    made: list[Json] = []
    for part in parts:
        made += [fixed(between), part] if made and between else [part]
    return reduce(add, made, Json(()))


def object_of(pairs: Iterable[tuple[str, Json]]) -> Json:
    """An object; its keys keep their order."""
    return fixed("{") + joined((string(key) + fixed(":") + one for key, one in pairs), ",") + fixed("}")


def array_of(items: Iterable[Json]) -> Json:
    """An array of so many items."""
    return fixed("[") + joined(items, ",") + fixed("]")


def listed(made: Json, order: str, only: str = "") -> Json:
    """An array of one item a row of the group, in an order; `only` leaves rows out."""
    inside = f" filter (where {only})" if only else ""
    return fixed("[") + written(f"string_agg({made.sql()}, ',' order by {order}){inside}") + fixed("]")


def boolean(expression: str) -> Json:
    """`true` where the expression is, else `false`."""
    return written(f"case when {expression} then 'true' else 'false' end")


def optional(expression: str) -> Json:
    """A text of JSON, or null where the expression is."""
    return written(f"coalesce({expression}, {literal(NULL)})")


def scalar(expression: str, kind: Type, *, plain: bool = False, upper: bool = False) -> Json:
    """A column as its type is written. `plain` texts hold no character that JSON escapes, as ids do; `upper` writes a
    vocabulary's term in capitals."""
    if upper:
        # In Turkish the capital of i is İ: a vocabulary knows no language. Terms need no quotes in an array's text.
        several = f'upper({expression}::text collate "C")::text[]'
        expression = several if kind.many else f'upper({expression} collate "C")'
    if kind.many:
        return optional(f"to_json({expression})::text") if kind.nullable else written(f"to_json({expression})")
    if kind.name == "timestamp":
        # As to_json writes it, for sessions are in UTC; it takes three times as long.
        return _quoted(f"replace({expression}::text, ' ', 'T')", kind.nullable, ':00"')
    if plain or kind.name in ("vocabulary", "date"):
        return _quoted(expression if kind.name != "date" else f"{expression}::text", kind.nullable)
    if kind.name in ("integer", "number", "float", "real"):
        return optional(f"{expression}::text") if kind.nullable else written(expression)
    if kind.name == "boolean" and not kind.nullable:
        return boolean(expression)
    return written(f"coalesce(to_json({expression}), 'null')") if kind.nullable else written(f"to_json({expression})")


def _quoted(expression: str, nullable: bool, end: str = '"') -> Json:
    if nullable:
        return optional(f"'\"' || {expression} || {literal(end)}")
    return fixed('"') + written(expression) + fixed(end)
