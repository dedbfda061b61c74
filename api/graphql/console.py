"""GraphiQL, served from the package itself, so that a browser requests nothing from other hosts.

It opens with the operations of `assets/examples/<version>/`, a tab for each."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

import orjson

from api.catalog import Version
from api.http.assets import HTML, SCRIPTED, Assets, guarded
from api.http.responses import BytesResponse

PAGE = "console.html"
ASSETS = Assets(Path(__file__).parent / "assets", "console")
GUARDED = [*guarded(SCRIPTED), (b"cache-control", b"no-cache")]


def page(version: Version) -> BytesResponse:
    """Return the page of a version's GraphQL. Its addresses are relative, because the service may have a prefix."""
    response = BytesResponse(_render_page(version.name), HTML)
    response.headers += GUARDED
    return response


def examples(version: str) -> list[str]:
    """Return the operations that GraphiQL opens with."""
    files = (ASSETS.folder / "examples" / version).glob("*.graphql")
    return [file.read_text(encoding="utf-8") for file in sorted(files)]


@cache
def _render_page(version: str) -> bytes:
    examples_json = orjson.dumps(examples(version)).decode()
    return ASSETS.page(PAGE, version=version, assets=f"../{ASSETS.path}", examples=escape(examples_json))
