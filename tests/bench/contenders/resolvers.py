"""An alternative with resolvers: Strawberry with data loaders, one query a level, directly on asyncpg."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import strawberry
import uvicorn
from fastapi import FastAPI
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import BaseContext, GraphQLRouter

PORT, HOST, POOL = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

EVENTS = """
    select id::text, title::text, kind::text, starts_at::timestamptz from store.event
    where withdrawn is null and briefing_id = $1 order by starts_at desc nulls last, id desc limit $2"""
CITATIONS = """
    select record_id as parent, stance::text, source_id::text from store.citation
    where record_id = any($1) and position < 20 order by record_id, position"""
SOURCES = "select id::text, name::text, kind::text from store.source where id = any($1) and withdrawn is null"
QUOTES = """
    select parent, quote.* from unnest($1::text[]) as parent cross join lateral (
        select text::text, speaker_id::text from store.quote where event_id = parent and withdrawn is null
        order by said_at desc nulls last, id desc limit 10) as quote"""
FIGURES = """
    select parent, figure.* from unnest($1::text[]) as parent cross join lateral (
        select measure::text, value::float8, value_text::text from store.figure
        where event_id = parent and withdrawn is null order by as_of desc nulls last, id desc limit 10) as figure"""


class Context(BaseContext):
    """The loaders of one request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__()
        self.pool = pool
        self.citations = DataLoader(load_fn=self._many(CITATIONS, Citation, ("stance", "source_id")))
        self.quotes = DataLoader(load_fn=self._many(QUOTES, Quote, ("text", "speaker_id")))
        self.figures = DataLoader(load_fn=self._many(FIGURES, Figure, ("measure", "value", "value_text")))
        self.sources = DataLoader(load_fn=self._sources)

    def _many(self, sql: str, kind: type, names: tuple[str, ...]) -> Callable[[list[str]], Any]:
        async def load(keys: list[str]) -> list[list[Any]]:
            groups = defaultdict(list)
            for row in await self.pool.fetch(sql, keys):
                groups[row["parent"]].append(kind(**{name: row[name] for name in names}))
            return [groups[key] for key in keys]

        return load

    async def _sources(self, keys: list[str]) -> list[Source | None]:
        sources = {
            row["id"]: Source(name=row["name"], kind=row["kind"]) for row in await self.pool.fetch(SOURCES, keys)
        }
        return [sources.get(key) for key in keys]


Info = strawberry.Info[Context, None]


@strawberry.type
class Source:
    name: str | None
    kind: str


@strawberry.type
class Citation:
    stance: str
    source_id: strawberry.ID

    @strawberry.field
    async def source(self, info: Info) -> Source | None:
        return await info.context.sources.load(self.source_id)


@strawberry.type
class Quote:
    text: str
    speaker_id: strawberry.ID


@strawberry.type
class Figure:
    measure: str
    value: float | None
    value_text: str | None


@strawberry.type
class CitationSet:
    nodes: list[Citation]


@strawberry.type
class QuoteSet:
    nodes: list[Quote]


@strawberry.type
class FigureSet:
    nodes: list[Figure]


@strawberry.type
class Event:
    id: strawberry.ID
    title: str
    kind: str
    starts_at: datetime | None

    @strawberry.field
    async def citations(self, info: Info) -> CitationSet:
        return CitationSet(nodes=await info.context.citations.load(self.id))

    @strawberry.field
    async def quotes(self, info: Info) -> QuoteSet:
        return QuoteSet(nodes=await info.context.quotes.load(self.id))

    @strawberry.field
    async def figures(self, info: Info) -> FigureSet:
        return FigureSet(nodes=await info.context.figures.load(self.id))


@strawberry.type
class EventSet:
    nodes: list[Event]


@strawberry.input(name="IDTest")
class IdTest:
    in_: list[strawberry.ID] = strawberry.field(name="in")


@strawberry.input
class EventFilter:
    briefing_id: IdTest


@strawberry.type
class Query:
    @strawberry.field
    async def events(self, info: Info, filter: EventFilter, first: int = 50) -> EventSet:
        rows = await info.context.pool.fetch(EVENTS, filter.briefing_id.in_[0], first)
        return EventSet(nodes=[Event(**row) for row in rows])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = {"jit": "off", "timezone": "UTC"}
    app.state.pool = await asyncpg.create_pool(
        host=HOST, user="briefing", database="briefing", min_size=POOL, max_size=POOL, server_settings=settings
    )
    yield
    await app.state.pool.close()


async def context() -> Context:
    return Context(app.state.pool)


app = FastAPI(lifespan=lifespan)
schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])
app.include_router(GraphQLRouter(schema, context_getter=context), prefix="/v1/graphql")

if __name__ == "__main__":
    print(f"http://127.0.0.1:{PORT}", flush=True)
    uvicorn.run(app, port=PORT, loop="uvloop", http="httptools", access_log=False, log_level="warning")
