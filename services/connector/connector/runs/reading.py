"""Reading a source while what was read is stored: one request at a time, a few pages ahead, never more."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from connector.runs.log import Entry, incidents
from connector.sources.base import Cursor, Session, SourcePage
from connector.sources.incidents import sent_in_vain
from connector.sources.keeping import kept
from shared.api.agents import MOST_PAGES

AHEAD = MOST_PAGES
"""Pages that wait to be stored at most, as many as an agent may deliver at once: they share a transaction, and a crash reads them again."""
LINGER = 0.2
"""Seconds for which a page waits for company: what a transaction costs beside its records, here and in the mapper, they share."""


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
            some = await _gathered(ready)
            pages = [one for one in some if isinstance(one, Read)]
            if pages:
                yield pages
                ended = pages[-1].page.next is None
            if isinstance(some[-1], BaseException):
                raise some[-1]
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _gathered(ready: asyncio.Queue[Read | BaseException]) -> list[Read | BaseException]:
    """Return what is ready, and what becomes so within a moment."""
    some = [await ready.get()]
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while len(some) < AHEAD and _goes_on(some[-1]):
                some.append(await ready.get())
    return some


def _goes_on(one: Read | BaseException) -> bool:
    return isinstance(one, Read) and one.page.next is not None


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
