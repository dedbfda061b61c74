"""Check one record of a file and make its canonical form: links by public id, times in UTC, no nulls.

The canonical form is what the store keeps in its log, and what an export has on a line. A record is unchanged if the
SHA-256 of its canonical form is. So a field that is added later, and is absent in older records, changes none of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from api.ingest.formatting import shown
from api.ingest.identity import linked_id, public_id
from api.ingest.load_format import CHILDREN, LINES, NESTED, RecordModel
from api.ingest.messages import Path, Problem, closest, worded
from api.ingest.nfc import Originals, forms, in_nfc, originals
from api.ingest.rule import Rule
from api.model import ENTITIES, Entity
from api.store.collation import sort_key
from api.store.staged import KeyForm, Staged


class InvalidRecord(Exception):
    """A record that breaks the format, with all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class _Plan:
    """The fields of a resource, grouped by their conversion to the canonical form."""

    plain: tuple[str, ...]
    numbers: tuple[str, ...]
    values: tuple[str, ...]
    ones: tuple[tuple[str, str], ...]
    severals: tuple[tuple[str, str], ...]
    children: tuple[tuple[str, str], ...]
    collated: str


class _Links:
    """The keys of a record and of its links, and the other forms of their ids."""

    def __init__(self, dataset: str | None, written: Originals) -> None:
        self._dataset = dataset
        self._written = written
        self.keys: dict[str, None] = {}
        self.forms: dict[KeyForm, None] = {}

    def own_id(self, resource: str, key: str) -> str:
        """Return the id of the record itself, which has this key."""
        self._note_forms(resource, key)
        return public_id(self._dataset or "", resource, key)

    def linked_id(self, target: str, reference: str) -> str:
        """Return the id that a link refers to. The reference is a public id, or a key of the same dataset."""
        found = linked_id(self._dataset or "", target, reference)
        if found != reference:
            if self._dataset is None:
                raise InvalidRecord([(("dataset",), f"expected, as the link to {shown(reference)} is by key")])
            self.keys[reference] = None
            self._note_forms(target, reference)
        return found

    def _note_forms(self, resource: str, key: str) -> None:
        if not key.isascii() or self._written or not (self._dataset or "").isascii():
            self.forms.update(dict.fromkeys(forms(self._dataset or "", resource, key, self._written)))


def read(line: dict[str, Any], written: dict[str, Any] | None = None) -> Staged:
    """Return the record of a line of the load format, with its texts in NFC. Invalid lists its problems.

    A line that a mapping made from texts in NFC comes with `written`: the line that it makes from the texts as the file
    has them.
    """
    composed = in_nfc(line)
    others = originals(composed, written or line) if written or composed != line else {}
    return _read(composed, others)


def _read(line: dict[str, Any], written: Originals) -> Staged:
    resource = line.get("resource")
    form = LINES.get(resource) if isinstance(resource, str) else None
    if form is None:
        found = "it is missing" if resource is None else f"{shown(resource)} is none{closest(str(resource), LINES)}"
        raise InvalidRecord([(("resource",), f"expected one of {', '.join(LINES)}; {found}")])
    try:
        row: Any = form.model.model_validate(line)
    except ValidationError as error:
        return _withdrawal(form, line, written, error)
    problems = _broken(form.envelope, row)
    if not problems and not row.withdrawn:
        problems = _contradictions(form, row)
    if problems:
        raise InvalidRecord(problems)
    staged = _canonical(form, row, written)
    doubts = [] if row.withdrawn else _broken(CHANGES[form.resource.name], row)
    if row.key and row.id and row.id not in _ids(form.resource.name, row, written):
        doubts.append((("id",), "expected the id that dataset and key give: leave out one of the two"))
    return replace(staged, doubts=doubtful(doubts)) if doubts else staged


def _ids(resource: str, row: Any, written: Originals) -> set[str]:
    """Return the ids that the key may have."""
    others = {form.other for form in forms(row.dataset, resource, row.key, written)}
    return {public_id(row.dataset, resource, row.key), *others}


def doubtful(problems: list[Problem]) -> str:
    """Return problems as the store keeps them until it knows whether the record is new or changed."""
    return orjson.dumps(problems).decode()


def doubts(written: str) -> list[Problem]:
    """Return the problems that `doubtful` wrote."""
    return [(tuple(path), detail) for path, detail in orjson.loads(written)]


def _withdrawal(form: RecordModel, line: dict[str, Any], written: Originals, error: ValidationError) -> Staged:
    """Return the withdrawal that a line with errors of validation may be. A withdrawal may leave out required fields,
    but the fields that it has must be valid. InvalidRecord if they are not, or if the line is no withdrawal."""
    taken = isinstance(line.get("withdrawn"), dict)
    problems = [
        worded(one, _names(form, one["loc"]))
        for one in error.errors(include_url=False)
        if not (taken and one["type"] == "missing" and len(one["loc"]) == 1)
    ]
    row: Any = form.model.model_construct(**line)
    problems = problems or _broken(form.envelope, row)
    if problems:
        raise InvalidRecord(problems)
    links = _Links(row.dataset, written)
    identifier = row.id or links.own_id(form.resource.name, row.key)
    reason = row.withdrawn["reason"]
    return Staged(form.resource.name, identifier, row.key or row.id, (), reason, b"", forms=tuple(links.forms))


def _names(form: RecordModel, path: Path) -> list[str]:
    """Return the names of the fields that the object at the end of the path may have."""
    inside = [part for part in path[:-1] if part in NESTED]
    model = NESTED[str(inside[-1])] if inside else form.model
    return list(model.model_fields)


def _broken(rules: tuple[Rule, ...], row: Any, path: Path = ()) -> list[Problem]:
    return [((*path, rule.field), rule.detail) for rule in rules if not rule.holds(row)]


def _lasting(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the rules that apply to each record, including those that a store has already."""
    return tuple(rule for rule in rules if not rule.for_changes)


def _contradictions(form: RecordModel, row: Any) -> list[Problem]:
    problems = _broken(LASTING[form.resource.name], row)
    for name, target in PLANS[form.resource.name].children:
        if rules := CHILDREN[target].rules:
            for position, child in enumerate(getattr(row, name)):
                problems += _broken(rules, child, (name, position))
    return problems


def _canonical(form: RecordModel, row: Any, written: Originals) -> Staged:
    name, links = form.resource.name, _Links(row.dataset, written)
    identifier = row.id or links.own_id(name, row.key)
    content = {"resource": name, "id": identifier, **_belonging(row), **_content(PLANS[name], row, links)}
    for position, other in enumerate(content.get("related", ())):
        if other["event"] == identifier:
            raise InvalidRecord([(("related", position, "event"), "expected another event than this one")])
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    reason = row.withdrawn.reason if row.withdrawn else None
    keys = (row.dataset or "", *links.keys)
    collated = PLANS[name].collated
    text = getattr(row, collated) if collated else None
    sorted_by = None if text is None else sort_key(text)
    return Staged(name, identifier, row.key or identifier, keys, reason, body, sorted_by, tuple(links.forms))


def _belonging(row: Any) -> dict[str, str]:
    return {"dataset": row.dataset} if row.dataset else {}


def _content(plan: _Plan, row: Any, links: _Links) -> dict[str, Any]:
    held = row.__dict__
    found = {name: held[name] for name in plan.plain if held[name] is not None and held[name] != []}
    for name in plan.numbers:
        if held[name] is not None:
            found[name] = _number(held[name])
    for name in plan.values:
        if held[name]:
            found[name] = _value(held[name])
    for name, target in plan.ones:
        if held[name] is not None:
            found[name] = links.linked_id(target, held[name])
    for name, target in plan.severals:
        if held[name]:
            found[name] = [links.linked_id(target, one) for one in held[name]]
    for name, target in plan.children:
        if held[name]:
            found[name] = [_content(PLANS[target], child, links) for child in held[name]]
    return found


def _number(value: Decimal) -> int | orjson.Fragment:
    return int(value) if value == value.to_integral_value() else orjson.Fragment(f"{value.normalize():f}")


def _value(value: BaseModel | list[BaseModel]) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    return {name: one for name, one in value.__dict__.items() if one is not None}


def _plan(resource: Entity) -> _Plan:
    fields = resource.loaded
    links = resource.references
    return _Plan(
        plain=tuple(field.name for field in fields if field.type.name not in ("number", "value")),
        numbers=tuple(field.name for field in fields if field.type.name == "number"),
        values=tuple(field.name for field in fields if field.type.name == "value"),
        ones=tuple((link.name, link.target) for link in links if link.kind == "one"),
        severals=tuple((link.name, link.target) for link in links if link.kind == "several"),
        children=tuple((link.name, link.target) for link in resource.owned),
        collated=resource.collated.name if resource.collated else "",
    )


LASTING = {name: _lasting(form.rules) for name, form in LINES.items()}
CHANGES = {name: tuple(rule for rule in form.rules if rule.for_changes) for name, form in LINES.items()}
PLANS = {name: _plan(one) for name, one in ENTITIES.items()}
