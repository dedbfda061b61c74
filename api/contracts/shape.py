"""Compare two JSON Schemas, and find what the change takes from clients that send (`in`) or read (`out`) such data.

Input must be accepted as before. Output must be as promised, though terms and properties may be added. A keyword that
is neither known here nor an annotation (`x-…` is one) may only be dropped from the schema of an input. Other changes of
it are refused, because they cannot be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

T = TypeVar("T")
SchemaObject = dict[str, Any]
Schema = SchemaObject | bool
Direction = Literal["in", "out"]
BreakKind = Literal["in", "out", "gone"]
# Where it broke, what happened, and in which direction.
Finding = tuple[str, str, BreakKind]

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

    def __init__(self, before: SchemaObject, now: SchemaObject) -> None:
        self._before = before
        self._now = now
        self._seen: set[tuple[str, str, Direction]] = set()

    def compare(self, before: Schema, now: Schema, direction: Direction, where: str) -> Iterator[Finding]:
        """Yield what broke. A schema is an object or, as in `additionalProperties`, a boolean."""
        old_reference = _reference(before)
        new_reference = _reference(now)
        if old_reference and new_reference:
            comparison = (old_reference, new_reference, direction)
            if comparison in self._seen:
                return
            self._seen.add(comparison)
            if old_reference == new_reference:
                where = _last_step(old_reference)
        old = resolve(self._before, before)
        new = resolve(self._now, now)
        if old == new and "$ref" not in str(old):
            return
        yield from self._compare_alternatives(old, new, direction, where)

    def _compare_alternatives(
        self, before: SchemaObject, now: SchemaObject, direction: Direction, where: str
    ) -> Iterator[Finding]:
        """Pair the alternatives of both sides by name or type. One without a counterpart was removed or added."""
        old_alternatives = alternatives(before)
        new_alternatives = alternatives(now)
        removed: list[str] = []
        pairs: list[tuple[SchemaObject, SchemaObject]] = []
        for name, old in old_alternatives.items():
            if name in new_alternatives:
                pairs.append((old, new_alternatives[name]))
            else:
                removed.append(name)
        added = [name for name in new_alternatives if name not in old_alternatives]
        if len(removed) == len(added) == 1:
            pairs.append((old_alternatives[removed.pop()], new_alternatives[added.pop()]))
        for old, new in pairs:
            if "$ref" in old or "$ref" in new:
                yield from self.compare(old, new, direction, where)
            else:
                yield from self._compare_plain(old, new, direction, where)
        if direction == "in":
            for name in removed:
                yield where, f"may no longer be {name}", direction
        else:
            for name in added:
                yield where, f"may now be {name} too", direction

    def _compare_plain(
        self, before: SchemaObject, now: SchemaObject, direction: Direction, where: str
    ) -> Iterator[Finding]:
        strict, loose = _strict_and_loose(before, now, direction)
        if not _includes_type(strict, loose):
            yield where, f"its type was {before.get('type', 'any')} and is {now.get('type', 'any')}", direction
            return
        for rule in RULES:
            for change in rule(before, now, direction):
                yield where, change, direction
        yield from self._compare_members(before, now, direction, where)
        for keyword in BRANCHES:
            if keyword in before and keyword in now:
                old_branches = {keyword: before[keyword]}
                new_branches = {keyword: now[keyword]}
                yield from self._compare_alternatives(old_branches, new_branches, direction, where)
            elif keyword in strict:
                yield where, f"its {keyword} came or went", direction
        yield from self._compare_conditions(before.get("allOf", []), now.get("allOf", []), direction, where)

    def _compare_members(
        self, before: SchemaObject, now: SchemaObject, direction: Direction, where: str
    ) -> Iterator[Finding]:
        """Compare the properties of objects and the items of lists."""
        old_properties = before.get("properties", {})
        new_properties = now.get("properties", {})
        for name, old_property in old_properties.items():
            if name not in new_properties:
                yield f"{where}.{name}", "is gone", "gone"
            else:
                yield from self.compare(old_property, new_properties[name], direction, f"{where}.{name}")
        old_required = set(before.get("required", ()))
        new_required = set(now.get("required", ()))
        if direction == "in":
            for name in sorted(new_required - old_required):
                yield f"{where}.{name}", "must now be given", direction
        else:
            for name in sorted(old_required - new_required):
                if name in new_properties:
                    yield f"{where}.{name}", "may now be missing", direction
        if "items" in before or "items" in now:
            yield from self.compare(before.get("items", {}), now.get("items", {}), direction, f"{where}[]")
        old_others = before.get("additionalProperties", {})
        new_others = now.get("additionalProperties", {})
        yield from self._compare_others(old_others, new_others, direction, where)

    def _compare_others(self, before: Schema, now: Schema, direction: Direction, where: str) -> Iterator[Finding]:
        """Compare what may stand beside the named properties. Readers tolerate unknown properties, unless their type
        was promised."""
        if before is False:
            return
        if now is False:
            if direction == "in":
                yield where, "may no longer have properties beside those that are named", direction
            return
        has_promised_type = before is not True and before != {}
        if direction == "in" or has_promised_type:
            yield from self.compare(before, now, direction, f"{where}.*")

    def _compare_conditions(
        self, before: list[Schema], now: list[Schema], direction: Direction, where: str
    ) -> Iterator[Finding]:
        """Compare the conditions of `allOf`, in order. One more is a demand on clients that send. One less is a lost
        promise to clients that read."""
        strict, loose = _strict_and_loose(before, now, direction)
        if len(strict) > len(loose):
            yield where, "its allOf has more or fewer conditions", direction
        for number, (old, new) in enumerate(zip(before, now, strict=False)):
            yield from self.compare(old, new, direction, f"{where} (allOf {number})")


def resolve(document: SchemaObject, schema: Schema) -> SchemaObject:
    """Return the schema, or the one that it refers to, together with what stands beside the reference."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    resolved: SchemaObject = schema
    while "$ref" in resolved:
        target: Any = document
        for step in resolved["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        resolved = target | {name: value for name, value in resolved.items() if name != "$ref"}
    return resolved


def alternatives(schema: SchemaObject) -> dict[str, SchemaObject]:
    """Return the alternatives for a value, each under the name of its schema or type."""
    schemas = _list_alternatives(schema)
    if schemas is None:
        return {_name(schema): schema}
    by_name: dict[str, SchemaObject] = {}
    for alternative in schemas:
        name = _name(alternative)
        if name in by_name:
            name = f"{name} {len(by_name)}"
        by_name[name] = alternative
    return by_name


def _list_alternatives(schema: SchemaObject) -> list[SchemaObject] | None:
    """Return the alternatives of a schema that is nothing but branches, or that has a list of types; None for any
    other schema."""
    keyword = next((name for name in BRANCHES if name in schema), None)
    if keyword is not None and not schema.keys() - ANNOTATIONS - {keyword, "default"}:
        defaults = {"default": schema["default"]} if "default" in schema else {}
        return [branch | defaults for branch in schema[keyword]]
    types = schema.get("type")
    if not isinstance(types, list):
        return None
    typed_schemas: list[SchemaObject] = []
    for type_ in types:
        if type_ == "null":
            typed_schemas.append({"type": "null"})
        else:
            typed_schemas.append(schema | {"type": type_})
    return typed_schemas


def _name(schema: SchemaObject) -> str:
    if "$ref" in schema:
        return _last_step(str(schema["$ref"]))
    return str(schema.get("type", "anything"))


def _reference(schema: Schema) -> str:
    """Return the reference of a schema; empty if it has none."""
    if isinstance(schema, bool):
        return ""
    return str(schema.get("$ref", ""))


def _last_step(reference: str) -> str:
    return reference.rpartition("/")[2]


def _strict_and_loose(before: T, now: T, direction: Direction) -> tuple[T, T]:
    """Return the side whose constraints the other side must have too, and the other side. An input may get no
    constraint that it did not have before, and an output may lose none."""
    if direction == "in":
        return now, before
    return before, now


def _includes_type(strict: SchemaObject, loose: SchemaObject) -> bool:
    """Return True if all values of the loose type are of the strict type. Integers are numbers."""
    strict_type = strict.get("type")
    loose_type = loose.get("type")
    if strict_type is None or strict_type == loose_type:
        return True
    return bool(strict_type == "number" and loose_type == "integer")


def _describe_change(name: str, before: SchemaObject, now: SchemaObject) -> str:
    return f"its {name} was {before.get(name, 'not set')} and is {now.get(name, 'not set')}"


def _compare_bounds(before: SchemaObject, now: SchemaObject, direction: Direction) -> Iterator[str]:
    """Yield the bounds that were tightened for input, or loosened for output."""
    strict, loose = _strict_and_loose(before, now, direction)
    for name in LOWER:
        if name in strict and (name not in loose or strict[name] > loose[name]):
            yield _describe_change(name, before, now)
    for name in UPPER:
        if name in strict and (name not in loose or strict[name] < loose[name]):
            yield _describe_change(name, before, now)


def _compare_exact(before: SchemaObject, now: SchemaObject, direction: Direction) -> Iterator[str]:
    """Yield the keywords that must stay as they are, and have changed."""
    strict, _ = _strict_and_loose(before, now, direction)
    for name in EXACT:
        # A format decides the type in typed clients, so that an output may not get one either.
        is_binding = name in strict or (name == "format" and direction == "out")
        if is_binding and before.get(name) != now.get(name):
            yield _describe_change(name, before, now)


def _compare_terms(before: SchemaObject, now: SchemaObject, direction: Direction) -> Iterator[str]:
    """Yield what breaks in an enum. Terms may be added, because clients must tolerate unknown ones. None may be
    removed, in either direction."""
    old_terms = before.get("enum")
    new_terms = now.get("enum")
    if old_terms is not None and new_terms is not None:
        lost_terms = [str(term) for term in old_terms if term not in new_terms]
        if lost_terms:
            yield f"the terms {', '.join(lost_terms)} are gone"
    elif new_terms is not None and direction == "in":
        yield "it takes only listed terms now"
    elif old_terms is not None and direction == "out":
        yield "it is no longer one of listed terms"


def _compare_defaults(before: SchemaObject, now: SchemaObject, direction: Direction) -> Iterator[str]:
    """Yield a changed default of an input, because a client that leaves the value out must get the same answer."""
    if direction == "in" and before.get("default") != now.get("default"):
        yield _describe_change("default", before, now)


def _compare_unjudged(before: SchemaObject, now: SchemaObject, direction: Direction) -> Iterator[str]:
    """Yield the changes of keywords that are not known here. They may only be dropped from the schema of an input."""
    for name in sorted((before.keys() | now.keys()) - JUDGED):
        if name.startswith("x-") or before.get(name) == now.get(name):
            continue
        is_dropped_from_input = direction == "in" and name not in now
        if not is_dropped_from_input:
            yield f"its {name} is another, and whether that breaks cannot be told"


Rule = Callable[[SchemaObject, SchemaObject, Direction], Iterator[str]]
RULES: tuple[Rule, ...] = (_compare_bounds, _compare_exact, _compare_terms, _compare_defaults, _compare_unjudged)
