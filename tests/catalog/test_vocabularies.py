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


def model_vocabularies() -> dict[str, set[str]]:
    """The vocabularies of the model, by the names of their domains."""
    classes = [
        member for member in vars(vocabularies).values() if isinstance(member, type) and issubclass(member, Vocabulary)
    ]
    return {
        _snake(vocabulary.__name__): set(vocabulary.terms()) for vocabulary in classes if vocabulary is not Vocabulary
    }


def database_vocabularies() -> dict[str, set[str]]:
    """The vocabularies of the database."""
    scripts = "".join(path.read_text("utf-8") for path in sorted((SQL / "migrations").glob("*.sql")))
    domains = re.findall(r"create domain store\.(\w+) as text check \(value in \((.*?)\)\)", scripts, re.S)
    return {name: set(re.findall(r"'(\w+)'", terms)) for name, terms in domains}


def test_the_database_checks_the_terms_that_the_model_declares() -> None:
    assert database_vocabularies() == model_vocabularies()


@pytest.mark.parametrize("name", ENTITIES)
def test_each_field_and_link_says_what_it_means(name: str) -> None:
    resource = ENTITIES[name]
    members: list[StoredField | StoredLink] = [*resource.fields.values(), *resource.links.values()]
    for member in members:
        assert member.description.endswith((".", "}")), f"{name}.{member.name}: {member.description}"
    assert resource.description


def test_the_view_of_figures_and_the_catalog_know_the_same_units() -> None:
    view = (SQL / "v2" / "figure.sql").read_text(encoding="utf-8")
    codes = re.search(r"return '(\{.*?\})'::jsonb", view, re.S)
    assert codes
    spellings = [(text, code) for code in UnitCode.terms() for text in UnitCode.spellings(code)]
    assert json.loads(codes[1]) == dict(spellings)
    assert len(spellings) == len(dict(spellings)), "a text means two codes"
    assert SPELLINGS.keys() <= UnitCode.terms().keys()


def test_codes_of_units_differ_in_capitals_too() -> None:
    """GraphQL writes terms in capitals."""
    terms = list(UnitCode.terms())
    assert len({term.upper() for term in terms}) == len(terms) > 150


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
