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
    start = f"bak_{environment}_{_random_text(DIGITS, RANDOM)}"
    text = f"{start}_{checksum(start)}"
    return Secret(text, digest(text), text[-4:])


def new_id() -> str:
    """Return a new id for a key."""
    return "key_" + _random_text(ID_DIGITS, 12)


def _random_text(digits: str, length: int) -> str:
    return "".join(secrets.choice(digits) for _ in range(length))


def read(text: str, environment: str) -> bytes:
    """Return the digest of a key that is well-formed and of this environment. InvalidKey says what is wrong, without
    the text of the key."""
    match = FORM.fullmatch(text)
    if match is None:
        raise InvalidKey(_describe_fault(text), COPY)
    if not secrets.compare_digest(checksum(text[: -CHECKSUM - 1]), match[3]):
        raise InvalidKey("The key is mistyped: its checksum does not fit.", COPY)
    if match[1] != environment:
        raise InvalidKey(f"The key is of the environment {match[1]}, and this is {environment}.")
    return digest(text)


def redact(text: str) -> str:
    """Return the text with all that may be a key, or a part of one, replaced: for answers and logs."""
    # Every key has an underscore, and most other texts have none.
    if "_" not in text:
        return text
    return LIKE.sub("bak_…", text)


def holds_key(text: str) -> bool:
    """Return True if the text may contain a key or a part of one."""
    return "bak_" in text or LIKE.search(text) is not None


def checksum(start: str) -> str:
    """Return the checksum of a key: the CRC32 of the text before it, in base62."""
    number = crc32(start.encode())
    digits = ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


def digest(text: str) -> bytes:
    """Return the SHA-256 of a key, by which the store finds it."""
    return sha256(text.encode()).digest()


def _describe_fault(text: str) -> str:
    """Return the fault of a text that has not the form of a key."""
    if not text.startswith("bak_"):
        return "This is no key of this service: they begin with bak_."
    middle = len(text) // 2
    if text[:middle] == text[middle:] or text.count("bak_") > 1:
        return "The key stands there twice."
    if not re.fullmatch(r"[0-9A-Za-z_]*", text, re.ASCII):
        return "The key has characters that no key has."
    if len(text) > LONGEST:
        return "The key is too long."
    parts = text.split("_")
    if len(parts) < 4 or len(parts[2]) < RANDOM or len(parts[-1]) < CHECKSUM:
        return "The key is cut short."
    return f"The key is not formed as one: bak_, an environment, {RANDOM} characters and {CHECKSUM} of a checksum."
