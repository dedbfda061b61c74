"""Version 2 shows the key and the dataset of each record, and version 1 does not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx2

from api.ingest.identity import public_id
from api.ingest.load import load
from api.store.migrate import migrate

BODY = {"resource": "source", "dataset": "d", "name": "Agency", "kind": "news_agency"}
ID = public_id("d", "source", "agency")


async def test_version_2_shows_key_and_dataset_and_version_1_does_not(
    database: str, serving: Callable[[str], AbstractContextManager[httpx2.Client]], tmp_path: Path
) -> None:
    file = tmp_path / "a.ndjson"
    await migrate(database)
    file.write_text(json.dumps(BODY | {"id": ID}), encoding="utf-8")
    await load([str(file)], database)
    with serving(database) as client:
        answer = client.get(f"/v2/sources/{ID}")
        assert (answer.json()["data"]["key"], answer.json()["data"]["dataset"]) == (None, "d")
        file.write_text(json.dumps(BODY | {"key": "agency"}), encoding="utf-8")
        await load([str(file)], database)
        # An answer may be a quarter of a second old.
        for _ in range(100):
            again = client.get(f"/v2/sources/{ID}", headers={"If-None-Match": answer.headers["etag"]})
            if again.status_code != 304:
                break
            time.sleep(0.05)
        assert again.status_code == 200 and again.json()["data"]["key"] == "agency"
        document = f'{{ source(id: "{ID}") {{ key dataset revision }} }}'
        data = client.post("/v2/graphql", json={"query": document}).json()["data"]["source"]
        assert data == {"key": "agency", "dataset": "d", "revision": 1}
        header = client.get("/v2/sources.csv").text.splitlines()[0]
        assert ",key,dataset" in header
        record = client.get(f"/v1/sources/{ID}").json()["data"]
        assert not {"key", "dataset"} & record.keys()
        assert "dataset" not in client.get("/v1/sources.csv").text.splitlines()[0]
