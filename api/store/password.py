"""Require a password for every connection to the embedded Postgres, also from local processes.

The password is generated at the first start and kept beside the data, in a file that only its owner can read. The file
has the format of libpq's password file, so `psql`, `pg_dump` and the driver read it themselves.
"""

from __future__ import annotations

import os
from base64 import b64encode
from contextlib import suppress
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from pathlib import Path
from secrets import token_bytes, token_urlsafe

from api.store.cluster import SINGLE, Tools

FILE = "pgpass"
ROLE = "briefing"
# PBKDF2 slows down guessing, but 256 random bits cannot be guessed. The usual 4,096 rounds would slow each connection.
ROUNDS = 1
# The digest ties the rules to the password of the role. If the file has another password, both are set again.
RULES = """\
# Written by Briefing when it starts; changes are overwritten. Every connection needs the password in ../{file}.
# SHA-256 of that password: {digest}
local all all scram-sha-256
"""


def require_password(folder: Path, data: Path, tools: Tools) -> None:
    """Make every connection to this data need the password in `folder`, even if an earlier release or the operator has
    set other rules.

    The server must not be running. The role gets its password before the rules are written, so an interrupted change
    is repeated at the next start.
    """
    password = _read_password(folder / FILE) or _create_password(folder)
    rules = RULES.format(file=FILE, digest=sha256(password.encode()).hexdigest()).encode()
    file = data / "pg_hba.conf"
    if file.is_symlink() or not file.exists() or file.read_bytes() != rules:
        statement = f"alter role {ROLE} password '{verifier(password)}'\n"
        tools.run("postgres", *SINGLE, cwd=data, text=statement.encode())
        owner = data.stat()
        _replace_file(file, rules, owner.st_uid, owner.st_gid)


def verifier(password: str) -> str:
    """Return the verifier that Postgres stores of a password for SCRAM-SHA-256 (RFC 5803). So Postgres need not get
    the password."""
    salt = token_bytes(16)
    salted = pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${ROUNDS}:{_encode(salt)}${_encode(stored)}:{_encode(server)}"


def _encode(value: bytes) -> str:
    return b64encode(value).decode()


def _read_password(file: Path) -> str:
    """Return the password in the file; empty if others could have read it, so that it is replaced."""
    with suppress(OSError), os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii") as opened:
        if os.fstat(opened.fileno()).st_mode & 0o077 == 0:
            head, _, password = opened.readline().strip().rpartition(":")
            if head == f"*:*:*:{ROLE}":
                return password
    return ""


def _create_password(folder: Path) -> str:
    password = token_urlsafe(32)
    owner = folder.stat()
    _replace_file(folder / FILE, f"*:*:*:{ROLE}:{password}\n".encode(), owner.st_uid, owner.st_gid)
    return password


def _replace_file(file: Path, content: bytes, uid: int, gid: int) -> None:
    """Write a file that only its owner can read, completely or not at all. Do not follow a link in its place: the
    folder may belong to another account, and we may be root."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as opened:
        if os.geteuid() == 0:
            os.fchown(opened.fileno(), uid, gid)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
