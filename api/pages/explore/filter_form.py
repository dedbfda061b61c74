"""The form of filters beside a table, made from the filters of the list: REST and the form read the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from api.catalog import Resource, Version, dimensions, has_counts
from api.pages.explore.page_url import PageUrl
from api.pages.explore.words import country_name, humanize, sentence
from api.query.parse import DATE
from api.rest.parameters import Parameter, deprecation, parameters, quote_value, split

ControlKind = Literal["choices", "switch", "day", "text"]
# A vocabulary with more terms is a field for text: there are 170 units.
MAX_CHOICES = 40
# Fields that most readers look for. The others are under "More filters".
FIRST = ("kind", "measure", "stance", "role", "relation", "resource", "starts_at", "as_of", "said_at", "published_at")
FIRST_TOO = ("withdrawn_at", "country", "disputed", "status", "quote_type", "geo_precision")
# Filters that only programs use.
PROGRAMS = ("ids", "after")
PLACEHOLDERS = {
    "bbox": "west,south,east,north",
    "near": "latitude,longitude,km",
    "identifier": "scheme:value",
    "country": "UA, RU",
    "language": "en, uk",
}
SUFFIXES = {"gte": "from", "lt": "before"}
# Fields whose names say little to readers.
LABELS = {
    "bbox": "Area (west, south, east, north)",
    "near": "Near (latitude, longitude, kilometres)",
    "unit_code": "Unit",
    "unit": "Unit as written",
    "basis": "Counted as",
}
# How the two orders of a type are called, the descending one first.
ORDERS = {
    "timestamp": ("latest first", "earliest first"),
    "date": ("latest first", "earliest first"),
    "number": ("highest first", "lowest first"),
    "text": ("Z to A", "A to Z"),
}


# The fields whose values are counted beside the form, at most three: each takes a grouping of the whole list.
COUNTED = ("kind", "measure", "resource", "country", "status", "quote_type")
MAX_COUNTED = 3


@dataclass(frozen=True)
class Choice:
    """A value that can be chosen: its text, and what it means. If the records that have it were counted, `count` says
    how many there are, and `address` is that of the list with these alone."""

    value: str
    text: str
    meaning: str = ""
    chosen: bool = False
    count: str = ""
    address: str = ""


@dataclass(frozen=True)
class Control:
    """A control of the form: the parameter that it sets."""

    name: str
    label: str
    help: str
    kind: ControlKind
    value: str = ""
    choices: tuple[Choice, ...] = ()
    placeholder: str = ""
    is_first: bool = False


@dataclass(frozen=True)
class ActiveFilter:
    """A filter of the page: its words, and the address of the list without it."""

    label: str
    value: str
    address: str


@dataclass(frozen=True)
class FilterForm:
    """The form: its controls, the orders of the list, and the parameters that it passes on as they are."""

    controls: tuple[Control, ...]
    orders: tuple[Choice, ...]
    passed: tuple[tuple[str, str], ...]
    active: tuple[ActiveFilter, ...]
    searched: bool

    @property
    def first(self) -> tuple[Control, ...]:
        """The controls that are always shown."""
        return tuple(control for control in self.controls if control.is_first)

    @property
    def more(self) -> tuple[Control, ...]:
        """The other controls."""
        return tuple(control for control in self.controls if not control.is_first)


def counted_fields(version: Version, resource: Resource) -> tuple[str, ...]:
    """Return the fields of a list whose values are counted beside its form. Children have none: counts of them are
    never made from a sample, and cost more than a page of them."""
    if not has_counts(version, resource) or resource.name in version.children:
        return ()
    known = dimensions(version, resource)
    return tuple(name for name in COUNTED if name in known)[:MAX_COUNTED]


def filter_form(
    url: PageUrl, facets: dict[str, Any] | None = None, names: Mapping[str, str] = MappingProxyType({})
) -> FilterForm:
    """Return the form of a page, filled in with its parameters, with the numbers of its facets, and with the names of
    records by their ids."""
    resource, texts = url.resource, url.texts
    rows = parameters(url.version, resource)
    controls = tuple(_with_counts(url, control, facets) for control in _controls(resource, rows, texts))
    own = {control.name for control in controls} | {"q", "sort", "cursor"}
    passed = tuple(pair for pair in (*url.own_pairs, *url.pairs) if pair[0] not in own)
    active = tuple(_active(url, rows, names))
    return FilterForm(controls, tuple(_orders(resource, texts)), passed, active, resource.searched)


def _controls(resource: Resource, rows: dict[str, Parameter], texts: dict[str, str]) -> Iterator[Control]:
    for row in rows.values():
        condition = row.condition
        if row.link or is_of_ids(row) or condition.name in PROGRAMS or condition.operator == "null":
            continue
        if deprecation(resource, row):
            continue
        yield _control(row, texts.get(row.name, ""))


def _label(row: Parameter) -> str:
    """Return the name of a filter for readers."""
    condition = row.condition
    name = condition.parameter or condition.name
    label = LABELS.get(name) or sentence(humanize(name))
    if condition.operator in SUFFIXES:
        label = f"{label.removesuffix(' at')} {SUFFIXES[condition.operator]}"
    if is_of_ids(row):
        # "Place: Mariupol", and not the name of a parameter with an id.
        label = label.removesuffix(" id")
    return sentence(f"{humanize(row.link)}: {label.lower()}") if row.link else label


def _control(row: Parameter, text: str) -> Control:
    condition = row.condition
    name = condition.parameter or condition.name
    label = _label(row)
    kind: ControlKind = "text"
    choices: tuple[Choice, ...] = ()
    if condition.type.name == "vocabulary" and row.takes == "list" and len(condition.type.of.terms()) <= MAX_CHOICES:
        kind, choices = "choices", _choices(condition.type.of.terms(), text)
    elif row.takes == "boolean":
        kind, choices = "switch", _switch(text)
    elif condition.type.name in ("timestamp", "date") and (not text or DATE.fullmatch(text)):
        kind = "day"
    placeholder = PLACEHOLDERS.get(row.takes, PLACEHOLDERS.get(name, ""))
    is_first = name in FIRST or name in FIRST_TOO
    return Control(row.name, label, condition.description, kind, text, choices, placeholder, is_first)


def _with_counts(url: PageUrl, control: Control, facets: dict[str, Any] | None) -> Control:
    """Return a control with the numbers of records that have each of its values."""
    if facets is None or control.kind not in ("choices", "text"):
        return control
    data = _find_data(facets, control.name)
    if data is None:
        return control
    about = "about " if facets["quality"] == "sampled" else ""
    counts = {item["value"]: f"{about}{item['count']:,}" for item in data if item["value"] is not None}
    choices = control.choices
    if control.kind == "text":
        # Values that are written by hand are offered if there are records with them.
        choices = tuple(Choice(value, _value_text(control, value)) for value in counts)
    counted: list[Choice] = []
    for choice in choices:
        if choice.value in counts:
            address = _address_of(url, control, choice)
            counted.append(replace(choice, count=counts[choice.value], address=address))
        else:
            counted.append(choice)
    return replace(control, choices=tuple(counted))


def _find_data(facets: dict[str, Any], name: str) -> list[dict[str, Any]] | None:
    """Return the values of a field and their numbers; None if they were not counted."""
    for field in facets["fields"]:
        if field["field"] == name:
            data: list[dict[str, Any]] | None = field["data"]
            return data
    return None


def _address_of(url: PageUrl, control: Control, choice: Choice) -> str:
    """Return the address of the list with the records that have this value of a field, and with the other filters."""
    return url.query(**{control.name: quote_value(choice.value), "cursor": ""})


def _value_text(control: Control, value: str) -> str:
    return country_name(value) if control.name == "country" else value


def _choices(terms: dict[str, str], text: str) -> tuple[Choice, ...]:
    chosen = set(split(text)) if text else set()
    return tuple(Choice(term, humanize(term), meaning, term in chosen) for term, meaning in terms.items())


def _switch(text: str) -> tuple[Choice, ...]:
    lowered = text.lower()
    return (
        Choice("", "any", chosen=not text),
        Choice("true", "yes", chosen=lowered in ("true", "1")),
        Choice("false", "no", chosen=lowered in ("false", "0")),
    )


def _orders(resource: Resource, texts: dict[str, str]) -> Iterator[Choice]:
    """Yield the orders of the list. The default one has no value, so that the URL does not name it."""
    sort = texts.get("sort", resource.sort)
    names = list(dict.fromkeys((resource.sort.removeprefix("-"), *resource.sortable)))
    for name in names:
        field = resource.fields[name]
        if field.needs and field.needs not in texts:
            continue
        descending, ascending = ORDERS.get(field.type.name, ("descending", "ascending"))
        for order, words in ((f"-{name}", descending), (name, ascending)):
            value = "" if order == resource.sort else order
            yield Choice(value, f"{sentence(humanize(name))}, {words}", chosen=sort == order)
    if resource.searched:
        yield Choice("relevance", "Best match of the search", chosen=sort == "relevance")


def is_of_ids(row: Parameter) -> bool:
    """Return True if a parameter takes ids of records."""
    return row.condition.type.name == "text" and row.condition.type.of is not None


def _active(url: PageUrl, rows: dict[str, Parameter], names: Mapping[str, str]) -> Iterator[ActiveFilter]:
    for name, text in url.filters:
        if name == "q_language":
            continue
        row = rows.get(name)
        label = "Search" if name == "q" else sentence(humanize(name))
        value = text
        if row is not None:
            label = _label(row)
        if row is not None and row.takes == "list":
            values = [_describe_value(row, part, names) for part in split(text)]
            value = ", ".join(values)
        yield ActiveFilter(label, value, url.without(name))


def _describe_value(row: Parameter, value: str, names: Mapping[str, str]) -> str:
    """Return a value of a filter in words."""
    if row.condition.type.name == "vocabulary":
        return humanize(value)
    if row.condition.format == "country":
        return country_name(value)
    if is_of_ids(row):
        return names.get(value, value)
    return value
