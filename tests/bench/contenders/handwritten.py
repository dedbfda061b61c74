"""A hand-written alternative: FastAPI, SQLAlchemy 2 with asyncpg, pydantic models. One session a request, children by
selectinload, a keyset page, the response serialised by pydantic's own JSON writer.
"""

from __future__ import annotations

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict
from sqlalchemy import JSON, DateTime, ForeignKey, Text, and_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

PORT, HOST, POOL = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
engine = create_async_engine(
    f"postgresql+asyncpg://briefing@/briefing?host={HOST}",
    pool_size=POOL,
    max_overflow=0,
    connect_args={"server_settings": {"jit": "off", "timezone": "UTC"}},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    type_annotation_map = {list[str]: ARRAY(Text), list[Any]: JSON, datetime: DateTime(timezone=True)}  # noqa: RUF012
    __table_args__ = {"schema": "store"}  # noqa: RUF012


class Place(Base):
    __tablename__ = "place"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    country: Mapped[str | None] = mapped_column(Text)


class Participant(Base):
    __tablename__ = "participant"
    record_id: Mapped[str] = mapped_column(Text, ForeignKey("store.event.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    source_id: Mapped[str | None] = mapped_column(Text)


class Relation(Base):
    __tablename__ = "relation"
    record_id: Mapped[str] = mapped_column(Text, ForeignKey("store.event.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    relation: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)


class Citation(Base):
    __tablename__ = "citation"
    record_id: Mapped[str] = mapped_column(Text, ForeignKey("store.event.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    source_role: Mapped[str | None] = mapped_column(Text)
    stance: Mapped[str] = mapped_column(Text)
    certainty: Mapped[str | None] = mapped_column(Text)
    statement: Mapped[str | None] = mapped_column(Text)
    medium: Mapped[str | None] = mapped_column(Text)
    excerpt: Mapped[dict[str, str] | None] = mapped_column(JSON)
    source_id: Mapped[str] = mapped_column(Text)
    blames_id: Mapped[str | None] = mapped_column(Text)
    via_ids: Mapped[list[str]]
    document_id: Mapped[str | None] = mapped_column(Text)


class Event(Base):
    __tablename__ = "event"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    withdrawn: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    time_precision: Mapped[str] = mapped_column(Text)
    time_text: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]]
    language: Mapped[str] = mapped_column(Text)
    identifiers: Mapped[list[Any]]
    disputed: Mapped[bool]
    briefing_id: Mapped[str | None] = mapped_column(Text)
    place_id: Mapped[str | None] = mapped_column(Text, ForeignKey("store.place.id"))
    place: Mapped[Place | None] = relationship()
    participants: Mapped[list[Participant]] = relationship(order_by=Participant.position)
    related: Mapped[list[Relation]] = relationship(order_by=Relation.position)
    citations: Mapped[list[Citation]] = relationship(order_by=Citation.position)


class Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ParticipantModel(Model):
    name: str
    role: str
    source_id: str | None


class RelationModel(Model):
    relation: str
    event_id: str


class CitationModel(Model):
    source_role: str | None
    stance: str
    certainty: str | None
    statement: str | None
    medium: str | None
    excerpt: dict[str, str] | None
    source_id: str
    blames_id: str | None
    via_ids: list[str]
    document_id: str | None


def first(rows: Sequence[Any]) -> Sequence[Any]:
    """Return as many children as the service shows with a record."""
    return rows[:20]


class EventModel(Model):
    id: str
    revision: int
    created_at: datetime
    updated_at: datetime
    kind: str
    title: str
    summary: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    time_precision: str
    time_text: str | None
    status: str
    tags: list[str]
    language: str
    identifiers: list[Any]
    disputed: bool
    briefing_id: str | None
    place_id: str | None
    participants: list[ParticipantModel]
    related: list[RelationModel]
    citations: Annotated[list[CitationModel], BeforeValidator(first)]


class Page(Model):
    data: list[EventModel]
    next_cursor: str | None
    has_more: bool


class One(Model):
    data: EventModel


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session)]
CHILDREN = (selectinload(Event.participants), selectinload(Event.related), selectinload(Event.citations))
app = FastAPI()


def after(cursor: str) -> Any:
    """Return the condition for the rows after a cursor, in the order of the list."""
    key, identifier = json.loads(urlsafe_b64decode(cursor))
    if key is None:
        return and_(Event.starts_at.is_(None), Event.id < identifier)
    at = datetime.fromisoformat(key)
    return or_(Event.starts_at < at, and_(Event.starts_at == at, Event.id < identifier), Event.starts_at.is_(None))


def cursor_of(event: Event) -> str:
    key = event.starts_at and event.starts_at.isoformat()
    return urlsafe_b64encode(json.dumps([key, event.id]).encode()).decode()


@app.get("/v1/events")
async def events(
    session: Session,
    kind: Annotated[list[str] | None, Query()] = None,
    country: str | None = None,
    starts_at_lt: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page:
    query = select(Event).where(Event.withdrawn.is_(None)).options(*CHILDREN)
    if kind:
        query = query.where(Event.kind.in_(kind))
    if country:
        query = query.where(Event.place.has(Place.country == country))
    if starts_at_lt:
        query = query.where(Event.starts_at < starts_at_lt)
    if cursor:
        query = query.where(after(cursor))
    query = query.order_by(Event.starts_at.desc().nulls_last(), Event.id.desc()).limit(limit + 1)
    rows = (await session.scalars(query)).all()
    more = len(rows) > limit
    data = [EventModel.model_validate(row) for row in rows[:limit]]
    return Page(data=data, next_cursor=cursor_of(rows[limit - 1]) if more else None, has_more=more)


@app.get("/v1/events/{identifier}")
async def event(session: Session, identifier: str) -> One:
    row = await session.get(Event, identifier, options=CHILDREN)
    if row is None or row.withdrawn:
        raise HTTPException(404)
    return One(data=EventModel.model_validate(row))


if __name__ == "__main__":
    print(f"http://127.0.0.1:{PORT}", flush=True)
    uvicorn.run(app, port=PORT, loop="uvloop", http="httptools", access_log=False, log_level="warning")
