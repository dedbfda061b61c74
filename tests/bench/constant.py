"""The floor: a FastAPI application whose one route returns a constant, served as the hand-written ones are."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Response

app = FastAPI()
BODY = b'{"status":"constant"}'


@app.get("/constant")
async def constant() -> Response:
    """Always the same."""
    return Response(BODY, media_type="application/json")


if __name__ == "__main__":
    port = int(sys.argv[1])
    print(f"http://127.0.0.1:{port}", flush=True)
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
