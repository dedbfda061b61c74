"""The text of a key: `bak_<environment>_<30 random characters>_<6 of its checksum>`, all but the first two in base62.

The prefix lets scanners recognise a key. The checksum (CRC32 of the text before it) tells a typo from a wrong key
without a query. The 30 characters are 178 random bits, so a key can be looked up by its SHA-256 and needs no slow hash.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from zlib import crc32

from api.errors import InvalidKey

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM = 30
CHECKSUM = 6
LONGEST = 4 + 8 + 1 + RANDOM + 1 + CHECKSUM
ID_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
FORM = re.compile(r"bak_([a-z]{2,8})_([0-9A-Za-z]{30})_([0-9A-Za-z]{6})")
# A key, a part of one, or one without its prefix. A match begins only at the start of a run of letters and digits. If
# it were tried at each letter, a line of 8,000 letters would take a tenth of a second.
LIKE = re.compile(r"bak_[a-z]{2,8}_[0-9A-Za-z_]+|(?<![0-9A-Za-z])[0-9A-Za-z]{30,}_[0-9A-Za-z]{6,}")
COPY = "Copy the key again, whole."


@dataclass(frozen=True)
class Secret:
    """A new key. Its text is shown once and is in no repr. Only the digest is kept."""

    text: str = field(repr=False)
    digest: bytes = field(repr=False)
    ending: str


def new(environment: str) -> Secret:
    """Return a new key for an environment, such as `live`."""
    begun = f"bak_{environment}_{''.join(secrets.choice(DIGITS) for _ in range(RANDOM))}"
    text = f"{begun}_{checksum(begun)}"
    return Secret(text, digest(text), text[-4:])


def new_id() -> str:
    """Return a new id for a key."""
    return "key_" + "".join(secrets.choice(ID_DIGITS) for _ in range(12))


def read(text: str, environment: str) -> bytes:
    """Return the digest of a key that is well-formed and of this environment. InvalidKey says what is wrong, without
    the text of the key."""
    found = FORM.fullmatch(text)
    if not found:
        raise InvalidKey(_malformed(text), COPY)
    if not secrets.compare_digest(checksum(text[: -CHECKSUM - 1]), found[3]):
        raise InvalidKey("The key is mistyped: its checksum does not fit.", COPY)
    if found[1] != environment:
        raise InvalidKey(f"The key is of the environment {found[1]}, and this is {environment}.")
    return digest(text)


def hidden(text: str) -> str:
    """Return the text with all that may be a key, or a part of one, replaced: for answers and logs."""
    # Every key has an underscore, and most other texts have none.
    return LIKE.sub("bak_…", text) if "_" in text else text


def holds_key(text: str) -> bool:
    """Return True if the text may contain a key or a part of one."""
    return "bak_" in text or LIKE.search(text) is not None


def checksum(begun: str) -> str:
    """Return the checksum of a key: the CRC32 of the text before it, in base62."""
    number = crc32(begun.encode())
    found = ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(DIGITS))
        found = DIGITS[digit] + found
    return found


def digest(text: str) -> bytes:
    """Return the SHA-256 of a key, by which the store finds it."""
    return sha256(text.encode()).digest()


def _malformed(text: str) -> str:
    if not text.startswith("bak_"):
        return "This is no key of this service: they begin with bak_."
    if text[: len(text) // 2] == text[len(text) // 2 :] or text.count("bak_") > 1:
        return "The key stands there twice."
    if not re.fullmatch(r"[0-9A-Za-z_]*", text, re.ASCII):
        return "The key has characters that no key has."
    if len(text) > LONGEST:
        return "The key is too long."
    random = text.split("_")[2:3]
    if len(text.split("_")) < 4 or not random or len(random[0]) < RANDOM or len(text.rpartition("_")[2]) < CHECKSUM:
        return "The key is cut short."
    return f"The key is not formed as one: bak_, an environment, {RANDOM} characters and {CHECKSUM} of a checksum."
