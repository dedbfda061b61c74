"""nginx and Caddy in front of two instances: their files are valid, and a rolling restart costs no caller an answer."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Thread
from typing import IO

import httpx2
import pytest

from api.ingest.load import load
from tests.clients import ROOT
from tests.conftest import SAMPLE
from tests.debian import Program
from tests.deploy.conftest import DEPLOY, check
from tests.lifecycle.trees import briefing, copy_tree
from tests.ports import free_port
from tests.serving import launch_from, serving

NGINX = DEPLOY / "nginx"
UPSTREAMS = ("upstream.conf", "upstream-compose.conf")
HTTP = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
daemon off;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""
# Requests of one client while the instances restart, and clients at once.
CLIENTS = 8


@pytest.fixture(scope="module")
def nginx(debian: Callable[..., Program]) -> Program:
    return debian("nginx")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the workers of nginx can enter, which run as another account than root."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def configure(folder: Path, upstream: str, ports: dict[str, int]) -> Path:
    """Write the configuration of a whole nginx from the files of docs/deploy, with other ports and a certificate of its
    own."""
    (folder / "conf.d").mkdir()
    make_certificate(folder)
    for name in (upstream, "briefing.conf"):
        text = (NGINX / name).read_text(encoding="utf-8").replace("/etc/nginx/tls", str(folder))
        for documented, port in ports.items():
            assert name != upstream or documented in text or documented.startswith("listen"), documented
            replacement = f"{documented.rpartition(':')[0]}:{port}" if ":" in documented else f"listen {port}"
            text = text.replace(documented, replacement)
        (folder / "conf.d" / name).write_text(text)
    (folder / "nginx.conf").write_text(HTTP.format(folder=folder))
    return folder / "nginx.conf"


def make_certificate(folder: Path) -> None:
    """Write a certificate and its key under the names that the files use."""
    request = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout privkey.pem -out fullchain.pem"
    subprocess.run(["openssl", *request.split()], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_nginx_accepts_the_files(nginx: Program, folder: Path, upstream: str) -> None:
    path = configure(folder, upstream, {"listen 80": free_port(), "listen 443": free_port()})
    code, output = check(nginx, "-t", "-q", "-c", path)
    assert (code, output) == (0, "")


def test_nginx_refuses_a_fault(nginx: Program, folder: Path) -> None:
    path = configure(folder, UPSTREAMS[0], {"listen 80": free_port(), "listen 443": free_port()})
    wrong = folder / "conf.d" / "briefing.conf"
    wrong.write_text(wrong.read_text().replace("proxy_next_upstream_tries", "proxy_next_upstream_tires"))
    assert check(nginx, "-t", "-q", "-c", path)[0] == 1


@contextmanager
def proxy(nginx: Program, folder: Path, instances: list[int]) -> Iterator[str]:
    """Run nginx in front of two instances, and yield its address."""
    port = free_port()
    addresses = {"127.0.0.1:8001": instances[0], "127.0.0.1:8002": instances[1]}
    path = configure(folder, "upstream.conf", addresses | {"listen 80": free_port(), "listen 443": port})
    # Only this machine may connect.
    conf = folder / "conf.d" / "briefing.conf"
    conf.write_text(conf.read_text().replace("listen ", "listen 127.0.0.1:"))
    with subprocess.Popen([nginx.path, "-c", str(path)], env=nginx.environment) as process:
        try:
            yield f"https://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)


async def ready(address: str) -> None:
    async with asyncio.timeout(60), httpx2.AsyncClient(verify=False) as client:
        while True:
            with suppress(httpx2.TransportError):
                if (await client.get(f"{address}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def sample(new_store: Callable[[], Awaitable[str]]) -> str:
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


async def test_the_client_of_a_proxy_is_the_caller(nginx: Program, folder: Path, sample: str) -> None:
    with TemporaryFile("w+") as log, service(sample, log) as port, proxy(nginx, folder, [port, port]) as address:
        await ready(address)
        async with httpx2.AsyncClient(verify=False, base_url=address) as client:
            export = await client.get("/v2/events.ndjson?limit=3")
            answer = await client.get("/v2/events?limit=1", headers={"X-Forwarded-For": "203.0.113.9"})
            large = await client.get("/v2/events?" + "limit=1&" * 1100)
        log.seek(0)
        lines = [json.loads(line) for line in log if '"event":"request"' in line.replace(": ", ":")]
    assert (export.status_code, export.text.count("\n")) == (200, 3)
    assert answer.status_code == 200
    # nginx appends the address that it sees. That one is trusted, so the one before it counts.
    callers = {line["request_id"]: line.get("caller") for line in lines}
    assert callers[answer.headers["x-request-id"]] == "ip:203.0.113.9"
    assert large.status_code == 414 and large.headers["content-type"] == "application/problem+json"


@contextmanager
def service(url: str, log: IO[str]) -> Iterator[int]:
    settings = {"trusted_proxies": "127.0.0.1", "limits": True, "log_format": "json"}
    with serving(url, log, **settings) as served:
        yield served.port


@contextmanager
def breaking_off() -> Iterator[tuple[int, list[bytes]]]:
    """Run an instance that receives a request and ends before it answers. Yield its port, and the heads of requests."""
    received: list[bytes] = []

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            received.append(self.request.recv(65536).partition(b"\r\n")[0])

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], received
        finally:
            server.shutdown()


async def test_only_what_reads_is_sent_again_to_the_other_instance(nginx: Program, folder: Path, sample: str) -> None:
    with ExitStack() as running:
        served = running.enter_context(serving(sample))
        broken, received = running.enter_context(breaking_off())
        address = running.enter_context(proxy(nginx, folder, [broken, served.port]))
        await ready(address)
        async with httpx2.AsyncClient(verify=False, base_url=address) as client:
            document = {"query": "{events(first:1){nodes{id}}}"}
            lists = [(await client.get("/v2/events?limit=1")).status_code for _ in range(4)]
            graphql = [(await client.post("/v2/graphql", json=document)).status_code for _ in range(4)]
            changes = [(await client.post("/admin/keys", json={})).status_code for _ in range(4)]
    assert set(lists) == set(graphql) == {200}
    # The broken instance may have made the key.
    assert set(changes) == {401, 502}
    assert {head.split()[0] + b" " + head.split()[1].partition(b"?")[0] for head in received} >= {
        b"GET /v2/events", b"POST /v2/graphql", b"POST /admin/keys",
    }  # fmt: skip


class Load:
    """Clients that send lists, records and GraphQL through the proxy until they are stopped, and what they got."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: Counter[str] = Counter()
        self._stopped = False
        self._numbers = count()

    async def client(self) -> None:
        async with httpx2.AsyncClient(verify=False, base_url=self.address, timeout=30) as client:
            while not self._stopped and self.answers.total() < 50_000:
                await self._send(client, next(self._numbers))

    async def _send(self, client: httpx2.AsyncClient, number: int) -> None:
        # Each request is a new one, so that each is read from the store.
        moment = f"2000-01-01T00:00:00.{number:06d}Z"
        try:
            if number % 3:
                answer = await client.get(f"/v2/events?limit=5&updated_at_gte={moment}")
            else:
                document = f'{{events(first:5,filter:{{updatedAt:{{gte:"{moment}"}}}}){{nodes{{id}}}}}}'
                answer = await client.post("/v2/graphql", json={"query": document})
            good = answer.status_code == 200 and "errors" not in json.loads(answer.text)
            self.answers["good" if good else f"{answer.status_code} {answer.text[:200]}"] += 1
        except httpx2.TransportError as error:
            self.answers[repr(error)] += 1

    def stop(self) -> None:
        self._stopped = True


@asynccontextmanager
async def loaded(address: str) -> AsyncIterator[Load]:
    load = Load(address)
    clients = [asyncio.create_task(load.client()) for _ in range(CLIENTS)]
    try:
        yield load
    finally:
        load.stop()
        await asyncio.gather(*clients)


class Instances:
    """Two instances of the service, each of which can be replaced by one of another tree."""

    def __init__(self, url: str, workers: int) -> None:
        self.ports = [free_port(), free_port()]
        self._url = url
        self._workers = workers
        self._stack = ExitStack()
        self._running: dict[int, subprocess.Popen[str]] = {}

    async def start(self, port: int, tree: Path = ROOT, **chosen: object) -> None:
        settings = {"port": port, "workers": self._workers, "trusted_proxies": "127.0.0.1", **chosen}
        process = launch_from(tree, self._url, subprocess.DEVNULL, **settings)
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        self._running[port] = process
        await ready(f"http://127.0.0.1:{port}")

    async def replace(self, tree: Path = ROOT, **chosen: object) -> None:
        """End and start one after the other, as docs/upgrading.md says."""
        for port in self.ports:
            self._running[port].send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(self._running[port].wait, 40) == 0
            await self.start(port, tree, **chosen)
            await asyncio.sleep(0.5)

    async def __aenter__(self) -> Instances:
        for port in self.ports:
            await self.start(port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stack.close()


@pytest.mark.full
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_rolling_restart_behind_nginx_costs_no_caller_an_answer(
    nginx: Program, folder: Path, sample: str, workers: int
) -> None:
    async with Instances(sample, workers) as instances:
        with proxy(nginx, folder, instances.ports) as address:
            await restart_under_load(instances, address)


@pytest.mark.full
async def test_a_rolling_restart_behind_caddy_costs_no_caller_an_answer(
    debian: Callable[..., Program], folder: Path, sample: str
) -> None:
    async with Instances(sample, 2) as instances:
        with caddy_proxy(debian("caddy"), folder, instances.ports) as address:
            await restart_under_load(instances, address)


async def restart_under_load(instances: Instances, address: str) -> None:
    await ready(address)
    async with loaded(address) as load:
        await asyncio.sleep(1)
        await instances.replace()
    assert set(load.answers) == {"good"}, load.answers
    assert load.answers["good"] > 200


@contextmanager
def caddy_proxy(caddy: Program, folder: Path, instances: list[int]) -> Iterator[str]:
    """Run Caddy in front of two instances, without TLS, and yield its address."""
    address = f"http://127.0.0.1:{free_port()}"
    text = (DEPLOY / "caddy" / "Caddyfile").read_text(encoding="utf-8")
    for documented, replacement in zip(
        ("briefing.example.org", "127.0.0.1:8001", "127.0.0.1:8002"),
        (address, *(f"127.0.0.1:{port}" for port in instances)),
        strict=True,
    ):
        assert documented in text
        text = text.replace(documented, replacement)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n" + text)
    environment = {**caddy.environment, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [caddy.path, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield address
        finally:
            process.send_signal(signal.SIGTERM)


def next_release(copy: Path) -> Path:
    """Make a tree of a release with one more migration, and with views that were written anew."""
    tree = copy_tree(copy)
    (tree / "sql/migrations/0999_next.sql").write_text("alter table store.event add column of_the_next_release text;\n")
    for path in (tree / "sql").glob("v*/event.sql"):
        path.write_text(path.read_text(encoding="utf-8") + "-- As of the next release.\n")
    return tree


@pytest.mark.full
async def test_an_upgrade_and_the_way_back_behind_nginx_cost_no_caller_an_answer(
    nginx: Program, folder: Path, fresh_database: Callable[..., Awaitable[str]], sample: str, tmp_path: Path
) -> None:
    url = await fresh_database(sample)
    tree = next_release(tmp_path / "next")
    async with Instances(url, 1) as instances:
        with proxy(nginx, folder, instances.ports) as address:
            await ready(address)
            async with loaded(address) as load:
                await asyncio.sleep(1)
                migrated = await asyncio.to_thread(briefing, tree, "migrate", url=url)
                assert migrated.returncode == 0 and "0999_next" in migrated.stdout, migrated.stderr
                await asyncio.sleep(1)
                await instances.replace(tree)
                await instances.replace(ROOT, allow_newer_store="on")
    assert set(load.answers) == {"good"}, load.answers
    assert load.answers["good"] > 200


@pytest.mark.full
def test_caddy_accepts_the_file(debian: Callable[..., Program], tmp_path: Path) -> None:
    caddy = debian("caddy")
    where = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    tool = Program(caddy.path, {**caddy.environment, **where})
    arguments = ("--config", DEPLOY / "caddy" / "Caddyfile", "--adapter", "caddyfile")
    code, output = check(tool, "validate", *arguments)
    assert code == 0 and "Valid configuration" in output, output
    code, output = check(tool, "adapt", *arguments)
    assert code == 0 and "warn" not in output.lower()
    text = json.dumps(json.loads(output.splitlines()[-1]))
    assert all(f'"dial": "127.0.0.1:{port}"' in text for port in (8001, 8002)) and '"/readyz"' in text
    assert check(tool, "fmt", "--diff", DEPLOY / "caddy" / "Caddyfile")[0] == 0
