"""The health check of the container: `python -m api.observability.probe` exits with 0 if `/healthz` answers 200 at the
port that is set.

A container manager runs it every few seconds. It imports nothing but the standard library, because reading the settings
as the service does takes a third of a second of processor time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

SECONDS = 3
# Addresses to listen on that are no addresses to connect to.
ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def check(environment: Mapping[str, str]) -> str:
    """Return the reason why the service is not alive; empty if it is."""
    given = {name.upper(): value for name, value in environment.items() if value}
    host = given.get("BRIEFING_HOST", "127.0.0.1")
    port = given.get("BRIEFING_PORT", "8000")
    # This ignores the proxies of the environment, unlike urllib.
    connection = HTTPConnection(ANY.get(host, host), int(port), timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"{host}:{port} does not answer: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"{host}:{port} answers {status}"


if __name__ == "__main__":
    # Docker reserves all exit codes but 0 and 1.
    reason = check(os.environ)
    print(reason or "alive")
    sys.exit(bool(reason))
