"""GraphiQL, served from the package itself: a browser that opens it asks no other host for anything."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from api.catalog import Version
from api.http.assets import HTML, SCRIPTED, Assets, guarded
from api.http.respond import Bytes

PAGE = "console.html"
ASSETS = Assets(Path(__file__).parent / "assets", "console")
GUARDED = [*guarded(SCRIPTED), (b"cache-control", b"no-cache")]


def page(version: Version) -> Bytes:
    """The page of a version's GraphQL. Its addresses are relative, for the service may live behind a prefix."""
    response = Bytes(_page(version.name), HTML)
    response.headers += GUARDED
    return response


@cache
def _page(version: str) -> bytes:
    return ASSETS.page(PAGE, version=version, assets=f"../{ASSETS.path}")
