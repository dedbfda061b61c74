"""Build responses from bodies that are ready: with an ETag, as 304 if the client has a copy, and compressed if the
client accepts that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from api.gzip_prefix import GzipPrefix, pack
from api.http.request import HttpRequest

Headers = list[tuple[bytes, bytes]]

COMPRESS_FROM = 1024
# Tags of one If-None-Match that are checked. A client that keeps a copy sends one, or one for each encoding.
MAX_TAGS = 8
GZIPPED = "-gzip"
VARY = (b"vary", b"accept, accept-encoding")


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """The rules for caches of an answer: the fields that it depends on, the time for which it may be kept, and further
    fields for caches."""

    vary: tuple[bytes, bytes] = VARY
    control: tuple[bytes, bytes] = (b"cache-control", b"public, no-cache")
    further: tuple[tuple[bytes, bytes], ...] = ()


# Caches ask each time whether the answer is still the same.
VALIDATED = CachePolicy()


class BytesResponse:
    """A response whose body is ready."""

    def __init__(
        self,
        body: bytes,
        media_type: bytes = b"application/json",
        status: int = 200,
        vary: tuple[bytes, bytes] = VARY,
    ) -> None:
        self.status = status
        self.body = body
        self.headers: Headers = [(b"content-type", media_type), vary]


class CompressibleBody(Protocol):
    """A body, and its compressed form once a client has requested that."""

    body: bytes
    packed: GzipPrefix | None


@dataclass(slots=True)
class CachedBody:
    """A body that is sent again and again."""

    body: bytes
    packed: GzipPrefix | None = None


async def respond(
    request: HttpRequest,
    content: CompressibleBody,
    headers: Sequence[tuple[bytes, bytes]] = (),
    media_type: bytes = b"application/json",
    tag: str | None = None,
    end: bytes = b"",
    policy: CachePolicy = VALIDATED,
) -> BytesResponse:
    """Return the response to a GET: 200 with the body, or 304 if the client's copy has the same entity tag. Without a
    `tag` one is computed from the body; an empty one is not sent. The tag is weak if the response has an `end`, which
    differs each time."""
    if tag is None:
        tag = blake2b(content.body, digest_size=12).hexdigest()
    weak = bool(end)
    if tag and b"if-none-match" in request.fields:
        not_modified = unchanged(request, lambda client_tag: client_tag == tag, weak=weak, policy_of=lambda _: policy)
        if not_modified is not None:
            return not_modified
        if request.header(b"if-none-match").strip() == "*":
            return _create_not_modified(tag, policy, weak=weak)
    response = await packed(request, content, media_type, end, policy.vary)
    if tag:
        is_compressed = len(response.headers) > 2
        etag = f'"{tag}{GZIPPED}"' if is_compressed else f'"{tag}"'
        if weak:
            etag = f"W/{etag}"
        response.headers.append((b"etag", etag.encode()))
    response.headers += [policy.control, *policy.further, *headers]
    return response


def _validate(_: str) -> CachePolicy:
    return VALIDATED


def unchanged(
    request: HttpRequest,
    is_current: Callable[[str], bool],
    *,
    weak: bool = False,
    policy_of: Callable[[str], CachePolicy] = _validate,
) -> BytesResponse | None:
    """Return a 304 if the client has a copy, plain or compressed, whose tag is current. `policy_of` returns the policy
    of the answer with a tag."""
    for tag in client_tags(request):
        plain_tag = tag.removesuffix(GZIPPED)
        if is_current(plain_tag):
            return _create_not_modified(tag, policy_of(plain_tag), weak=weak)
    return None


def client_tags(request: HttpRequest) -> list[str]:
    """Return the tags of If-None-Match without quotes and `W/`, because they are compared weakly (RFC 9110, 13.1.2).
    Only the first few are returned, because a client may send any number for free."""
    if b"if-none-match" not in request.fields:
        return []
    field = request.header(b"if-none-match")
    # Nearly all clients send one tag.
    parts = [field]
    if "," in field:
        parts = field.split(",", MAX_TAGS)[:MAX_TAGS]
    tags = []
    for part in parts:
        quoted = part.strip().removeprefix("W/")
        if len(quoted) > 2 and quoted[0] == quoted[-1] == '"':
            tags.append(quoted[1:-1])
    return tags


def plain_tags(request: HttpRequest) -> list[str]:
    """Return the tags of If-None-Match as those of the body itself, whether the client has it compressed or not."""
    return [tag.removesuffix(GZIPPED) for tag in client_tags(request)]


async def packed(
    request: HttpRequest,
    content: CompressibleBody,
    media_type: bytes,
    end: bytes = b"",
    vary: tuple[bytes, bytes] = VARY,
) -> BytesResponse:
    """Return the response with the body and an end of its own, compressed if that is worth it and the client accepts
    it. Unavailable if the caller has too many answers that it has not read."""
    request.count_unread(len(content.body))
    if len(content.body) < COMPRESS_FROM or not accepts_gzip(request.fields.get(b"accept-encoding", b"")):
        body = content.body
        if end:
            body += end
        return BytesResponse(body, media_type, vary=vary)
    if content.packed is None:
        content.packed = await pack(content.body)
    response = BytesResponse(content.packed.with_end(end), media_type, vary=vary)
    response.headers.append((b"content-encoding", b"gzip"))
    return response


def accepts_gzip(accepted: bytes) -> bool:
    """Return True if Accept-Encoding accepts gzip (RFC 9110, 12.5.3). A weight of 0 refuses it."""
    if b"gzip" not in accepted and b"*" not in accepted:
        return False
    is_accepted: dict[bytes, bool] = {}
    for part in accepted.lower().split(b","):
        coding, _, weight = part.partition(b";")
        is_accepted[coding.strip()] = weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return is_accepted.get(b"gzip", is_accepted.get(b"*", False))


def _create_not_modified(tag: str, policy: CachePolicy, *, weak: bool) -> BytesResponse:
    response = BytesResponse(b"", status=304, vary=policy.vary)
    etag = f'W/"{tag}"' if weak else f'"{tag}"'
    response.headers += [(b"etag", etag.encode()), policy.control, *policy.further]
    return response
