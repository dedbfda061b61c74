"""The tables of docs/loading.md are those of the code. Its example is run by tests/guide."""

from __future__ import annotations

import re
from pathlib import Path

from api.ingest.converters import CONVERTERS
from api.ingest.field_table import field_tables
from api.ingest.mapping import shipped
from api.ingest.mapping_compiler import STEERING
from api.ingest.mapping_heading import DECLARED

TEXT = (Path(__file__).parents[2] / "docs" / "loading.md").read_text(encoding="utf-8")


def test_every_conversion_has_its_meaning_in_the_table() -> None:
    table = TEXT.partition("<!-- conversions -->")[2].partition("<!-- end -->")[0]
    meanings = dict(re.findall(r"^\| `(\w+)[^|]*\| (.*) \|$", table, re.M))
    assert meanings == {name: converter.meaning for name, converter in CONVERTERS.items()}


def test_the_fields_of_every_record_are_listed() -> None:
    table = TEXT.partition("<!-- fields -->\n")[2].partition("\n<!-- end fields -->")[0]
    assert table == "\n".join(field_tables()).strip()


def test_every_word_of_a_mapping_is_explained() -> None:
    for word in (*DECLARED, *STEERING, *shipped()):
        assert re.search(rf"[`{{ ]{word}[`= :]", TEXT), word
