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

from api.ingest.formatting import format_value
from api.ingest.identity import linked_id, public_id
from api.ingest.load_format import CHILDREN, LINES, NESTED, RecordModel
from api.ingest.messages import Path, Problem, suggest_closest, worded
from api.ingest.nfc import Originals, in_nfc, key_forms, originals
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
class _FieldGroups:
    """The fields of a resource, grouped by their conversion to the canonical form. A link and a list of children have
    the name of the resource that they lead to."""

    plain: tuple[str, ...]
    numbers: tuple[str, ...]
    values: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    link_lists: tuple[tuple[str, str], ...]
    children: tuple[tuple[str, str], ...]
    collated: str


class _Links:
    """The keys of a record and of its links, and the other forms of their ids."""

    def __init__(self, dataset: str | None, written: Originals) -> None:
        self._dataset = dataset
        self._written = written
        self.keys: dict[str, None] = {}
        self.key_forms: dict[KeyForm, None] = {}

    def own_id(self, resource: str, key: str) -> str:
        """Return the id of the record itself, which has this key."""
        self._note_forms(resource, key)
        return public_id(self._dataset or "", resource, key)

    def linked_id(self, target: str, reference: str) -> str:
        """Return the id that a link refers to. The reference is a public id, or a key of the same dataset."""
        identifier = linked_id(self._dataset or "", target, reference)
        if identifier != reference:
            if self._dataset is None:
                raise InvalidRecord([(("dataset",), f"expected, as the link to {format_value(reference)} is by key")])
            self.keys[reference] = None
            self._note_forms(target, reference)
        return identifier

    def _note_forms(self, resource: str, key: str) -> None:
        if not key.isascii() or self._written or not (self._dataset or "").isascii():
            self.key_forms.update(dict.fromkeys(key_forms(self._dataset or "", resource, key, self._written)))


def read(line: dict[str, Any], written: dict[str, Any] | None = None) -> Staged:
    """Return the record of a line of the load format, with its texts in NFC. InvalidRecord lists its problems.

    A line that a mapping made from texts in NFC comes with `written`: the line that it makes from the texts as the file
    has them.
    """
    composed = in_nfc(line)
    if not written and composed == line:
        return _read(composed, {})
    return _read(composed, originals(composed, written or line))


def _read(line: dict[str, Any], written: Originals) -> Staged:
    form = _record_model(line.get("resource"))
    try:
        row: Any = form.model.model_validate(line)
    except ValidationError as error:
        return _read_withdrawal(form, line, written, error)
    problems = _broken_rules(form.envelope, row)
    if not problems and not row.withdrawn:
        problems = _contradictions(form, row)
    if problems:
        raise InvalidRecord(problems)
    staged = _canonical(form, row, written)
    uncertain: list[Problem] = []
    if not row.withdrawn:
        uncertain += _broken_rules(CHANGES[form.resource.name], row)
    if row.key and row.id and row.id not in _ids(form.resource.name, row, written):
        uncertain.append((("id",), "expected the id that dataset and key give: leave out one of the two"))
    if uncertain:
        return replace(staged, doubts=doubtful(uncertain))
    return staged


def _record_model(resource: Any) -> RecordModel:
    """Return the form of the records of a resource. InvalidRecord if there is no such resource."""
    if isinstance(resource, str) and resource in LINES:
        return LINES[resource]
    reason = "it is missing"
    if resource is not None:
        reason = f"{format_value(resource)} is none{suggest_closest(str(resource), LINES)}"
    raise InvalidRecord([(("resource",), f"expected one of {', '.join(LINES)}; {reason}")])


def _ids(resource: str, row: Any, written: Originals) -> set[str]:
    """Return the ids that the key may have."""
    others = {form.stored_id for form in key_forms(row.dataset, resource, row.key, written)}
    return {public_id(row.dataset, resource, row.key), *others}


def doubtful(problems: list[Problem]) -> str:
    """Return problems as the store keeps them until it knows whether the record is new or changed."""
    return orjson.dumps(problems).decode()


def doubts(written: str) -> list[Problem]:
    """Return the problems that `doubtful` wrote."""
    return [(tuple(path), detail) for path, detail in orjson.loads(written)]


def _read_withdrawal(form: RecordModel, line: dict[str, Any], written: Originals, error: ValidationError) -> Staged:
    """Return the withdrawal that a line with errors of validation may be. A withdrawal may leave out required fields,
    but the fields that it has must be valid. InvalidRecord if they are not, or if the line is no withdrawal."""
    is_withdrawal = isinstance(line.get("withdrawn"), dict)
    problems: list[Problem] = []
    for details in error.errors(include_url=False):
        path = details["loc"]
        is_absent_field = details["type"] == "missing" and len(path) == 1
        if not (is_withdrawal and is_absent_field):
            problems.append(worded(details, _field_names(form, path)))
    row: Any = form.model.model_construct(**line)
    if not problems:
        problems = _broken_rules(form.envelope, row)
    if problems:
        raise InvalidRecord(problems)
    links = _Links(row.dataset, written)
    identifier = row.id or links.own_id(form.resource.name, row.key)
    reason = row.withdrawn["reason"]
    return Staged(form.resource.name, identifier, row.key or row.id, (), reason, b"", key_forms=tuple(links.key_forms))


def _field_names(form: RecordModel, path: Path) -> list[str]:
    """Return the names of the fields that the object at the end of the path may have."""
    model = form.model
    for part in path[:-1]:
        if part in NESTED:
            model = NESTED[str(part)]
    return list(model.model_fields)


def _broken_rules(rules: tuple[Rule, ...], row: Any, path: Path = ()) -> list[Problem]:
    return [((*path, rule.field), rule.detail) for rule in rules if not rule.holds(row)]


def _contradictions(form: RecordModel, row: Any) -> list[Problem]:
    problems = _broken_rules(LASTING[form.resource.name], row)
    for name, target in FIELD_GROUPS[form.resource.name].children:
        rules = CHILDREN[target].rules
        if rules:
            for position, child in enumerate(getattr(row, name)):
                problems += _broken_rules(rules, child, (name, position))
    return problems


def _canonical(form: RecordModel, row: Any, written: Originals) -> Staged:
    """Return the record in its canonical form. InvalidRecord if it links to itself."""
    resource = form.resource.name
    groups = FIELD_GROUPS[resource]
    links = _Links(row.dataset, written)
    identifier = row.id or links.own_id(resource, row.key)
    content: dict[str, Any] = {"resource": resource, "id": identifier}
    if row.dataset:
        content["dataset"] = row.dataset
    content |= _canonical_content(groups, row, links)
    for position, related in enumerate(content.get("related", ())):
        if related["event"] == identifier:
            raise InvalidRecord([(("related", position, "event"), "expected another event than this one")])
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    reason = row.withdrawn.reason if row.withdrawn else None
    keys = (row.dataset or "", *links.keys)
    sorted_by = _sort_key(groups, row)
    return Staged(resource, identifier, row.key or identifier, keys, reason, body, sorted_by, tuple(links.key_forms))


def _sort_key(groups: _FieldGroups, row: Any) -> bytes | None:
    """Return the key that the record is sorted by; None if its resource is not sorted by a text, or it has no text."""
    if not groups.collated:
        return None
    text = getattr(row, groups.collated)
    return None if text is None else sort_key(text)


def _canonical_content(groups: _FieldGroups, row: Any, links: _Links) -> dict[str, Any]:
    values = row.__dict__
    content: dict[str, Any] = {}
    for name in groups.plain:
        value = values[name]
        if value is not None and value != []:
            content[name] = value
    for name in groups.numbers:
        if values[name] is not None:
            content[name] = _canonical_number(values[name])
    for name in groups.values:
        if values[name]:
            content[name] = _canonical_value(values[name])
    for name, target in groups.links:
        if values[name] is not None:
            content[name] = links.linked_id(target, values[name])
    for name, target in groups.link_lists:
        if values[name]:
            content[name] = [links.linked_id(target, reference) for reference in values[name]]
    for name, target in groups.children:
        if values[name]:
            content[name] = [_canonical_content(FIELD_GROUPS[target], child, links) for child in values[name]]
    return content


def _canonical_number(value: Decimal) -> int | orjson.Fragment:
    if value == value.to_integral_value():
        return int(value)
    return orjson.Fragment(f"{value.normalize():f}")


def _canonical_value(value: BaseModel | list[BaseModel]) -> Any:
    if isinstance(value, list):
        return [_canonical_value(element) for element in value]
    return {name: part for name, part in value.__dict__.items() if part is not None}


def _group_fields(resource: Entity) -> _FieldGroups:
    plain: list[str] = []
    numbers: list[str] = []
    values: list[str] = []
    for field in resource.loaded:
        if field.type.name == "number":
            numbers.append(field.name)
        elif field.type.name == "value":
            values.append(field.name)
        else:
            plain.append(field.name)
    links: list[tuple[str, str]] = []
    link_lists: list[tuple[str, str]] = []
    for link in resource.references:
        if link.kind == "one":
            links.append((link.name, link.target))
        elif link.kind == "several":
            link_lists.append((link.name, link.target))
    collated = resource.collated
    return _FieldGroups(
        plain=tuple(plain),
        numbers=tuple(numbers),
        values=tuple(values),
        links=tuple(links),
        link_lists=tuple(link_lists),
        children=tuple((link.name, link.target) for link in resource.owned),
        collated=collated.name if collated else "",
    )


def _rules_by_resource(for_changes: bool) -> dict[str, tuple[Rule, ...]]:
    rules: dict[str, tuple[Rule, ...]] = {}
    for name, form in LINES.items():
        rules[name] = tuple(rule for rule in form.rules if rule.for_changes is for_changes)
    return rules


LASTING = _rules_by_resource(for_changes=False)  # for each record, including those that a store has already
CHANGES = _rules_by_resource(for_changes=True)
FIELD_GROUPS = {name: _group_fields(entity) for name, entity in ENTITIES.items()}
