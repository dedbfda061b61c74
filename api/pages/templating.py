"""Make pages from the templates of this package with Jinja, which escapes every value: records contain any text."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

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
        self._environment.globals.update(site=TITLE, assets=ASSETS.path, version=version.name, key_contact=key_contact)

    def render(self, template: str, request: HttpRequest, section: str = "", **values: Any) -> bytes:
        """Return a page of a section of the site. Its addresses are relative, because the service may have a prefix:
        `root` leads from the path of the request to the service's."""
        page = self._environment.get_template(template)
        return page.render(root=root_of(request.path), section=section, **values).encode()

    @cached_property
    def digest(self) -> bytes:
        """A digest of all templates and files, for entity tags: a page changes with them."""
        digest = blake2b(ASSETS.path.encode(), digest_size=6)
        for file in sorted(FOLDER.rglob("*.html")):
            digest.update(file.read_bytes())
        return digest.hexdigest().encode()


def root_of(path: str) -> str:
    """Return the relative address that leads from a path to the root of the service."""
    return "../" * (path.count("/") - 1) or "./"
