"""Many events, made in the store itself, to measure what an export of any size takes."""

from __future__ import annotations

import asyncpg

EVENTS = """
insert into store.event (id, created_at, updated_at, digest, since, kind, title, summary, starts_at, time_precision,
    status, tags, language)
select 'evt_' || left(md5(n::text), 26), now(), now(), '\\x00', 1, 'shelling', 'Event number ' || n,
    'Something that happened, told in a sentence or two, so that a record has the size of records: ' || md5(n::text),
    '2022-01-01'::timestamptz + (hashint4(n) % 100000) * interval '1 minute', 'minute', 'occurred', '{talks}', 'en'
from generate_series(1, $1::int) as n
"""
SOURCE = """
insert into store.source (id, created_at, updated_at, digest, since, name, name_key, kind)
values ('src_00000000000000000000000000', now(), now(), '\\x00', 1, 'Somebody', '\\x00', 'person')
"""
CITATIONS = """
insert into store.citation (record_id, position, since, source_id, stance, statement)
select id, position, 1, 'src_00000000000000000000000000', 'asserts', 'Somebody says so.'
from store.event, generate_series(0, 1) as position
"""


async def crowd(url: str, events: int) -> None:
    """Insert this many events, with two citations each."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SOURCE)
        await connection.execute(EVENTS, events)
        await connection.execute(CITATIONS)
        await connection.execute("analyze store.event; analyze store.citation")
    finally:
        await connection.close()
