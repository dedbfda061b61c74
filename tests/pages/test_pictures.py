"""The pictures of the pages in docs/pictures/. `make pictures` takes them anew."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages.test_browser import CHROMIUM, EVACUATION

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
# The path of each page, and whether it is of the service with records for charts and with both editions of the sample.
PAGES = {
    "home": ("/", False),
    "table": ("/explore/events?country=UA", False),
    "map": ("/explore/events?view=map", False),
    "timeline": ("/explore/events?view=timeline&bucket=day", False),
    "chart": ("/explore/figures?view=chart&measure=displaced,killed", True),
    "disputed-event": (f"/explore/events/{EVACUATION}", False),
    "restated-figure": ("/explore/figures/fig_r876ewqjg0200j7zxgg36ycmxw", True),
    "guide": ("/guide/figures", False),
    "embed": (f"/embed/events/{EVACUATION}", False),
}
SIZES = {375: 740, 1280: 860}
SCHEMES = ("light", "dark")
MAX_BYTES = 3_500_000


def names() -> list[str]:
    return [f"{page}-{width}-{scheme}" for page in PAGES for width in SIZES for scheme in SCHEMES]


@pytest.mark.skipif("WRITE_PICTURES" not in os.environ or CHROMIUM is None, reason="needs WRITE_PICTURES and Chromium")
def test_pictures_are_taken(node: Callable[..., str], service_url: str, charted: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    for picture in FOLDER.glob("*.png"):
        picture.unlink()
    pictures = []
    for page, (path, is_charted) in PAGES.items():
        for width, height in SIZES.items():
            for scheme in SCHEMES:
                address = (charted if is_charted else service_url) + path
                size = {"width": width, "height": height, "scheme": scheme}
                pictures.append({"name": f"{page}-{width}-{scheme}", "address": address, **size})
    assert json.loads(node("pictures.mjs", CHROMIUM, json.dumps(pictures), FOLDER)) == []


def test_there_is_a_picture_of_each_page_in_each_size_and_scheme() -> None:
    assert sorted(picture.stem for picture in FOLDER.iterdir()) == sorted(names())
    assert sum(picture.stat().st_size for picture in FOLDER.iterdir()) < MAX_BYTES


def test_the_readme_shows_two() -> None:
    pictures = re.findall(r'(?:src|srcset)="docs/pictures/([\w-]+)\.png"', (ROOT / "README.md").read_text("utf-8"))
    assert len({name.rpartition("-")[0] for name in pictures}) == 2
    assert set(pictures) <= set(names())
