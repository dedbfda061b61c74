"""Compare two JSON Schemas, and find what the change takes from clients that send (`in`) or read (`out`) such data.

Input must be accepted as before. Output must be as promised, though terms and properties may be added. A keyword that
is neither known here nor an annotation (`x-…` is one) may only be dropped from the schema of an input. Other changes of
it are refused, because they cannot be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

Schema = Any
Way = Literal["in", "out", "gone"]
# Where it broke, what happened, and in which direction.
Found = tuple[str, str, Way]

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("const", "pattern", "format", "multipleOf", "uniqueItems")
BRANCHES = ("anyOf", "oneOf")
ANNOTATIONS = {"title", "description", "example", "examples", "deprecated", "$comment", "$defs"}
JUDGED = {
    *LOWER, *UPPER, *EXACT, *BRANCHES, *ANNOTATIONS, "allOf", "type", "enum", "default", "properties", "required",
    "items", "additionalProperties", "$ref",
}  # fmt: skip


class SchemaComparison:
    """A comparison of schemas of two documents. A referenced schema is compared once in each direction, under its own
    name."""

    def __init__(self, before: Schema, now: Schema) -> None:
        self._before = before
        self._now = now
        self._seen: set[tuple[str, str, str]] = set()

    def compare(self, before: Schema, now: Schema, way: Way, where: str) -> Iterator[Found]:
        """Yield what broke. A schema is an object or, as in `additionalProperties`, a boolean."""
        old, new = (one.get("$ref", "") if isinstance(one, dict) else "" for one in (before, now))
        if old and new:
            if (old, new, way) in self._seen:
                return
            self._seen.add((old, new, way))
            where = old.rpartition("/")[2] if old == new else where
        before, now = resolved(self._before, before), resolved(self._now, now)
        if before == now and "$ref" not in str(before):
            return
        yield from self._alternatives(before, now, way, where)

    def _alternatives(self, before: Schema, now: Schema, way: Way, where: str) -> Iterator[Found]:
        """Pair the alternatives of both sides by name or type. One without a counterpart was removed or added."""
        old, new = alternatives(before), alternatives(now)
        paired = [(one, new.pop(name)) for name in list(old) if name in new for one in [old.pop(name)]]
        if len(old) == len(new) == 1:
            paired.append((old.popitem()[1], new.popitem()[1]))
        for one, other in paired:
            if "$ref" in one or "$ref" in other:
                yield from self.compare(one, other, way, where)
            else:
                yield from self._plain(one, other, way, where)
        for name in old if way == "in" else ():
            yield where, f"may no longer be {name}", way
        for name in new if way == "out" else ():
            yield where, f"may now be {name} too", way

    def _plain(self, before: Schema, now: Schema, way: Way, where: str) -> Iterator[Found]:
        wide, narrow = (now, before) if way == "in" else (before, now)
        if wide.get("type") not in (None, narrow.get("type")) and (narrow.get("type"), wide["type"]) != (
            "integer",
            "number",
        ):
            yield where, f"its type was {before.get('type', 'any')} and is {now.get('type', 'any')}", way
            return
        for rule in RULES:
            yield from ((where, what, way) for what in rule(before, now, way))
        yield from self._inside(before, now, way, where)
        for keyword in BRANCHES:
            old, new = ({keyword: one[keyword]} if keyword in one else {} for one in (before, now))
            if old and new:
                yield from self._alternatives(old, new, way, where)
            elif new if way == "in" else old:
                yield where, f"its {keyword} came or went", way
        yield from self._conditions(before.get("allOf", []), now.get("allOf", []), way, where)

    def _inside(self, before: Schema, now: Schema, way: Way, where: str) -> Iterator[Found]:
        old, new = before.get("properties", {}), now.get("properties", {})
        for name in old:
            if name not in new:
                yield f"{where}.{name}", "is gone", "gone"
            else:
                yield from self.compare(old[name], new[name], way, f"{where}.{name}")
        asked, shown = set(before.get("required", ())), set(now.get("required", ()))
        for name in sorted(shown - asked) if way == "in" else ():
            yield f"{where}.{name}", "must now be given", way
        for name in sorted(asked - shown) if way == "out" else ():
            if name in new:
                yield f"{where}.{name}", "may now be missing", way
        if "items" in before or "items" in now:
            yield from self.compare(before.get("items", {}), now.get("items", {}), way, f"{where}[]")
        yield from self._others(before.get("additionalProperties", {}), now.get("additionalProperties", {}), way, where)

    def _others(self, before: Schema, now: Schema, way: Way, where: str) -> Iterator[Found]:
        """Compare what may stand beside the named properties. Readers tolerate unknown properties, unless their type
        was promised."""
        if way == "in" and before is not False and now is False:
            yield where, "may no longer have properties beside those that are named", way
        elif before is not False and now is not False and (way == "in" or before not in ({}, True)):
            there = {} if before is True else before, {} if now is True else now
            yield from self.compare(*there, way, f"{where}.*")

    def _conditions(self, before: list[Schema], now: list[Schema], way: Way, where: str) -> Iterator[Found]:
        """Compare the conditions of `allOf`, in order. One more is a demand on clients that send. One less is a lost
        promise to clients that read."""
        if len(before) < len(now) if way == "in" else len(before) > len(now):
            yield where, "its allOf has more or fewer conditions", way
        for number, (one, other) in enumerate(zip(before, now, strict=False)):
            yield from self.compare(one, other, way, f"{where} (allOf {number})")


def resolved(document: Schema, part: Schema) -> Schema:
    """Return the part, or the schema that it refers to, together with what stands beside the reference."""
    if part is True:
        return {}
    if part is False:
        return {"not": {}}
    while "$ref" in part:
        found = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found | {name: value for name, value in part.items() if name != "$ref"}
    return part


def alternatives(schema: Schema) -> dict[str, Schema]:
    """Return the alternatives for a value, each under the name of its schema or type."""
    keyword = next((one for one in BRANCHES if one in schema), "")
    if keyword and not schema.keys() - ANNOTATIONS - {keyword, "default"}:
        beside = {"default": schema["default"]} if "default" in schema else {}
        found = [one | beside for one in schema[keyword]]
    elif isinstance(schema.get("type"), list):
        found = [schema | {"type": one} for one in schema["type"]]
        found = [{"type": "null"} if one["type"] == "null" else one for one in found]
    else:
        return {_name(schema): schema}
    named: dict[str, Schema] = {}
    for one in found:
        name = _name(one)
        named[name if name not in named else f"{name} {len(named)}"] = one
    return named


def _name(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return str(schema.get("type", "anything"))


def _bounds(before: Schema, now: Schema, way: Way) -> Iterator[str]:
    """Yield the bounds that were tightened for input, or loosened for output."""
    tight, loose = (now, before) if way == "in" else (before, now)
    for names, sign in ((LOWER, 1), (UPPER, -1)):
        for name in names:
            if name in tight and (name not in loose or sign * (tight[name] - loose[name]) > 0):
                yield f"its {name} was {before.get(name, 'not set')} and is {now.get(name, 'not set')}"


def _exact(before: Schema, now: Schema, way: Way) -> Iterator[str]:
    for name in EXACT:
        # A format decides the type in typed clients, so that an output may not get one either.
        held = name in (now if way == "in" else before) or (name == "format" and way == "out")
        if held and before.get(name) != now.get(name):
            yield f"its {name} was {before.get(name, 'not set')} and is {now.get(name, 'not set')}"


def _terms(before: Schema, now: Schema, way: Way) -> Iterator[str]:
    """Yield what breaks in an enum. Terms may be added, because clients must tolerate unknown ones. None may be
    removed, in either direction."""
    old, new = before.get("enum"), now.get("enum")
    if old is not None and new is not None:
        if lost := [one for one in old if one not in new]:
            yield f"the terms {', '.join(map(str, lost))} are gone"
    elif old is None and new is not None and way == "in":
        yield "it takes only listed terms now"
    elif old is not None and new is None and way == "out":
        yield "it is no longer one of listed terms"


def _default(before: Schema, now: Schema, way: Way) -> Iterator[str]:
    """Yield a changed default of an input, because a client that leaves the value out must get the same answer."""
    if way == "in" and before.get("default") != now.get("default"):
        yield f"its default was {before.get('default', 'not set')} and is {now.get('default', 'not set')}"


def _unjudged(before: Schema, now: Schema, way: Way) -> Iterator[str]:
    for name in sorted((before.keys() | now.keys()) - JUDGED):
        changed = before.get(name) != now.get(name) and not name.startswith("x-")
        if changed and not (way == "in" and name not in now):
            yield f"its {name} is another, and whether that breaks cannot be told"


RULES: tuple[Callable[[Schema, Schema, Way], Iterator[str]], ...] = (_bounds, _exact, _terms, _default, _unjudged)
