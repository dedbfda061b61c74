"""The clients that `make sdk` built, to be installed from the service: a page at `/sdk`, the files beside it, and an
index that pip reads at `/sdk/simple/` [PEP 503]."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import APIRouter

from api.errors import SettingsError
from api.http.assets import HTML, POLICY, guarded
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.pages.files import ASSETS, TITLE

PACKAGE = "briefing-sdk"
TYPES = {".whl": b"application/zip", ".tgz": b"application/gzip"}
GUARDED = guarded(POLICY)
INDEX = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="pypi:repository-version" content="1.0"><title>{title}</title></head>
<body>
{links}
</body>
</html>
"""


def routes(folder: Path | None, base: str) -> APIRouter:
    """Return the routes of the files in the folder; none without a folder. SettingsError if it has no clients. The
    commands on the page have `base` as the address of the service.

    The files are read once, when the service starts."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    if folder is None:
        return router
    files = _find_packages(folder)
    _add(router, "/sdk", _render_page(files, base), HTML)
    _add(router, "/sdk/simple/", _render_index([(f"{PACKAGE}/", PACKAGE)]), HTML)
    links = []
    for file in files:
        content = file.read_bytes()
        _add(router, f"/sdk/{file.name}", content, TYPES[file.suffix])
        if file.suffix == ".whl":
            links.append((f"../../{file.name}#sha256={sha256(content).hexdigest()}", file.name))
    _add(router, f"/sdk/simple/{PACKAGE}/", _render_index(links), HTML)
    return router


def _find_packages(folder: Path) -> list[Path]:
    """Return the wheel and the npm package in the folder."""
    files = [file for file in sorted(folder.glob("briefing?sdk-*")) if file.suffix in TYPES]
    if not files:
        raise SettingsError(
            f"BRIEFING_SDK_DIR: there are no clients in {folder}.", "Run `make sdk`, and name the folder dist."
        )
    return files


def _render_page(files: Sequence[Path], base: str) -> bytes:
    wheel, tarball = _find_name(files, ".whl"), _find_name(files, ".tgz")
    commands = []
    if wheel:
        commands += [("For Python", f"pip install {base}/sdk/{wheel}")]
        commands += [("For Python, by its name", f"pip install --extra-index-url {base}/sdk/simple/ {PACKAGE}")]
    if tarball:
        commands += [("For TypeScript and JavaScript", f"npm install {base}/sdk/{tarball}")]
    blocks = []
    for label, command in commands:
        code = f"<code>{escape(command)}</code>"
        blocks.append(f'<p>{label}:</p>\n<pre tabindex="0" role="region" aria-label="{label}">{code}</pre>')
    links = [f'<li><a href="sdk/{escape(file.name)}">{escape(file.name)}</a></li>' for file in files]
    return ASSETS.page("sdk.html", title=TITLE, assets=ASSETS.path, commands="\n".join(blocks), files="\n".join(links))


def _find_name(files: Sequence[Path], suffix: str) -> str:
    """Return the name of the first file with a suffix; empty if there is none."""
    for file in files:
        if file.suffix == suffix:
            return file.name
    return ""


def _render_index(links: Sequence[tuple[str, str]]) -> bytes:
    """Return a page of the index: pip reads its links."""
    lines = [f'<a href="{escape(address)}">{escape(name)}</a><br>' for address, name in links]
    return INDEX.format(title="Index of packages", links="\n".join(lines)).encode()


def _add(router: APIRouter, path: str, body: bytes, media_type: bytes) -> None:
    content = CachedBody(body)

    async def handle(request: HttpRequest) -> BytesResponse:
        return await respond(request, content, GUARDED, media_type)

    router.add_api_route(path, handle, methods=["GET", "HEAD", "OPTIONS"])
