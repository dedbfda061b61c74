"""A text that was compressed once is valid gzip with any end."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.gzip_prefix import MAX_STORED, THREAD_FROM, pack


@given(text=st.binary(max_size=4000), ends=st.lists(st.binary(max_size=300), min_size=1, max_size=3))
async def test_each_end_follows_the_text(text: bytes, ends: list[bytes]) -> None:
    prefix = await pack(text)
    for end in ends:
        # The archive has one member and ends with the data, so readers that stop after one member read all of it.
        reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
        assert reader.decompress(prefix.with_end(end)) == text + end
        assert reader.eof
        assert not reader.unused_data
        assert gzip.decompress(prefix.with_end(end)) == text + end


async def test_a_long_text_is_packed_as_well() -> None:
    text = b'{"title":"river"},' * (THREAD_FROM // 10)
    prefix = await pack(text)
    assert gzip.decompress(prefix.with_end()) == text
    assert len(prefix.with_end()) < len(text) / 50


async def test_an_end_is_short() -> None:
    prefix = await pack(b"text")
    assert gzip.decompress(prefix.with_end(b"x" * MAX_STORED)) == b"text" + b"x" * MAX_STORED
    with pytest.raises(AssertionError):
        prefix.with_end(b"x" * (MAX_STORED + 1))
