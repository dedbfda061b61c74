"""The clients are installed from the service that they call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from api.errors import SettingsError
from api.pages.sdk import routes
from tests.serving import serving


@pytest.fixture(scope="module")
def folder(sdk_packages: Path) -> Path:
    """The folder with the built clients."""
    return sdk_packages


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """The address of a service that offers the clients. It needs no store for that."""
    with serving("postgresql://briefing@127.0.0.1:1/none", sdk_dir=folder) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_the_page_leads_to_each_file(address: str, folder: Path) -> None:
    page = httpx2.get(f"{address}/sdk")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for kind in ("*.whl", "*.tgz"):
        (file,) = folder.glob(kind)
        assert f'href="sdk/{file.name}"' in page.text
        answer = httpx2.get(f"{address}/sdk/{file.name}")
        assert sha256(answer.content).digest() == sha256(file.read_bytes()).digest()
        again = httpx2.get(f"{address}/sdk/{file.name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert httpx2.get(f"{address}/sdk/../../etc/passwd").status_code == 404


def test_pip_takes_the_client_from_the_index(address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    command += ["--index-url", f"{address}/sdk/simple/", "--dest", str(tmp_path), "briefing-sdk"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.iterdir()
    assert wheel.name.startswith("briefing_sdk-") and wheel.suffix == ".whl"


def test_without_a_folder_there_is_no_page(service_url: str) -> None:
    assert httpx2.get(f"{service_url}/sdk").status_code == 404


def test_a_folder_without_clients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there are no clients in"):
        routes(tmp_path, "")
