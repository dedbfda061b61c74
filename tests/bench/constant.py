"""The floor: a FastAPI application with one route that returns a constant, served like the hand-written ones."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Response

app = FastAPI()
BODY = b'{"status":"constant"}'


@app.get("/constant")
async def constant() -> Response:
    """Return the same answer each time."""
    return Response(BODY, media_type="application/json")


if __name__ == "__main__":
    port = int(sys.argv[1])
    print(f"http://127.0.0.1:{port}", flush=True)
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
