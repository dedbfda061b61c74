"""A client's side of SCRAM-SHA-256 (RFC 7677), for tests that speak to Postgres without a driver."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Generator
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from pathlib import Path

NONCE = "a.nonce.of.the.tests"
# The kinds of `R` message that require an answer: the methods to choose from, and the server's challenge.
NAMED, CONTINUED = 10, 11


def password(url_query: dict[str, list[str]]) -> str:
    """Return the password in a URL's `passfile`; empty if there is none."""
    files = url_query.get("passfile", [])
    return Path(files[0]).read_text().strip().rpartition(":")[2] if files else ""


def answers(secret: str) -> Generator[bytes, bytes, None]:
    """Yield the bodies of the `p` messages to send. Each is made from the body of the `R` message before it."""
    bare = f"n=,r={NONCE}"
    start = f"n,,{bare}".encode()
    body = yield b"SCRAM-SHA-256\0" + struct.pack("!i", len(start)) + start
    challenge = body[4:].decode()
    parts = dict(part.split("=", 1) for part in challenge.split(","))
    salted = pbkdf2_hmac("sha256", secret.encode(), b64decode(parts["s"]), int(parts["i"]))
    key = digest(salted, b"Client Key", "sha256")
    final = f"c=biws,r={parts['r']}"
    proof = digest(sha256(key).digest(), f"{bare},{challenge},{final}".encode(), "sha256")
    yield f"{final},p={b64encode(bytes(a ^ b for a, b in zip(key, proof, strict=True))).decode()}".encode()
