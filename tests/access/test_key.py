"""A key is read back as it was made. Any other text is refused, and never repeated in the error."""

from __future__ import annotations

import re
from hashlib import sha256
from zlib import crc32

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from api.access import key
from api.errors import InvalidKey

ENVIRONMENTS = some.from_regex(r"[a-z]{2,8}", fullmatch=True)
# Not random, because the names of the tests would differ between processes.
RANDOM = "bak_live_7Hq2mV9xKc4TzR8wLd3NbY6fJ1sGpE"
GOOD = f"{RANDOM}_{key.checksum(RANDOM)}"


def refusal_of(text: str, environment: str = "live") -> str:
    with pytest.raises(InvalidKey) as exc_info:
        key.read(text, environment)
    assert text not in f"{exc_info.value} {exc_info.value.hint} {exc_info.value!r}" or len(text) < 8
    return exc_info.value.message


@given(ENVIRONMENTS)
def test_a_new_key_has_the_form_and_reads_back_as_its_digest(environment: str) -> None:
    new_key = key.new(environment)
    assert re.fullmatch(rf"bak_{environment}_[0-9A-Za-z]{{30}}_[0-9A-Za-z]{{6}}", new_key.text)
    assert key.read(new_key.text, environment) == new_key.digest == sha256(new_key.text.encode()).digest()
    assert new_key.text.endswith(new_key.ending) and len(new_key.ending) == 4
    assert len(new_key.text) <= key.LONGEST


def test_a_key_is_in_no_repr() -> None:
    new_key = key.new("live")
    assert new_key.text not in repr(new_key) and new_key.text not in str(new_key)
    assert repr(new_key.digest) not in repr(new_key)


def test_keys_use_every_digit_and_do_not_repeat() -> None:
    texts = [key.new("live").text for _ in range(500)]
    assert len(set(texts)) == 500
    assert set("".join(text.split("_")[2] for text in texts)) == set(key.DIGITS)


@given(some.integers(0, len(GOOD) - 1), some.sampled_from(key.DIGITS))
def test_a_mistyped_character_is_refused(place: int, wrong: str) -> None:
    text = GOOD[:place] + wrong + GOOD[place + 1 :]
    assume(text != GOOD)
    refusal_of(text)


@given(some.integers(9, 37))
def test_swapped_characters_are_reported(place: int) -> None:
    text = GOOD[:place] + GOOD[place + 1] + GOOD[place] + GOOD[place + 2 :]
    assume(text != GOOD)
    assert "checksum" in refusal_of(text)


@given(some.integers(0, len(GOOD) - 1))
def test_a_truncated_key_is_reported(length: int) -> None:
    message = refusal_of(GOOD[:length])
    assert ("cut short" in message) == (length >= 4), message


@given(some.text(max_size=300))
def test_any_invalid_key_is_refused(text: str) -> None:
    refusal_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_each_kind_of_invalid_key_has_its_message(text: str, expected: str) -> None:
    assert expected in refusal_of(text)


def test_a_key_of_another_environment_is_reported() -> None:
    text = key.new("test").text
    assert refusal_of(text) == "The key is of the environment test, and this is live."
    assert key.read(text, "test")


def test_the_checksum_is_crc32_in_base62() -> None:
    """The rule of the checksum is public, so that scanners for secrets and others can check it."""
    unchecked_key = "bak_live_" + "0" * 30
    number = sum(
        key.DIGITS.index(digit) * 62**place for place, digit in enumerate(reversed(key.checksum(unchecked_key)))
    )
    assert number == crc32(unchecked_key.encode())
    assert len(key.checksum(unchecked_key)) == 6
