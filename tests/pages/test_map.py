"""The map in a browser: it does not take the wheel of the page, its places have names, and its coasts have no seam."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.pages.test_browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module", params=["/", "/explore/events?view=map"])
def used(node: Callable[..., str], service_url: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The findings of a browser that used the map of a page."""
    report: dict[str, Any] = json.loads(node("map.mjs", CHROMIUM, service_url + request.param))
    return report


def test_a_click_on_plus_zooms_and_does_not_scroll_the_page(used: dict[str, Any]) -> None:
    assert used["zoomed"]["width"] > used["before"]["width"]
    assert used["zoomed"]["scrolled"] == used["before"]["scrolled"] > 0


def test_the_wheel_scrolls_the_page_and_zooms_only_with_control(used: dict[str, Any]) -> None:
    assert used["wheeled"]["width"] == used["zoomed"]["width"]
    assert used["wheeled"]["scrolled"] > used["zoomed"]["scrolled"]
    assert used["hint"]
    assert used["wheeledWithControl"]["width"] > used["wheeled"]["width"]
    assert used["wheeledWithControl"]["scrolled"] == used["wheeled"]["scrolled"]


def test_places_have_names_and_open_by_keyboard(used: dict[str, Any]) -> None:
    name, _, number = used["tooltip"].partition(": ")
    assert name == "Ukraine" and number.endswith(" events")
    assert name in used["popup"] and number in used["popup"]
    assert "Mariupol" in used["names"]


def test_no_line_goes_across_the_world(used: dict[str, Any]) -> None:
    """A shape that is cut at 180° has a line as wide as the world."""
    assert used["zoomedOut"]["width"] < used["before"]["width"]
    assert 0 < used["longest"] < 0.15
