"""The database and the model know the same terms, and the same languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from api.model import ENTITIES, Vocabulary, vocabularies
from api.model.entity import StoredLink
from api.model.types import StoredField
from api.model.units import SPELLINGS, UnitCode

SQL = Path(__file__).parents[2] / "sql"


def declared() -> dict[str, set[str]]:
    """The vocabularies of the model, by the names of their domains."""
    classes = [one for one in vars(vocabularies).values() if isinstance(one, type) and issubclass(one, Vocabulary)]
    return {_snake(one.__name__): set(one.terms()) for one in classes if one is not Vocabulary}


def checked() -> dict[str, set[str]]:
    """The vocabularies of the database."""
    scripts = "".join(path.read_text("utf-8") for path in sorted((SQL / "migrations").glob("*.sql")))
    found = re.findall(r"create domain store\.(\w+) as text check \(value in \((.*?)\)\)", scripts, re.S)
    return {name: set(re.findall(r"'(\w+)'", terms)) for name, terms in found}


def test_the_database_checks_the_terms_that_the_model_declares() -> None:
    assert checked() == declared()


@pytest.mark.parametrize("name", ENTITIES)
def test_each_field_and_link_says_what_it_means(name: str) -> None:
    resource = ENTITIES[name]
    declared: list[StoredField | StoredLink] = [*resource.fields.values(), *resource.links.values()]
    for one in declared:
        assert one.description.endswith((".", "}")), f"{name}.{one.name}: {one.description}"
    assert resource.description


def test_the_view_of_figures_and_the_catalog_know_the_same_units() -> None:
    view = (SQL / "v2" / "figure.sql").read_text(encoding="utf-8")
    codes = re.search(r"return '(\{.*?\})'::jsonb", view, re.S)
    assert codes
    declared = [(text, code) for code in UnitCode.terms() for text in UnitCode.spellings(code)]
    assert json.loads(codes[1]) == dict(declared)
    assert len(declared) == len(dict(declared)), "a text means two codes"
    assert SPELLINGS.keys() <= UnitCode.terms().keys()


def test_codes_of_units_differ_in_capitals_too() -> None:
    """GraphQL writes terms in capitals."""
    terms = list(UnitCode.terms())
    assert len({term.upper() for term in terms}) == len(terms) > 150


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
