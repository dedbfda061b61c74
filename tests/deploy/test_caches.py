"""nginx and Varnish as shared caches in front of the service, with the files of docs/deploy/cache."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

import httpx2
import pytest

from api.access.keys import Keys, NewKey
from api.ingest.load import load
from api.store.access import AccessStore
from tests.conftest import SAMPLE
from tests.debian import Program
from tests.deploy.conftest import DEPLOY, check
from tests.deploy.test_proxies import HTTP, NGINX, folder, make_certificate, ready
from tests.http.conftest import ServerProcess
from tests.ports import free_port
from tests.serving import OLDEST, serving

__all__ = ["folder"]

FILES = DEPLOY / "cache"
SOURCES = "/v2/sources?sort=-updated_at&limit=1"
CACHES = ("nginx", "varnish")
OF_LIMITS = {"ratelimit", "ratelimit-policy", "ratelimit-cost"}
NUMBERS = count(1)
ADDRESSES = count(1)
CLIENTS = 8
REQUESTS = 100


@dataclass(frozen=True)
class Cached:
    """A cache that runs in front of a service: its name and address, the service with its log and its store, and a
    folder for files."""

    cache: str
    address: str
    served: ServerProcess
    log: IO[str]
    url: str
    folder: Path

    def received(self) -> list[dict[str, object]]:
        """Return the requests that the service has got, without those for its health."""
        self.log.seek(0)
        lines = [json.loads(line) for line in self.log if '"event":"request"' in line.replace(": ", ":")]
        return [line for line in lines if line["route"] != "/readyz"]


@dataclass(frozen=True)
class Setup:
    """A cache, a client of it, and the number of requests that the service got before the test."""

    at: Cached
    client: httpx2.AsyncClient
    before: int

    async def get(self, path: str = SOURCES, **headers: str) -> httpx2.Response:
        return await self.client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})

    async def received(self, expected: int = 0) -> list[dict[str, object]]:
        """Return the requests that the service has got in this test. Wait for those that are expected, because a line
        is written after its answer."""
        for _ in range(100):
            lines = self.at.received()[self.before :]
            if len(lines) >= expected:
                break
            await asyncio.sleep(0.05)
        return lines

    async def write(self) -> str:
        """Load a source, and return its name. It is committed then."""
        name = f"Number {next(NUMBERS)}"
        line = {"resource": "source", "dataset": "test", "key": "number", "name": name, "kind": "person"}
        path = self.at.folder / "number.ndjson"
        path.write_text(json.dumps(line) + "\n", encoding="utf-8")
        await load([str(path)], self.at.url)
        return name

    async def warm(self) -> httpx2.Response:
        """Return an answer that came from the cache."""
        for _ in range(20):
            answer = await self.get()
            if answer.headers["x-cache"] == "HIT":
                return answer
        pytest.fail("no answer comes from the cache")


def name_of(answer: httpx2.Response) -> str:
    """Return the name of the source that was written last."""
    name: str = answer.json()["data"][0]["name"]
    return name


def write_nginx(folder: Path, instance: int, port: int) -> Path:
    """Write the configuration of a whole nginx with a cache in front of one instance."""
    make_certificate(folder)
    (folder / "conf.d").mkdir()
    upstream = (NGINX / "upstream.conf").read_text(encoding="utf-8")
    (folder / "conf.d" / "upstream.conf").write_text(re.sub(r"127\.0\.0\.1:800[12]", f"127.0.0.1:{instance}", upstream))
    text = (FILES / "nginx.conf").read_text(encoding="utf-8")
    for documented, used in {
        "/etc/nginx/tls": str(folder),
        "/var/cache/nginx": str(folder),
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
    }.items():
        assert documented in text, documented
        text = text.replace(documented, used)
    (folder / "conf.d" / "cache.conf").write_text(text)
    (folder / "nginx.conf").write_text(HTTP.format(folder=folder))
    return folder / "nginx.conf"


def write_vcl(folder: Path, instance: int) -> Path:
    """Write the VCL with the port of an instance."""
    text = (FILES / "varnish.vcl").read_text(encoding="utf-8")
    assert '"8001"' in text
    (folder / "varnish.vcl").write_text(text.replace('"8001"', f'"{instance}"'))
    return folder / "varnish.vcl"


def varnish_options(varnish: Program) -> list[str]:
    """Return the options that an unpacked Varnish needs: no other account, and the folder of its modules."""
    root = Path(varnish.path).parents[1]
    modules = next((str(path.parent) for path in root.glob("lib/*/varnish/vmods/libvmod_xkey.so")), None)
    if modules is None:
        pytest.skip("Debian's varnish-modules is not available: its xkey is not beside varnishd")
    return ["-j", "none", "-p", f"vmod_path={modules}"]


@contextmanager
def running(cache: str, debian: Callable[..., Program], folder: Path, instance: int) -> Iterator[str]:
    """Run a cache in front of an instance, and yield its address."""
    port = free_port()
    if cache == "nginx":
        program = debian("nginx")
        command = ["-c", str(write_nginx(folder, instance, port))]
        address = f"https://127.0.0.1:{port}"
    else:
        program = debian("varnishd", "varnish-modules")
        command = [
            *varnish_options(program), "-F", "-n", str(folder / "varnish"), "-a", f"127.0.0.1:{port}",
            "-f", str(write_vcl(folder, instance)), "-s", "malloc,32m",
        ]  # fmt: skip
        address = f"http://127.0.0.1:{port}"
    with TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [program.path, *command], env=program.environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield address
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
async def sample(new_store: Callable[[], Awaitable[str]]) -> str:
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


@pytest.fixture
async def key(sample: str) -> str:
    access = AccessStore(sample)
    try:
        return (await Keys(access, "live", "test").create(NewKey("test", "partner"))).secret.text
    finally:
        await access.close()


@contextmanager
def cached(cache: str, debian: Callable[..., Program], url: str) -> Iterator[Cached]:
    """Run a cache in front of a service over the store."""
    chosen = {"shared_cache": "on", "trusted_proxies": "127.0.0.1", "limits": True, "log_format": "json"}
    with (
        TemporaryDirectory() as name,
        TemporaryFile("w+") as log,
        serving(url, log, **chosen) as served,
    ):
        Path(name).chmod(0o755)
        with running(cache, debian, Path(name), served.port) as address:
            yield Cached(cache, address, served, log, url, Path(name))


@asynccontextmanager
async def set_up(cached: Cached) -> AsyncIterator[Setup]:
    """Send requests to a cache from an address of their own, so that tests share no limits."""
    await ready(cached.address)
    sender = {"X-Forwarded-For": f"203.0.113.{next(ADDRESSES)}"}
    async with httpx2.AsyncClient(verify=False, base_url=cached.address, headers=sender, timeout=30) as client:
        setup = Setup(cached, client, len(cached.received()))
        await setup.write()
        # Until no answer is kept from before.
        await asyncio.sleep(1 + OLDEST)
        yield setup


@pytest.fixture(scope="module", params=CACHES)
def running_cache(request: pytest.FixtureRequest, debian: Callable[..., Program], sample: str) -> Iterator[Cached]:
    with cached(request.param, debian, sample) as running:
        yield running


@pytest.fixture
async def setup(running_cache: Cached) -> AsyncIterator[Setup]:
    async with set_up(running_cache) as setup_of_cache:
        yield setup_of_cache


def test_nginx_accepts_the_file_of_the_cache(debian: Callable[..., Program], folder: Path) -> None:
    path = write_nginx(folder, free_port(), free_port())
    code, output = check(debian("nginx"), "-t", "-q", "-c", path)
    assert (code, output) == (0, ""), output
    path = folder / "conf.d" / "cache.conf"
    path.write_text(path.read_text().replace("proxy_cache_lock", "proxy_cache_luck"))
    assert check(debian("nginx"), "-t", "-q", "-c", folder / "nginx.conf")[0] == 1


@pytest.mark.full
def test_varnish_accepts_the_file(debian: Callable[..., Program], folder: Path) -> None:
    varnish = debian("varnishd", "varnish-modules")
    path = write_vcl(folder, free_port())
    options = [*varnish_options(varnish), "-n", str(folder / "varnish"), "-C", "-f", str(path)]
    assert check(varnish, *options)[0] == 0
    path.write_text(path.read_text().replace("xkey.purge", "xkey.perch"))
    assert check(varnish, *options)[0] != 0


@pytest.mark.full
async def test_most_answers_come_from_the_cache_without_the_limits_of_a_caller(setup: Setup) -> None:
    answers: list[httpx2.Response] = []

    async def client() -> None:
        answers.extend([await setup.get() for _ in range(REQUESTS)])

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {200}
    states = Counter(answer.headers["x-cache"] for answer in answers)
    reached = len(await setup.received())
    assert states["HIT"] > 0.8 * len(answers) and reached < 0.2 * len(answers), (states, reached)
    for answer in answers:
        assert not OF_LIMITS & set(answer.headers)
        assert answer.headers["cache-control"] == "public, max-age=0, s-maxage=1, stale-if-error=60"
        assert {"authorization", "x-api-key"} <= set(answer.headers["vary"].lower().split(", "))
        assert answer.headers["cache-groups"] == '"source"'
        assert "surrogate-key" not in answer.headers and "x-accel-expires" not in answer.headers


@pytest.mark.full
async def test_equal_requests_at_once_are_fetched_once(setup: Setup) -> None:
    path = "/v2/events?limit=100&include=figures,quotes"
    answers = await asyncio.gather(*(setup.get(path) for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    # A second may end in between.
    assert len(await setup.received()) <= 8


@pytest.mark.full
async def test_a_load_is_visible_after_a_second(setup: Setup) -> None:
    stopped = asyncio.Event()

    async def keep_warm() -> None:
        while not stopped.is_set():
            await setup.get()
            await asyncio.sleep(0.01)

    warm = asyncio.create_task(keep_warm())
    try:
        # At another part of the second each time, because nginx counts whole seconds.
        for number in range(8):
            await asyncio.sleep(1 + number / 8 - time.time() % 1)
            name = await setup.write()
            await asyncio.sleep(1 + OLDEST)
            assert name_of(await setup.get()) == name
    finally:
        stopped.set()
        await warm
    states = Counter([(await setup.get()).headers["x-cache"] for _ in range(50)])
    assert states["HIT"], states


@pytest.mark.full
async def test_an_answer_that_was_fetched_as_a_second_began_does_not_last_for_two(setup: Setup) -> None:
    for _ in range(4):
        # What is kept is too old by then.
        await asyncio.sleep(2 - time.time() % 1)
        await setup.get()
        name = await setup.write()
        await asyncio.sleep(1 + OLDEST)
        assert name_of(await setup.get()) == name


@pytest.mark.full
async def test_callers_with_a_key_never_get_a_shared_answer(setup: Setup, key: str) -> None:
    for name, value in (("Authorization", f"Bearer {key}"), ("X-API-Key", key)):
        for _ in range(10):
            first = await setup.warm()
            answer = await setup.get(**{name.replace("-", "_"): value})
            assert answer.status_code == 200 and answer.content == first.content
            assert answer.headers.get("x-cache") != "HIT"
            assert set(answer.headers) >= OF_LIMITS
            assert answer.headers["cache-control"] == "private, no-cache"
            # Nor does anybody get theirs.
            anonymous = await setup.get()
            assert not OF_LIMITS & set(anonymous.headers)
            unchanged = await setup.get(**{name.replace("-", "_"): value, "If_None_Match": answer.headers["etag"]})
            assert unchanged.status_code == 304 and unchanged.headers["cache-control"] == "private, no-cache"
    await asyncio.sleep(0.2)
    keyed = [line for line in await setup.received(40) if not str(line.get("caller", "")).startswith("ip:")]
    assert len(keyed) == 40
    # The 304 came from the service, where it is free.
    assert sum(line["status"] == 304 and not line["price"] for line in keyed) == 20
    assert (await setup.get(X_API_Key="bak_live_wrong")).status_code == 401
    assert (await setup.get()).status_code == 200


@pytest.mark.full
async def test_head_and_conditional_requests_and_ranges_are_answered_from_the_cache(setup: Setup) -> None:
    first = await setup.warm()
    head = await setup.client.head(SOURCES)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]
    unchanged = await setup.get(If_None_Match=first.headers["etag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    for name in ("etag", "cache-control", "vary"):
        assert unchanged.headers[name] == first.headers[name] == head.headers[name]
    for answer in (head, unchanged):
        assert not OF_LIMITS & set(answer.headers)
    whole = await setup.get(Accept_Encoding="identity")
    part = await setup.get(Accept_Encoding="identity", Range="bytes=2-9")
    assert (part.status_code, part.content) in ((206, whole.content[2:10]), (200, whole.content))
    assert not OF_LIMITS & set(part.headers)


@pytest.mark.full
async def test_each_form_of_an_answer_is_kept_by_itself(setup: Setup) -> None:
    path = "/v2/events?limit=20"
    for _ in range(5):
        packed, plain = await setup.get(path, Accept_Encoding="gzip"), await setup.get(path, Accept_Encoding="identity")
        assert packed.headers.get("content-encoding") == "gzip" and "content-encoding" not in plain.headers
        assert packed.json() == plain.json()
        table = await setup.get(path, Accept="text/csv")
        assert table.headers["content-type"].startswith("text/csv") and set(table.headers) >= OF_LIMITS
        assert (await setup.get(path)).headers["content-type"] == "application/json"


@pytest.mark.full
async def test_errors_and_graphql_and_exports_are_not_shared(setup: Setup) -> None:
    paths = {
        "/v2/sources/src_00000000000000000000000000": 404,
        "/v2/sources?limit=0": 400,
        "/v2/graphql?query={sources(first:1){nodes{id}}}": 200,
        "/v2/sources.csv": 200,
    }
    for path, status in paths.items():
        for _ in range(4):
            answer = await setup.get(path)
            assert answer.status_code == status and set(answer.headers) >= OF_LIMITS, path
            assert answer.headers.get("x-cache") != "HIT"
    assert len(await setup.received(4 * len(paths))) == 4 * len(paths)


@pytest.mark.full
async def test_only_the_machine_itself_drops_answers(setup: Setup) -> None:
    # The client of these tests has an address before that of the machine, as behind another proxy.
    first = await setup.warm()
    if setup.at.cache == "nginx":
        assert (await setup.get(X_Renew="1")).headers["x-cache"] != "BYPASS"
    else:
        for headers in ({}, {"Surrogate-Key": "source"}):
            assert (await setup.client.request("PURGE", SOURCES, headers=headers)).status_code == 403
    assert first.status_code == 200


@pytest.mark.full
async def test_an_operator_drops_answers_before_they_are_old(setup: Setup) -> None:
    async with httpx2.AsyncClient(verify=False, base_url=setup.at.address) as operator:
        await drop_answers(setup, operator)


async def drop_answers(setup: Setup, operator: httpx2.AsyncClient) -> None:
    for _ in range(4):
        await setup.warm()
        name = await setup.write()
        await asyncio.sleep(OLDEST)
        if setup.at.cache == "nginx":
            assert (await operator.get(SOURCES, headers={"X-Renew": "1"})).headers["x-cache"] == "BYPASS"
        else:
            await setup.warm()
            other = await operator.request("PURGE", "/", headers={"Surrogate-Key": "claim"})
            dropped = await operator.request("PURGE", "/", headers={"Surrogate-Key": "claim source"})
            assert (other.status_code, dropped.status_code) == (200, 200)
            assert other.reason_phrase == "Purged 0" and dropped.reason_phrase != "Purged 0"
            await setup.warm()
            by_url = await operator.request("PURGE", SOURCES)
            assert by_url.status_code == 200
            assert (await setup.get()).headers["x-cache"] == "MISS"
        assert name_of(await setup.get()) == name


@pytest.mark.full
async def test_an_answer_that_is_too_old_is_validated_for_free(setup: Setup) -> None:
    for _ in range(3):
        first = await setup.get()
        await asyncio.sleep(2.1)
    statuses = [line["status"] for line in await setup.received(3)]
    assert statuses in ([200, 304, 304], [304, 304, 304])
    assert first.status_code == 200 and not OF_LIMITS & set(first.headers)


@pytest.mark.full
@pytest.mark.parametrize("cache", CACHES)
async def test_kept_answers_are_given_while_the_service_is_away(
    cache: str, debian: Callable[..., Program], sample: str
) -> None:
    with cached(cache, debian, sample) as running:
        async with set_up(running) as setup:
            first = await setup.warm()
            running.served.process.kill()
            running.served.process.wait()
            for _ in range(6):
                await asyncio.sleep(0.5)
                answer = await setup.get()
                assert answer.status_code == 200 and answer.content == first.content
                # What is not kept is an error.
                assert (await setup.get("/v2/places?limit=7")).status_code in (502, 503, 504)
                assert (await setup.get(X_API_Key="bak_live_wrong")).status_code in (502, 503, 504)
