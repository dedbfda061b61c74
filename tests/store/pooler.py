"""A pooler in transaction mode, like pgbouncer: two sessions of Postgres for any number of clients, and another one for
each transaction. It is stricter than pgbouncer, which often happens to give the same session again.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from tests.store.scram import CONTINUED, NAMED, answers, password

SSL_REQUEST, CANCEL_REQUEST = 80877103, 80877102
# The startup parameters that pgbouncer keeps for each client. It refuses any other one.
KNOWN = {"user", "database", "client_encoding", "datestyle", "timezone", "standard_conforming_strings"}
KNOWN |= {"application_name"}
READY = b"Z"

Message = tuple[bytes, bytes]


async def read_message(reader: asyncio.StreamReader) -> Message:
    kind = await reader.readexactly(1)
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


def frame_message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


@dataclass
class Pooler:
    """The pooler over the Postgres at `url`; `transactions` counts how many each session had."""

    url: str
    port: int = 0
    transactions: list[int] = field(default_factory=lambda: [0, 0])
    refusals: set[str] = field(default_factory=set)
    sessions: asyncio.Queue[tuple[int, asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=asyncio.Queue
    )
    greeting: bytes = b""
    clients: set[asyncio.Task[object]] = field(default_factory=set)
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The URL for clients of the pooler."""
        return f"postgresql://{urlsplit(self.url).username}@127.0.0.1:{self.port}{urlsplit(self.url).path}"

    async def connect(self, number: int) -> None:
        """Open a session of Postgres."""
        parts = urlsplit(self.url)
        query = parse_qs(parts.query)
        folder = unquote(query["host"][0])
        reader, writer = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        self.open.append(writer)
        names = f"user\0{parts.username}\0database\0{parts.path[1:]}\0\0".encode()
        writer.write(struct.pack("!ii", len(names) + 8, 196608) + names)
        self.greeting = b""
        scram = answers(password(query))
        while (message := await read_message(reader))[0] != READY:
            assert message[0] != b"E", message
            if message[0] == b"R" and (code := struct.unpack("!i", message[1][:4])[0]):
                # The pooler itself admits its clients. The session has a password of its own.
                if code == NAMED:
                    writer.write(frame_message(b"p", next(scram)))
                elif code == CONTINUED:
                    writer.write(frame_message(b"p", scram.send(message[1])))
                continue
            self.greeting += frame_message(*message)
        await self.sessions.put((number, reader, writer))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        task = asyncio.current_task()
        assert task is not None
        self.clients.add(task)
        self.open.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            if await self._greet(reader, writer):
                while True:
                    await self._transaction(await read_message(reader), reader, writer)
        self.clients.discard(task)
        writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            length, code = struct.unpack("!ii", await reader.readexactly(8))
            rest = await reader.readexactly(length - 8)
            if code == SSL_REQUEST:
                writer.write(b"N")
                continue
            if code == CANCEL_REQUEST:
                return False
            names = {name.decode() for name in rest.split(b"\0")[:-2:2]}
            if strange := {name for name in names if name.lower() not in KNOWN}:
                self.refusals |= strange
                text = f"SFATAL\0C08P01\0Munsupported startup parameter: {min(strange)}\0\0"
                writer.write(frame_message(b"E", text.encode()))
                return False
            writer.write(self.greeting + frame_message(READY, b"I"))
            return True

    async def _transaction(self, first: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first[0] == b"X":
            raise ConnectionResetError
        number, above, up = await self.sessions.get()
        self.transactions[number] += 1
        up.write(frame_message(*first))

        async def forward() -> None:
            while True:
                up.write(frame_message(*await read_message(reader)))

        sending = asyncio.create_task(forward())
        try:
            while True:
                message = await read_message(above)
                writer.write(frame_message(*message))
                await writer.drain()
                if message == (READY, b"I"):
                    break
                if sending.done():
                    raise ConnectionResetError
        except ConnectionError:
            up.close()  # It is within a transaction, so the next client must not get it.
            await self.connect(number)
            raise
        else:
            await self.sessions.put((number, above, up))
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
                await sending


@asynccontextmanager
async def pooling(url: str) -> AsyncIterator[Pooler]:
    """Run a pooler in this loop."""
    pooler = Pooler(url)
    for number in range(2):
        await pooler.connect(number)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.port = server.sockets[0].getsockname()[1]
    try:
        yield pooler
    finally:
        server.close()
        for client in [*pooler.clients]:
            client.cancel()
        for writer in pooler.open:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
