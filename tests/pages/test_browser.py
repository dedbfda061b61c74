"""The pages in a browser that reaches no other host: nothing is missing, and they can be used at any width of the
window, in any scheme of colours, and without a mouse."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.serving import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

# Violations in parts of GraphiQL that no setting changes. Each part can still be reached and used by keyboard.
EXCEPTED = {
    "aria-required-children": "its list of tabs holds the buttons that close them",
    "nested-interactive": "its tabs hold buttons, of which the first is the tab itself",
    "scrollable-region-focusable": "CodeMirror scrolls with its text field's cursor, and the field is its neighbour",
}
GRAPHIQL = ("button[aria-label='Show Documentation Explorer']", ".graphiql-tab-button", ".graphiql-execute-button")
EDITOR = ".graphiql-query-editor textarea"
EXPLORER = (".skip", ".tabs a", "input[type=search]", ".filters summary")
EVACUATION = "evt_72j46hn16ndv2zr0cz3mkc2qtp"
BAR = ".bar a[aria-current]"


@dataclass(frozen=True)
class Page:
    """A page: its words, the controls that Tab must reach in at least so many steps, and the action that is then done
    by keyboard."""

    path: str
    words: str
    controls: tuple[str, ...]
    action: str = ""
    excepted: tuple[str, ...] = ()
    status: int = 200
    service: str = "served"
    steps: int = 6
    # Whether nothing may move while the page loads. Parts of GraphiQL and Scalar do.
    is_still: bool = False


PAGES = {
    "home": Page("/", "Licence and attribution", (".skip", ".hero a", ".find input", ".map", ".card a"), is_still=True),
    # The same as /docs/v2, under another path.
    "newest reference": Page("/docs", "Structured briefing data", (BAR, "button"), "search"),
    "reference of v1": Page("/docs/v1", "Structured briefing data", (BAR, "button"), "search"),
    "reference of keys": Page("/docs/admin", "Management of API keys and plans", (BAR, "button")),
    "GraphiQL of v1": Page("/v1/graphql", "EventsWithSources", (*GRAPHIQL, EDITOR), "run", tuple(EXCEPTED)),
    "GraphiQL of v2": Page("/v2/graphql", "EventsWithSources", (*GRAPHIQL, EDITOR), "run", tuple(EXCEPTED)),
    "home without a store": Page(
        "/", "The store cannot answer now", (".find input", "pre"), status=503, service="away"
    ),
    "explorer": Page("/explore/events?kind=evacuation,shelling", "Evacuation of civilians", EXPLORER),
    "explorer of figures": Page("/explore/figures", "At least 364 civilians killed", EXPLORER),
    "record": Page(f"/explore/events/{EVACUATION}", "Who says what", (".skip", ".eyebrow a", ".who a")),
    "all lists": Page("/explore", "Each list is a table here", (".skip", ".card a")),
    "guide": Page("/guide/figures", "How a figure counts", (".skip", "#guide-q", ".contents :is(summary, li a)")),
    "search of the guide": Page("/guide?q=cursor+page", "sections have", (".skip", "#guide-q", ".hits a")),
    "search that finds nothing": Page("/guide?q=nothingofthekind", "Use fewer words", ("#guide-q",)),
    "embedded list": Page("/embed/events", "Source:", ("h1 a", ".records a", "footer a")),
    "embedded record": Page(f"/embed/events/{EVACUATION}", "Who says what", ("h1 a", ".who a")),
    "embedded problem": Page("/embed/events?kin=x", "Did you mean kind?", ("footer a",), status=400, steps=1),
    "closed": Page("/explore/events", "Ask for a key", (".skip", ".problem p a"), status=401, service="closed"),
    "map": Page("/explore/events?view=map", "16 places", (".views a", ".map", ".places a"), "popup", is_still=True),
    "timeline": Page("/explore/events?view=timeline", "Each bar leads", (".views a", ".choices a", ".area a")),
    "chart": Page("/explore/figures?view=chart", "Mayor of Lower Valley", (".area a", ".sources a"), service="charted"),
    "restated": Page(
        "/explore/figures/fig_r876ewqjg0200j7zxgg36ycmxw",
        "How it became known",
        (".map", "input[type=range]", ".editions a"),
        "slide",
        service="charted",
        is_still=True,
    ),
    "problem": Page("/explore/events?kin=attack", "Did you mean kind?", (".button",), status=400),
    "hostile list": Page(
        "/explore/events?kind=evacuation,shelling", "Evacuation of civilians", EXPLORER, service="hostile"
    ),
    "hostile record": Page(f"/explore/events/{EVACUATION}", "Who says what", (".who a",), service="hostile"),
    "hostile embedded list": Page("/embed/quotes", "Source:", ("h1 a",), service="hostile"),
    "hostile embedded record": Page(f"/embed/events/{EVACUATION}", "Who says what", ("h1 a",), service="hostile"),
    "hostile map": Page("/explore/events?view=map", "16 places", (".map",), "popup", service="hostile"),
    "hostile home": Page("/", "Licence and attribution", (".find input",), service="hostile"),
}
# Each width once, and both schemes. The other pairs take as long again, and find what these find.
View = tuple[int, str]
VIEWS: tuple[View, ...] = ((375, "light"), (768, "dark"), (1280, "light"))
OTHER_VIEWS: tuple[View, ...] = ((375, "dark"), (768, "light"), (1280, "dark"))
Reports = dict[View, dict[str, Any]]
Look = Callable[[str, tuple[View, ...]], Reports]


@pytest.fixture(scope="module")
def away() -> Iterator[str]:
    """The URL of a service whose store is away."""
    with serving("postgresql://briefing@127.0.0.1:1/none") as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
async def closed(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """The URL of a service that answers no request without a key."""
    url = await new_store()
    connection = await asyncpg.connect(url)
    await connection.execute("update access.plan set open = false where name = 'anonymous'")
    await connection.close()
    with serving(url, limits="true", key_contact="mailto:keys@example.org") as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def services(service_url: str, away: str, hostile: str, closed: str, charted: str) -> dict[str, str]:
    """The URLs of the services of the pages."""
    return {"served": service_url, "away": away, "hostile": hostile, "closed": closed, "charted": charted}


@pytest.fixture(scope="module")
def look(node: Callable[..., str], services: dict[str, str], request: pytest.FixtureRequest) -> Look:
    """`look("home", VIEWS)` returns what a browser found on a page in each view. One browser opens each page that the
    tests of this run ask for once in each view."""
    names = named_pages(request.session.items)

    @cache
    def look_at_all(views: tuple[View, ...]) -> dict[str, Reports]:
        orders = [write_order(services, name, view) for name in names for view in views]
        answers = iter(json.loads(node("look.mjs", CHROMIUM, json.dumps(orders))))
        return {name: {view: next(answers) for view in views} for name in names}

    def look(name: str, views: tuple[View, ...]) -> Reports:
        return look_at_all(views)[name]

    return look


def named_pages(tests: Iterable[pytest.Item]) -> list[str]:
    """Return the names of the pages that tests of this file need: one each, or all."""
    names: set[str] = set()
    for test in tests:
        if test.path == Path(__file__):
            names |= {test.callspec.params["name"]} if hasattr(test, "callspec") else PAGES.keys()
    return [name for name in PAGES if name in names]


def write_order(services: dict[str, str], name: str, view: View) -> dict[str, object]:
    """Return what the browser has to do with a page in a view."""
    page = PAGES[name]
    width, scheme = view
    order: dict[str, object] = {"address": services[page.service] + page.path, "words": page.words}
    order |= {"name": name.replace(" ", "-"), "controls": page.controls, "action": page.action, "steps": page.steps}
    return order | {"width": width, "scheme": scheme}


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_readable_and_used_by_keyboard(look: Look, name: str, width: int, scheme: str) -> None:
    check_page(PAGES[name], look(name, VIEWS)[width, scheme], width)


@pytest.mark.full
@pytest.mark.parametrize(("width", "scheme"), OTHER_VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_readable_in_the_other_widths_and_schemes(
    look: Look, name: str, width: int, scheme: str
) -> None:
    check_page(PAGES[name], look(name, OTHER_VIEWS)[width, scheme], width)


def check_page(page: Page, report: dict[str, Any], width: int) -> None:
    """Fail if a browser found something wrong with a page in a view."""
    assert "failed" not in report, report
    assert report["status"] == page.status
    # The browser itself reports an answer of 400 or 503.
    assert [message for message in report["messages"] if page.status == 200 or str(page.status) not in message] == []
    assert report["otherHosts"] == []
    assert report["width"] == width
    assert [violation for violation in report["violations"] if violation[0] not in page.excepted] == []
    assert (report["missing"], report["withoutRing"]) == ([], [])
    # Tab moves on from one control to the next, and is caught by none. Fields for days have several stops of their own.
    reached = [control for control in report["reached"] if 'type="date"' not in control]
    assert len(set(reached)) >= len(reached) - 1
    if page.is_still:
        assert report["shift"] == 0
    if page.action == "popup":
        assert "1 event" in report["effect"]
    if page.action == "slide":
        assert report["effect"].startswith("At least 364 civilians killed")
    if page.action == "run":
        assert '"title"' in report["effect"] and "errors" not in report["effect"]


def test_each_exception_is_still_needed(look: Look) -> None:
    violations = {
        violation[0] for name in PAGES for view in look(name, VIEWS).values() for violation in view["violations"]
    }
    assert violations == set(EXCEPTED)


def test_the_reference_sends_a_request_that_finds_records(node: Callable[..., str], service_url: str) -> None:
    """Consoles send the examples of parameters. With all of them, no record would be left."""
    report = json.loads(node("request.mjs", CHROMIUM, f"{service_url}/docs/v2"))
    assert report["status"] == 200 and report["records"] > 5
    assert set(report["names"]) <= {"sort", "limit", "count"}
