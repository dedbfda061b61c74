"""A search is read as words, phrases, exclusions and alternatives."""

from __future__ import annotations

import re
import sys

import pytest

from api.query.words import RUNS, count, terms
from api.store.statements import migrations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("corridor", ["+corridor"]),
        ("  green   corridor ", ["+green", "+corridor"]),
        ('"green corridor" -city', ["+green corridor", "-city"]),
        ('-"green corridor"', ["-green corridor"]),
        ("green or corridor", ["+green", "|", "+corridor"]),
        ("green OR corridor city", ["+green", "|", "+corridor", "+city"]),
        ("or", ["+or"]),
        ("or green", ["+or", "+green"]),
        ("green or", ["+green", "+or"]),
        ("green or or corridor", ["+green", "|", "+or", "+corridor"]),
        ('green "or" corridor', ["+green", "+or", "+corridor"]),
        ("green -or corridor", ["+green", "-or", "+corridor"]),
        ("corr*", ["+corr*"]),
        ("-corr*", ["-corr*"]),
        ("co*", ["+co "]),
        ("Kh-10*", ["+Kh-10 "]),
        ("Kh-101*", ["+Kh-101*"]),
        ("敖*", ["+敖*"]),
        ("c*rr", ["+c rr"]),
        ("corridor **", ["+corridor"]),
        ('"corr*"', ["+corr "]),
        ('"green corridor', ["+green corridor"]),
        ('city"green corridor"', ["+city", "+green corridor"]),
        ("Kh-101", ["+Kh-101"]),
        ("--city", ["-city"]),
        ("- city", ["+city"]),
        ("a - b", ["+a", "+b"]),
        ("…", []),
        ('""', []),
        ("- -- * | & !", []),
        ("ʼ ـ", []),
        ("\u064b\u0651", []),
        ("🙂", []),
        ("½", ["+½"]),
    ],
)
def test_the_terms_of_a_search(text: str, expected: list[str]) -> None:
    assert list(terms(text)) == expected


def test_letters_of_scripts_without_spaces_are_counted_one_by_one() -> None:
    assert count("green corridor, Kh-101") == 4
    assert count("俄罗斯导弹 corridor") == 6
    assert count("กรุงเทพ") == 7


def test_the_scripts_without_spaces_are_those_of_the_store() -> None:
    (script,) = (migration for migration in migrations() if migration.name == "0030_search")
    classes = set(re.findall(r"\[\^?(\\u0e00-[^\]]+)\]", script.text))
    assert len(classes) == 1, "the store has one set of them"
    stored_pattern = re.compile(f"[{classes.pop()}]")
    letters = map(chr, range(sys.maxunicode + 1))
    assert [letter for letter in letters if bool(stored_pattern.match(letter)) != bool(RUNS.match(letter))] == []
