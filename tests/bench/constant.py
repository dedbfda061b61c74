"""The floor: a FastAPI application whose one route returns a constant, served as the service is."""

from __future__ import annotations

import sys

from fastapi import FastAPI, Response

from api.http.server import serve
from api.settings import Settings

app = FastAPI()
BODY = b'{"status":"constant"}'


@app.get("/constant")
async def constant() -> Response:
    """Always the same."""
    return Response(BODY, media_type="application/json")


if __name__ == "__main__":
    sys.exit(serve(app, Settings(port=int(sys.argv[1]))))
