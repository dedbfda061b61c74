"""The price of a search follows from its words: Postgres' work to read them, and the reads of its index of words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from api.compiler import compile_query
from api.query import words
from tests.hostile.effort.measure import Request, connect, measure

RECORDS = 3_000
BEGINNINGS = [f"{first}{second}a" for first in "bcdfghklmn" for second in "aeiou"]
CHINESE = "".join(chr(0x4E00 + n) for n in range(500))


@pytest.fixture(scope="module")
async def connection(new_store: Callable[..., Awaitable[str]]) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to a store of sources. Each has a word for each of the beginnings."""
    url = await new_store()
    writer = await asyncpg.connect(url)
    await writer.execute(
        """
        insert into store.source (id, name, name_key, kind, description, created_at, updated_at, digest, since)
        select 'src_' || lpad(n::text, 26, '0'), 'Source ' || n, '\\x00', 'person',
            (select string_agg(beginning || n % 40, ' ') from unnest($1::text[]) beginning), now(), now(), '\\x00', 1
        from generate_series(1, $2::int) n
        """,
        BEGINNINGS,
        RECORDS,
    )
    await writer.execute("vacuum (analyze) store.source")
    await writer.close()
    connection = await connect(url)
    yield connection
    await connection.close()


def searching(text: str, *, size: int = 1) -> Request:
    return Request(f"/sources?limit={size}&q={quote(text)}")


async def test_beginnings_of_words_are_charged_even_if_another_word_excludes_all(
    connection: asyncpg.Connection[Any],
) -> None:
    """The index reads all matches of the beginnings, but Postgres only counts those that are left: none."""
    word = await measure(connection, searching("zzzz"))
    many = await measure(connection, searching("zzzz " + " ".join(f"{beginning}*" for beginning in BEGINNINGS)))
    assert word is not None and many is not None
    assert many.buffers > 5 * word.buffers
    assert many.buffers / many.points <= 40 / 3 + word.buffers / word.points


@pytest.mark.parametrize("text", ["zzz_b*", "b\u0640\u0640*", "zzʼb*", "b\u0651\u0640\u0640\u0640*"])
async def test_no_sign_that_postgres_leaves_out_makes_a_beginning_longer(
    connection: asyncpg.Connection[Any], text: str
) -> None:
    query = await connection.fetchval("select store.search_query($1, 'en')::text", list(words.terms(text)))
    assert ":*" not in query


@pytest.mark.parametrize("text", ["bca*", "zzz-bca*", "zzz_bca*", "b\u0640ca*"])
async def test_three_letters_are_enough_for_a_beginning(connection: asyncpg.Connection[Any], text: str) -> None:
    query = await connection.fetchval("select store.search_query($1, 'en')::text", list(words.terms(text)))
    assert query.endswith("'bca':*")


@pytest.mark.parametrize("text", [" ".join(["ab"] * 160), CHINESE, f'"{" ".join(["ab"] * 160)}"'])
async def test_the_words_of_a_search_cost_points_even_where_it_finds_nothing(
    connection: asyncpg.Connection[Any], text: str
) -> None:
    work = await measure(connection, searching(text))
    assert work is not None and work.points >= words.count(text) // 20


async def test_each_search_of_a_filter_is_a_test() -> None:
    """Reading a search takes as long as reading other tests, so each counts towards the limit of tests in a filter."""
    languages = [f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh"]
    searches = [{"search": {"text": "word", "language": language}} for language in languages]

    def search_request(count: int) -> Request:
        document = "query($f: EventFilter) { events(first: 1, filter: $f) { nodes { id } } }"
        return Request(document, {"f": {"or": searches[:count]}})

    assert search_request(60).query() is not None
    assert search_request(61).query() is None


async def test_a_text_is_divided_into_terms_once() -> None:
    """A statement names a search several times, but its text is divided only once."""
    words.terms.cache_clear()
    query = Request("/events?count=exact&q=" + quote("one two three")).query()
    assert query is not None
    assert compile_query(query).sql.count("store.search_query") > 2
    assert words.terms.cache_info().misses == 1


async def test_the_pieces_of_long_values_are_counted(new_store: Callable[..., Awaitable[str]]) -> None:
    """A search tests the words of each record that it looks at. Long texts have theirs outside the row."""
    url = await new_store()
    writer = await asyncpg.connect(url)
    await writer.execute(
        """
        insert into store.source (id, name, name_key, kind, created_at, updated_at, digest, since)
        values ('src_' || repeat('0', 26), 'Source', '\\x00', 'outlet', now(), now(), '\\x00', 1);
        insert into store.briefing
            (id, title, summary, language, publisher_id, published_at, created_at, updated_at, digest, since)
        select 'brf_' || lpad(n::text, 26, '0'), 'Briefing ' || n,
            (select string_agg(md5(n || ' ' || word), ' ') from generate_series(1, 200) word), 'en',
            'src_' || repeat('0', 26), now(), now(), now(), '\\x00', 1
        from generate_series(1, 500) n;
        """
    )
    await writer.execute("vacuum (analyze) store.briefing")
    await writer.close()
    reader = await connect(url)
    work = await measure(reader, Request("/briefings?limit=50&q=zzzz"))
    await reader.close()
    assert work is not None
    # The first 400 briefings are looked at. Counted as rows alone they would cost 10 points.
    assert work.buffers > 1_000 and work.buffers / work.points <= 87
