"""Make pages from the templates of this package with Jinja, which escapes every value: records contain any text."""

from __future__ import annotations

from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.catalog import Version
from api.http.assets import POLICY, framed, guarded
from api.http.request import HttpRequest
from api.pages.files import ASSETS, TITLE

FOLDER = Path(__file__).parent / "templates"
# The policy of our own pages: their style, their scripts and their forms, nothing inline and nothing of other hosts.
GUARDED = guarded(POLICY | {"script-src": "'self'", "form-action": "'self'"})
# That of pages for frames of other sites: their style, and nothing else. They have no script and no form.
FRAMED = [framed(POLICY | {"frame-ancestors": "*"})]


class Templates:
    """The templates. `version` is the one whose lists the links at the top of each page lead to, and `key_contact` is
    where callers ask for a key; empty if the operator does not say."""

    def __init__(self, version: Version, key_contact: str = "") -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._key_contact = key_contact
        self._environment.globals.update(site=TITLE, assets=ASSETS.path, version=version.name, key_contact=key_contact)

    def render(self, template: str, request: HttpRequest, section: str = "", **values: Any) -> bytes:
        """Return a page of a section of the site. Its addresses are relative, because the service may have a prefix:
        `root` leads from the path of the request to the service's. If the URL names an edition or a time, so do the
        links to records and lists (`in_time`)."""
        page = self._environment.get_template(template)
        in_time = partial(keep_time, known_at=_known_at(request.query_string))
        return page.render(root=root_of(request.path), section=section, in_time=in_time, **values).encode()

    @cached_property
    def digest(self) -> bytes:
        """A digest of all templates and files, and of the setting that pages show. Entity tags change with it."""
        digest = blake2b(f"{ASSETS.path} {self._key_contact}".encode(), digest_size=6)
        for file in sorted(FOLDER.rglob("*.html")):
            digest.update(file.read_bytes())
        return digest.hexdigest().encode()


def keep_time(address: str, known_at: str) -> str:
    """Return an address with the parameter `known_at`, unless that is empty."""
    if not known_at:
        return address
    separator = "&" if "?" in address else "?"
    return f"{address}{separator}{urlencode({'known_at': known_at}, safe=':')}"


def _known_at(query_string: bytes) -> str:
    """Return the edition or the time that a query names; empty if it names none."""
    return dict(parse_qsl(query_string.decode("latin-1"))).get("known_at", "")


def root_of(path: str) -> str:
    """Return the relative address that leads from a path to the root of the service."""
    return "../" * (path.count("/") - 1) or "./"
