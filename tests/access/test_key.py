"""A key is read back as it was made. Any other text is refused, and never repeated in the error."""

from __future__ import annotations

import re
from hashlib import sha256
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.access import key
from api.errors import InvalidKey

ENVIRONMENTS = some.from_regex(r"[a-z]{2,8}", fullmatch=True)
# Not random, because the names of the tests would differ between processes.
RANDOM = "bak_live_7Hq2mV9xKc4TzR8wLd3NbY6fJ1sGpE"
GOOD = f"{RANDOM}_{key.checksum(RANDOM)}"


def refused(text: str, environment: str = "live") -> str:
    with pytest.raises(InvalidKey) as caught:
        key.read(text, environment)
    assert text not in f"{caught.value} {caught.value.hint} {caught.value!r}" or len(text) < 8
    return caught.value.message


@given(ENVIRONMENTS)
def test_a_new_key_has_the_form_and_reads_back_as_its_digest(environment: str) -> None:
    made = key.new(environment)
    assert re.fullmatch(rf"bak_{environment}_[0-9A-Za-z]{{30}}_[0-9A-Za-z]{{6}}", made.text)
    assert key.read(made.text, environment) == made.digest == sha256(made.text.encode()).digest()
    assert made.text.endswith(made.ending) and len(made.ending) == 4
    assert len(made.text) <= key.LONGEST


def test_a_key_is_in_no_repr() -> None:
    made = key.new("live")
    assert made.text not in repr(made) and made.text not in str(made)
    assert repr(made.digest) not in repr(made)


def test_keys_use_every_digit_and_do_not_repeat() -> None:
    made = [key.new("live").text for _ in range(500)]
    assert len(set(made)) == 500
    assert set("".join(text.split("_")[2] for text in made)) == set(key.DIGITS)


@given(some.integers(0, len(GOOD) - 1), some.sampled_from(key.DIGITS))
def test_a_mistyped_character_is_told_without_a_query(place: int, wrong: str) -> None:
    text = GOOD[:place] + wrong + GOOD[place + 1 :]
    if text != GOOD:
        refused(text)


@given(some.integers(9, 37))
def test_two_neighbours_in_the_wrong_order_are_told(place: int) -> None:
    text = GOOD[:place] + GOOD[place + 1] + GOOD[place] + GOOD[place + 2 :]
    if text != GOOD:
        assert "checksum" in refused(text)


@given(some.integers(0, len(GOOD) - 1))
def test_a_key_cut_short_is_told(length: int) -> None:
    said = refused(GOOD[:length])
    assert ("cut short" in said) == (length >= 4), said


@given(some.text(max_size=300))
def test_whatever_is_no_key_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + GOOD, "twice"),
        (f"{GOOD},{GOOD}", "twice"),
        (f"{GOOD} {GOOD}", "twice"),
        (f" {GOOD}", "begin with bak_"),
        (f"{GOOD} ", "characters that no key has"),
        (f"{GOOD}\n", "characters that no key has"),
        (GOOD.replace("_", "-"), "begin with bak_"),
        (GOOD.replace("live", "LIVE"), "not formed"),
        (GOOD + "0", "not formed"),
        (GOOD + "0" * 20, "too long"),
        ("bak_live_" + "é" * 30 + "_000000", "characters that no key has"),
        ("", "begin with bak_"),
        ("0" * 100_000, "begin with bak_"),
    ],
)
def test_each_kind_of_wrong_is_told_apart(text: str, said: str) -> None:
    assert said in refused(text)


def test_a_key_of_another_environment_is_told() -> None:
    text = key.new("test").text
    assert refused(text) == "The key is of the environment test, and this is live."
    assert key.read(text, "test")


def test_the_checksum_is_crc32_in_base62() -> None:
    """The rule of the checksum is public, so that scanners for secrets and others can check it."""
    begun = "bak_live_" + "0" * 30
    number = sum(key.DIGITS.index(digit) * 62**place for place, digit in enumerate(reversed(key.checksum(begun))))
    assert number == crc32(begun.encode())
    assert len(key.checksum(begun)) == 6
