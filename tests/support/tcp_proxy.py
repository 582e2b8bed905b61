"""A TCP proxy that tests put between a client and its server, to break the connection between them in chosen ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

Direction = Literal["to_server", "to_client"]


class TcpProxy:
    """Passes bytes on. `pause` keeps those of one direction back, `cut` breaks every connection, `refuse` takes no new one."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._flows: dict[Direction, asyncio.Event] = {"to_server": asyncio.Event(), "to_client": asyncio.Event()}
        self._refusing = False
        self.port = 0
        self.connections = 0
        """How many connections were made so far."""
        for flow in self._flows.values():
            flow.set()

    def pause(self, direction: Direction) -> None:
        """Keep bytes of one direction back; the connections stay open."""
        self._flows[direction].clear()

    def resume(self, direction: Direction) -> None:
        """Pass on what was kept back, and what comes."""
        self._flows[direction].set()

    def refuse(self, refusing: bool = True) -> None:
        """Break each new connection at once, or stop doing so."""
        self._refusing = refusing

    def cut(self) -> None:
        """Break every connection without a word; bytes that were kept back are lost."""
        for writer in list(self._writers):
            writer.transport.abort()
        for pipe in self._pipes:
            pipe.cancel()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["TcpProxy"]:
        """Listen inside the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._pipes, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, upstream_writer}
        pipes = (self._pipe(reader, upstream_writer, "to_server"), self._pipe(upstream_reader, writer, "to_client"))
        for pipe in pipes:
            task = asyncio.create_task(pipe)
            self._pipes.add(task)
            task.add_done_callback(self._pipes.discard)

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction) -> None:
        try:
            with suppress(ConnectionError):
                while content := await reader.read(65536):
                    await self._flows[direction].wait()
                    writer.write(content)
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
