"""The characters that the guard against formulas skips and looks for are those of Unicode's data."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from api.compiler.formula import INVISIBLE, SAFE, SIGNS

CHARACTERS = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
# Invisible letters and marks (Default_Ignorable_Code_Point, which Python's data lack), and the blank pattern of
# Braille.
IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


@pytest.fixture(scope="module")
def skipped_characters() -> set[str]:
    pattern = re.compile(f"[{INVISIBLE}]")
    return {character for character in CHARACTERS if pattern.match(character)}


def test_all_space_control_format_and_private_characters_are_skipped(skipped_characters: set[str]) -> None:
    invisible = {
        character for character in CHARACTERS if unicodedata.category(character) in ("Cc", "Cf", "Co", "Zs", "Zl", "Zp")
    }
    assert len(invisible) > 137_000
    assert invisible - skipped_characters == set()
    assert {character for character in CHARACTERS if IGNORABLE.match(character)} - skipped_characters == set()


def test_nothing_that_can_be_seen_is_skipped(skipped_characters: set[str]) -> None:
    visible = {
        character
        for character in skipped_characters
        if unicodedata.category(character)[0] not in "CZ" and not IGNORABLE.match(character)
    }
    assert visible == set()


def test_every_form_of_a_sign_is_a_sign() -> None:
    signs = re.compile(f"[{SIGNS}]")
    signs_found = {character for character in CHARACTERS if signs.match(character)}
    expected = {
        character
        for character in CHARACTERS
        if unicodedata.normalize("NFKC", character).strip()[:1] in tuple("=+-@\u2212")
    }
    assert signs_found == {character for character in expected if unicodedata.normalize("NFKC", character).strip()}
    assert set("=+-@＝＋－＠﹢﹣﹦﹫") <= signs_found


def test_no_formula_begins_with_a_character_that_is_not_looked_at_further(skipped_characters: set[str]) -> None:
    signs = re.compile(f"[\t\n\r'{SIGNS}]")
    for first, last in SAFE:
        characters = {chr(code) for code in range(first, last + 1)}
        assert not characters & skipped_characters
        assert not [character for character in characters if signs.match(character)]
