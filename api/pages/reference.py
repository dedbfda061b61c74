"""The reference of each contract, shown by Scalar: `/docs` for the newest version, `/docs/vN`, and `/docs/admin`."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from api.catalog import Version
from api.http.assets import HTML, SCRIPTED, guarded
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.pages.files import ASSETS, TITLE

ADMINISTRATION = "admin"
# Scalar's icons are fonts and images in the script itself.
GUARDED = guarded(SCRIPTED | {"font-src": "'self' data:"})


def routes(versions: Sequence[Version]) -> APIRouter:
    """Return the routes: a page for each contract, and that of the newest version also at `/docs`."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    names = [version.name for version in reversed(versions)]
    names.append(ADMINISTRATION)
    _add_route(router, "/docs", _render_page(names[0], names, ""))
    for name in names:
        _add_route(router, f"/docs/{name}", _render_page(name, names, "../"))
    return router


def _render_page(name: str, names: Sequence[str], root: str) -> bytes:
    """Return the page of a contract. `root` leads from its folder to the service's. All addresses are relative."""
    home = root or "./"
    links = [f'<a href="{home}">{TITLE}</a>']
    for contract in names:
        current = ' aria-current="page"' if contract == name else ""
        links.append(f'<a href="{root}docs/{contract}"{current}>{contract}</a>')
    return ASSETS.page(
        "reference.html",
        name=name,
        title=TITLE,
        bar="\n".join(links),
        assets=f"{root}{ASSETS.path}",
        contract=f"{root}{name}/openapi.json",
    )


def _add_route(router: APIRouter, path: str, page: bytes) -> None:
    content = CachedBody(page)

    async def handle(request: HttpRequest) -> BytesResponse:
        return await respond(request, content, GUARDED, HTML)

    router.add_api_route(path, handle, methods=["GET", "HEAD", "OPTIONS"])
