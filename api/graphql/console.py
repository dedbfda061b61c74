"""GraphiQL, served from the package itself."""

from __future__ import annotations

from api.catalog import Version
from api.http.respond import Bytes


def page(version: Version) -> Bytes:
    """The page of a version's GraphQL."""
    return Bytes(f"<!doctype html><title>GraphQL {version.name}</title>".encode(), b"text/html; charset=utf-8")
