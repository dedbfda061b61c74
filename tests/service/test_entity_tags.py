"""An entity tag is made with a secret, for one request and one state of what was read."""

from __future__ import annotations

import pytest

from api.catalog import V1
from api.service.entity_tags import EntityTags, names_edition

SECRET, OTHER = b"a" * 32, b"b" * 32
ABOUT = b"/v1/events\0limit=1\0application/json"
MARK = "17.1700000000000000"


TAG = EntityTags(V1.resources).make(SECRET, ABOUT, ("event", "place"), MARK)


def current(tag: str, secret: bytes = SECRET, about: bytes = ABOUT, mark: str | None = MARK) -> bool:
    """Return True if another process with this secret takes the tag for that of its own answer."""
    return EntityTags(V1.resources).is_current(secret, about, tag, lambda reads, edition: mark)


def test_every_process_with_the_secret_makes_and_takes_the_same_tag() -> None:
    assert EntityTags(V1.resources).make(SECRET, ABOUT, ("event", "place"), MARK) == TAG
    assert current(TAG)


def test_a_tag_is_good_for_one_request_of_one_state() -> None:
    assert not current(TAG, secret=OTHER)
    assert not current(TAG, about=ABOUT.replace(b"limit=1", b"limit=2"))
    assert not current(TAG, about=ABOUT.replace(b"json", b"graphql-response+json"))
    assert not current(TAG, mark="18.1700000000000001")
    assert not current(TAG, mark=None), "while it is not known what changed"


def test_the_resources_that_were_read_are_looked_at_and_no_others() -> None:
    lookups: list[tuple[tuple[str, ...], int | None]] = []

    def noting(reads: tuple[str, ...], edition: int | None) -> str:
        lookups.append((reads, edition))
        return MARK

    assert EntityTags(V1.resources).is_current(SECRET, ABOUT, TAG, noting)
    assert lookups == [(("event", "place"), None)]


def test_the_tag_of_an_edition_is_current_until_the_edition_is_written_anew() -> None:
    tags = EntityTags(V1.resources)
    tag = tags.make(SECRET, ABOUT, ("event",), "e17.5")
    rewritten = {17: "e17.5", 18: "e18.5"}
    assert names_edition(tag) and not names_edition(TAG)
    assert tags.is_current(SECRET, ABOUT, tag, lambda reads, edition: rewritten[edition or 0])
    assert not tags.is_current(SECRET, ABOUT, tag, lambda reads, edition: "e17.6")
    assert not tags.is_current(SECRET, ABOUT, tag.replace("e17", "e18"), lambda reads, edition: rewritten[edition or 0])


def test_a_modified_tag_is_invalid() -> None:
    mask, code, mark = TAG.split("-")
    for wrong_tag in (
        f"1-{code}-{mark}",
        f"{int(mask, 16) ^ 1:x}-{code}-{mark}",
        f"{mask}-{'0' * 24}-{mark}",
        f"{mask}-{code}-18.1700000000000000",
        f"0{TAG}",
        TAG.upper(),
    ):
        assert not current(wrong_tag), wrong_tag


@pytest.mark.parametrize(
    "tag",
    ["", "-", "--", "*", TAG[:-1], f"{TAG}-gzip", f"{TAG} ", f"ffffffff-{'0' * 24}-0.0", "\xff" * 40, "٣" + TAG[1:]],
)
def test_text_that_is_not_a_tag_is_invalid(tag: str) -> None:
    assert not current(tag)
