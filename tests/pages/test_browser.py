"""The pages in a browser, with every other host cut off: nothing is missing, and everybody can use them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
VIEWS = [(375, "light"), (375, "dark"), (1280, "light"), (1280, "dark")]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize(("path", "words"), [("/", "Licence and attribution"), ("/docs/admin", "Briefing API:")])
def test_a_page_is_whole_readable_and_reached_by_keyboard(
    node: Callable[..., str], served: str, path: str, words: str, width: int, scheme: str
) -> None:
    look(node, served + path, words, width, scheme)


@pytest.mark.parametrize(("width", "scheme"), [VIEWS[0], VIEWS[-1]])
def test_the_reference_of_the_newest_version_is(node: Callable[..., str], served: str, width: int, scheme: str) -> None:
    look(node, f"{served}/docs", "Structured briefing data", width, scheme)


def look(node: Callable[..., str], address: str, words: str, width: int, scheme: str) -> None:
    found = json.loads(node("look.mjs", CHROMIUM, address, words, width, scheme))
    assert found["status"] == 200
    assert found["said"] == []
    assert found["elsewhere"] == []
    assert found["scrolled"] == width
    assert found["violations"] == []
    # Tab goes on from one thing to another, and is caught by none.
    assert len(set(found["reached"])) == len(found["reached"]) == 6
    assert not any(one.startswith("<body") for one in found["reached"])
