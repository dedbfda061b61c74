"""The files that programs look for on a site: `/robots.txt` (RFC 9309), `/llms.txt`, which leads language models to the
guide and the contracts, and `/favicon.ico`."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from api.catalog import Version
from api.http.assets import TYPES
from api.http.request import HttpRequest
from api.http.responses import VALIDATED, BytesResponse, CachedBody, CachePolicy, respond
from api.http.route import DataRoute
from api.pages.files import ASSETS, TITLE
from api.pages.guide import INDEX, page_names, page_title

TEXT = b"text/plain; charset=utf-8"
METHODS = ["GET", "HEAD", "OPTIONS"]
# Pages name the icon by a path that changes with it. Browsers ask for this one where no page does: for JSON, and files.
ICON = "icon.svg"
FOR_A_WEEK = CachePolicy(control=(b"cache-control", b"public, max-age=604800"))
ABOUT = (
    "Structured briefing data: events, figures, quotes and their sources, over REST and GraphQL. Each record says who "
    "asserts it, who relayed it, where it was published, and who denies it."
)


def routes(versions: Sequence[Version], public_url: str) -> APIRouter:
    """Return the routes of the files. The addresses in them are below the public URL, or paths without one."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    _add_route(router, "/robots.txt", write_robots(versions, public_url).encode(), TEXT)
    _add_route(router, "/llms.txt", write_llms(versions, public_url).encode(), TEXT)
    icon = ASSETS.folder / ICON
    _add_route(router, "/favicon.ico", icon.read_bytes(), TYPES[icon.suffix], FOR_A_WEEK)
    return router


def write_robots(versions: Sequence[Version], public_url: str) -> str:
    """Return the rules for crawlers: pages may be read, but not each combination of filters, and not the data itself,
    which has exports. The sitemap has to be named by an absolute URL."""
    data = [f"Disallow: /{version.name}/" for version in versions]
    lines = ["User-agent: *", "Disallow: /explore/*?", "Disallow: /embed/", *data, "Allow: /"]
    if public_url:
        lines += ["", f"Sitemap: {public_url}/sitemap.xml"]
    return "\n".join([*lines, ""])


def write_llms(versions: Sequence[Version], public_url: str) -> str:
    """Return an overview in Markdown: what the service is, its contracts, and the pages of the guide."""
    lines = [f"# {TITLE}", "", f"> {ABOUT}", "", "## Contracts", ""]
    for version in reversed(versions):
        base = f"{public_url}/{version.name}"
        lines.append(f"- [OpenAPI of {version.name}]({base}/openapi.json): REST, every path, parameter and field")
        lines.append(f"- [GraphQL schema of {version.name}]({base}/schema.graphql): for POST {base}/graphql")
    lines += ["", "## Guide", ""]
    for name in page_names():
        path = "/guide" if name == INDEX else f"/guide/{name}"
        lines.append(f"- [{page_title(name)}]({public_url}{path})")
    return "\n".join([*lines, ""])


def _add_route(router: APIRouter, path: str, body: bytes, media_type: bytes, policy: CachePolicy = VALIDATED) -> None:
    content = CachedBody(body)

    async def handle(request: HttpRequest) -> BytesResponse:
        return await respond(request, content, media_type=media_type, policy=policy)

    router.add_api_route(path, handle, methods=METHODS)
