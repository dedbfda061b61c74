"""GraphiQL, served from the package itself: a browser that opens it asks no other host for anything.

It opens with the operations of `assets/examples/<version>/`, a tab for each."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

import orjson

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


def examples(version: str) -> list[str]:
    """The operations to begin with."""
    files = (ASSETS.folder / "examples" / version).glob("*.graphql")
    return [one.read_text(encoding="utf-8") for one in sorted(files)]


@cache
def _page(version: str) -> bytes:
    told = escape(orjson.dumps(examples(version)).decode())
    return ASSETS.page(PAGE, version=version, assets=f"../{ASSETS.path}", examples=told)
