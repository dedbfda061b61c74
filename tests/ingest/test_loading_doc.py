"""docs/loading.md is true: its example is refused and then loaded as it says, and its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from api.errors import LoadError
from api.ingest.converter import CONVERTERS
from api.ingest.declaration import DECLARED, STEERING
from api.ingest.load import Manner, load
from api.ingest.mapping import shipped

TEXT = (Path(__file__).parents[2] / "docs" / "loading.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


async def test_the_example_is_refused_and_then_loaded_as_it_says(
    store: str, tmp_path: Path, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (wrong, mended), (refused, told) = blocks("toml"), blocks("text")
    Path("strikes.csv").write_text(blocks("csv")[0])
    Path("strikes.toml").write_text(wrong)
    manner = Manner("./strikes.toml")
    with pytest.raises(LoadError) as caught:
        await load(["strikes.csv"], store, manner=manner)
    assert caught.value.faults[0] == refused.strip()
    Path("strikes.toml").write_text(wrong.replace(wrong.splitlines(keepends=True)[-1], "\n" + mended))
    summary = await load(["strikes.csv"], store, manner=manner)
    assert summary.notes == tuple(told.splitlines())
    (figure,) = await rows("select value, as_of from v1.figure")
    assert (int(figure["value"]), str(figure["as_of"])) == (1200, "2022-02-24")
    assert len(await rows("select * from v1.event")) == len(await rows("select * from v1.source")) == 2


def test_every_conversion_has_its_meaning_in_the_table() -> None:
    table = TEXT.partition("<!-- conversions -->")[2].partition("<!-- end -->")[0]
    found = dict(re.findall(r"^\| `(\w+)[^|]*\| (.*) \|$", table, re.M))
    assert found == {name: one.meaning for name, one in CONVERTERS.items()}


def test_every_word_of_a_mapping_is_explained() -> None:
    for word in (*DECLARED, *STEERING, *shipped()):
        assert re.search(rf"[`{{ ]{word}[`= :]", TEXT), word
