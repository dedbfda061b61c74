"""The layout of the pages in a browser: whole words, the text before its navigation, and buttons that cover no
text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.pages.test_browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def layout(node: Callable[..., str], service_url: str, charted: str) -> dict[str, Any]:
    """The measurements of a browser on several pages."""
    report: dict[str, Any] = json.loads(node("layout.mjs", CHROMIUM, service_url, charted))
    return report


@pytest.mark.parametrize("width", ["375", "768", "1024", "1280"])
def test_no_word_of_a_table_is_broken(layout: dict[str, Any], width: str) -> None:
    assert layout["broken"][width] == []


def test_an_embedded_list_shows_several_rows_and_its_source(layout: dict[str, Any]) -> None:
    assert layout["frame"]["bottom"] <= 480
    assert layout["frame"]["rows"] >= 4


def test_the_text_of_a_guide_page_is_on_the_first_screen_of_a_phone(layout: dict[str, Any]) -> None:
    assert layout["guide"] < 300


def test_the_names_of_the_lists_are_a_row_that_shows_the_current_one(layout: dict[str, Any]) -> None:
    assert layout["tabs"]["rows"] == 1
    assert layout["tabs"]["scrolls"] and layout["tabs"]["right"] <= 375


def test_no_button_covers_the_code_that_it_copies(layout: dict[str, Any]) -> None:
    assert layout["covered"]["buttons"] > 2
    assert layout["covered"]["covered"] == 0


def test_copies_of_a_session_are_its_commands(layout: dict[str, Any]) -> None:
    copied = "\n".join(layout["copied"])
    assert "curl -s 'http://127.0.0.1:8000/v2/figures/diff.csv?from=e155&to=e159' | head -3\n" in copied
    assert "$ curl" not in copied and "id,change,from_revision" not in copied


def test_the_form_can_be_applied_wherever_the_reader_is_in_it(layout: dict[str, Any]) -> None:
    assert layout["form"]["bottom"] <= 800
    assert layout["form"]["scrolling"] == []


def test_a_mark_of_a_chart_says_its_value_when_pointed_at(layout: dict[str, Any]) -> None:
    assert layout["chart"]["words"] == layout["chart"]["name"] != ""
    assert layout["chart"]["disc"] == "rgba(0, 0, 0, 0)"
