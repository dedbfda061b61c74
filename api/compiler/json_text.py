"""Write JSON as text: fixed pieces with SQL values between them, which `concat` joins.

Postgres's constructors (json_object, json_agg) look up on each call how to write the type of each value, and copy each
level once more. The same list took 1,297 µs with them and 836 µs as text, and its text was a tenth longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add

import orjson

from api.model import Type

# Pieces in one call of `concat`: a function takes at most a hundred arguments.
MOST = 90
NULL = "null"


@dataclass(frozen=True)
class Json:
    """A JSON text in pieces, each with True if it is fixed text, or False if it is an SQL expression, never null."""

    pieces: tuple[tuple[bool, str], ...]

    def __add__(self, other: Json) -> Json:
        """Append the other text. Fixed pieces that meet become one."""
        if self.pieces and other.pieces and self.pieces[-1][0] and other.pieces[0][0]:
            met = (True, self.pieces[-1][1] + other.pieces[0][1])
            return Json((*self.pieces[:-1], met, *other.pieces[1:]))
        return Json(self.pieces + other.pieces)

    def sql(self) -> str:
        """Return the SQL expression of the text."""
        texts = [literal(text) if fixed else text for fixed, text in self.pieces]
        if len(texts) == 1 and self.pieces[0][0]:
            return texts[0]
        while len(texts) > MOST:
            texts = [f"concat({', '.join(texts[at : at + MOST])})" for at in range(0, len(texts), MOST)]
        return f"concat({', '.join(texts)})"


def literal(text: str) -> str:
    """Return a text as an SQL literal (standard_conforming_strings is on since Postgres 9.1)."""
    return "'" + text.replace("'", "''") + "'"


def one_line(expression: str) -> str:
    """Write U+2028, U+2029 and U+0085 as escapes in a JSON text, because some programs read them as line ends."""
    for code in ("2028", "2029", "0085"):
        expression = rf"replace({expression}, E'\u{code}', '\u{code}')"
    return expression


def fixed(text: str) -> Json:
    """Return a JSON text that is the same in every row."""
    return Json(((True, text),))


def written(expression: str) -> Json:
    """Return the JSON text that an expression yields. It must not be null."""
    return Json(((False, expression),))


def string(text: str) -> Json:
    """Return a JSON string that is the same in every row."""
    return fixed(orjson.dumps(text).decode())


def joined(parts: Iterable[Json], between: str = "") -> Json:
    """Join the parts with a text between them."""
    made: list[Json] = []
    for part in parts:
        made += [fixed(between), part] if made and between else [part]
    return reduce(add, made, Json(()))


def object_of(pairs: Iterable[tuple[str, Json]]) -> Json:
    """Return an object whose keys keep their order."""
    return fixed("{") + joined((string(key) + fixed(":") + one for key, one in pairs), ",") + fixed("}")


def array_of(items: Iterable[Json]) -> Json:
    """Return an array of the items."""
    return fixed("[") + joined(items, ",") + fixed("]")


def listed(made: Json, order: str, only: str = "") -> Json:
    """Return an array with one item for each row of the group, in an order; with `only`, for the rows that pass it."""
    inside = f" filter (where {only})" if only else ""
    return fixed("[") + written(f"string_agg({made.sql()}, ',' order by {order}){inside}") + fixed("]")


def boolean(expression: str) -> Json:
    """Return `true` if the expression is true, else `false`."""
    return written(f"case when {expression} then 'true' else 'false' end")


def optional(expression: str) -> Json:
    """Return the JSON text that an expression yields, or `null` if it is null."""
    return written(f"coalesce({expression}, {literal(NULL)})")


def scalar(expression: str, kind: Type, *, plain: bool = False, upper: bool = False) -> Json:
    """Return a column in the JSON of its type. `plain` texts contain no character that JSON escapes, such as ids.
    `upper` writes a vocabulary's term in capitals."""
    if upper:
        # Collation "C", because in Turkish the capital of i is İ. Terms need no quotes in the text of an array.
        several = f'upper({expression}::text collate "C")::text[]'
        expression = several if kind.many else f'upper({expression} collate "C")'
    if kind.many:
        return optional(f"to_json({expression})::text") if kind.nullable else written(f"to_json({expression})")
    if kind.name == "timestamp":
        # The same text as that of to_json, because sessions are in UTC. to_json takes three times as long.
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
