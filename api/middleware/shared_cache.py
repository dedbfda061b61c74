"""Write the header fields of answers for caches that callers share, such as a CDN or a proxy that keeps answers.

A shared cache may keep a list or a record for a second if the request had no key. Every other answer to a caller is
private or not kept at all. All answers have the same `Vary`: a cache remembers it with an answer that it may not keep,
too, and would otherwise stop keeping the answers to everybody else.
"""

from __future__ import annotations

from functools import lru_cache
from time import time

from api.http.request import HttpRequest
from api.http.responses import Headers

# Browsers ask each time. `stale-while-revalidate` would show a load later than after a second.
SHARED = (b"cache-control", b"public, max-age=0, s-maxage=1, stale-if-error=60")
# The header fields of requests that answers depend on: the caller, the edition, and the form of the answer.
DEPENDS_ON = ("accept", "accept-encoding", "authorization", "x-api-key", "at-least-edition", "accept-datetime")
OF_LIMITS = (b"ratelimit", b"ratelimit-policy", b"ratelimit-cost")
# Fields that are written here once, whatever lines of them an answer has.
OF_SHARED = (b"surrogate-key", b"cache-groups")
REWRITTEN = (b"cache-control", b"vary")
READING = ("GET", "HEAD")


def for_shared_caches(request: HttpRequest, fields: Headers) -> Headers:
    """Return the header fields of an answer in a service with a shared cache in front of it. `fields` are those that it
    has without one."""
    cache_control = b", ".join(value for name, value in fields if name == b"cache-control")
    vary = _write_vary(tuple(value for name, value in fields if name == b"vary"))
    others = [field for field in fields if field[0] not in REWRITTEN]
    if not cache_control.startswith(b"public") or not _may_share(request):
        if _is_of_caller(request):
            cache_control = _make_private(cache_control)
            others = [field for field in others if field[0] not in OF_SHARED]
        others.append((b"vary", vary))
        if cache_control:
            others.append((b"cache-control", cache_control))
        return others
    if request.context.shared:
        # The answer shows a named edition. It has its own rules, by which caches keep it for long.
        return [*others, (b"vary", vary), (b"cache-control", cache_control)]
    others = [field for field in others if field[0] not in OF_LIMITS]
    # nginx rounds ages to whole seconds, so that `s-maxage=1` lasts up to two. It keeps an answer with this field until
    # the current second ends. It has to come after Cache-Control, because the last of the two counts for it.
    expires = b"@%d" % time()
    return [*others, (b"vary", vary), SHARED, (b"x-accel-expires", expires), *_write_groups(request.context.reads)]


def _may_share(request: HttpRequest) -> bool:
    """Return True if the answer to the request may be given to other callers: a list or a record without a key. An
    export is no list here, because it is long, may break off, and is paid by record."""
    context = request.context
    is_data = context.api == "rest" and context.caller is not None
    return is_data and request.method in READING and not _has_key(request)


def _is_of_caller(request: HttpRequest) -> bool:
    """Return True if the answer is one to a caller, and not a file or a document that is the same for everybody."""
    return request.context.caller is not None or _has_key(request)


def _has_key(request: HttpRequest) -> bool:
    """Return True if the request has a field for a key, even an empty one."""
    return b"authorization" in request.fields or b"x-api-key" in request.fields


def _make_private(cache_control: bytes) -> bytes:
    """Return a Cache-Control that no shared cache keeps an answer with."""
    if b"no-store" in cache_control:
        return cache_control
    directives = [directive.strip() for directive in cache_control.split(b",")]
    kept = [one for one in directives if one and one not in (b"public", b"private") and not one.startswith(b"s-maxage")]
    return b", ".join([b"private", *(kept or [b"no-cache"])])


@lru_cache(64)
def _write_vary(lines: tuple[bytes, ...]) -> bytes:
    """Return one line of Vary. Some caches use only the last line."""
    names = dict.fromkeys(DEPENDS_ON)
    for line in lines:
        names.update(dict.fromkeys(line.decode("latin-1").lower().split(", ")))
    return ", ".join(names).encode("latin-1")


@lru_cache(1024)
def _write_groups(resources: tuple[str, ...]) -> Headers:
    """Return the fields that name the resources of an answer, by which a cache drops answers: `Cache-Groups` is a list
    of strings [RFC 9875], and `Surrogate-Key` has names with spaces between. A 304 that was answered before its request
    was read has none, and the cache keeps those of the answer that it has."""
    if not resources:
        return []
    groups = ", ".join(f'"{resource}"' for resource in resources)
    return [(b"cache-groups", groups.encode()), (b"surrogate-key", " ".join(resources).encode())]
