"""Reading a source while what was read is stored: one request at a time, a few pages ahead, never more."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from time import monotonic

from connector.runs.log import Entry, incidents
from connector.sources.base import Cursor, Session, SourcePage
from connector.sources.incidents import sent_in_vain
from connector.sources.keeping import kept

AHEAD = 8
"""Pages that wait to be stored at most: what is ready goes into one transaction, and a crash reads as many again."""


@dataclass(frozen=True, slots=True)
class Read:
    """A page, and what it took: milliseconds with everything that was waited for, requests, and what was met on the way."""

    page: SourcePage
    took: int
    requests: int
    incidents: Sequence[Entry]


async def read_ahead(session: Session, cursor: Cursor | None) -> AsyncGenerator[list[Read]]:
    """Give the pages from `cursor` on, as many together as are ready. Raises what the source raises, after the pages before it."""
    ready: asyncio.Queue[Read | BaseException] = asyncio.Queue(AHEAD)
    reading = asyncio.create_task(_read(session, cursor, ready))
    try:
        ended = False
        while not ended:
            some = [await ready.get()]
            while not ready.empty():
                some.append(ready.get_nowait())
            pages = [one for one in some if isinstance(one, Read)]
            if pages:
                yield pages
                ended = pages[-1].page.next is None
            if isinstance(some[-1], BaseException):
                raise some[-1]
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(session: Session, cursor: Cursor | None, ready: asyncio.Queue[Read | BaseException]) -> None:
    told = 0
    try:
        while True:
            began = monotonic()
            page = kept(await session.page(cursor))
            took, requests = round((monotonic() - began) * 1000), session.requests
            await ready.put(Read(page, took, requests - told, incidents()))
            told, cursor = requests, page.next
            if cursor is None:
                return
    except Exception as error:  # noqa: BLE001 - handed to whoever stores the pages, who raises it after them
        sent_in_vain(session.requests - told)
        await ready.put(error)
