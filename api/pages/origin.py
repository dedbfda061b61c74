"""The address of the service, as pages show it in calls to copy and in permanent links."""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.http.request import HttpRequest
from api.middleware.client_address import Network, is_secure

HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
# Added to the Vary of every page that shows its own address.
VARY = (b"vary", b"x-forwarded-proto")


def find_origin(request: HttpRequest, public_url: str, proxies: Sequence[Network]) -> str:
    """Return the public URL of the service or, without one, the origin that the client used."""
    if public_url:
        return public_url
    scheme = "https" if is_secure(request, proxies) else "http"
    host = request.header(b"host")
    if not HOST.fullmatch(host):
        host = "localhost"
    return f"{scheme}://{host}"
