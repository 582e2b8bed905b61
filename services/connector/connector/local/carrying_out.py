"""One run, read on the agent's host: the same sources, reading ahead and asking as in a worker of the connector's."""

import asyncio
from contextlib import aclosing
from typing import cast

import orjson

from connector.local.credentials import LocalCredentials
from connector.local.delivered import delivered_answers, delivered_incidents, delivered_page
from connector.local.gateway import Gateway, OutOfStep
from connector.providers.providers import Providers
from connector.runs.asking import Asking
from connector.runs.log import incidents
from connector.runs.reading import Read, read_ahead
from connector.sources.base import Access, Cursor, Input, RecentSource, Session, described
from connector.sources.incidents import requests_in_vain
from shared.api.agents import AnswersIn, DeliveredPage, PagesIn, TaskOut
from shared.errors import AppError

LARGEST_DELIVERY = 8 * 1024 * 1024
"""Bytes of pages that travel together; one that is larger travels alone."""


class CarryingOut:
    """What an agent does for one run that it has taken."""

    def __init__(self, gateway: Gateway, providers: Providers, credentials: LocalCredentials, task: TaskOut) -> None:
        self._gateway = gateway
        self._providers = providers
        self._credentials = credentials
        self._task = task

    async def work(self) -> None:
        """Do what the run waits for. Raises what the source raises, `NoLongerOurs`, `TokenRefused`."""
        if self._task.step == "proving":
            await self._prove()
            return
        cursor = self._task.cursor
        while True:
            try:
                await self._read(await self._opened(), cursor)
            except OutOfStep as step:
                # An answer was lost on its way: what is stored says where to go on.
                cursor = step.cursor
            else:
                return

    async def _read(self, session: Session, cursor: Cursor | None) -> None:
        async with aclosing(read_ahead(session, cursor)) as batches:
            async for reads in batches:
                for some in _parcels(reads):
                    await self._gateway.pages(self._task.run_id, PagesIn(fence=self._task.fence, after=cursor, pages=some))
                    cursor = some[-1].next

    async def _prove(self) -> None:
        run_id, fence = self._task.run_id, self._task.fence
        try:
            session = await self._opened()
        except AppError as error:
            # The pages are stored; what cannot be proven is said, and nobody is marked for it.
            await self._gateway.answers(run_id, AnswersIn(fence=fence, requests=requests_in_vain(), given_up=described(error)))
            return
        asking = Asking(session)
        questions = await self._gateway.answers(run_id, AnswersIn(fence=fence))
        while questions:
            findings = await asking.ask(questions)
            told = AnswersIn(
                fence=fence,
                answers=delivered_answers(findings),
                requests=asking.requests(),
                incidents=delivered_incidents(incidents()),
                given_up=asking.given_up,
            )
            questions = await self._gateway.answers(run_id, told)

    async def _opened(self) -> Session:
        source = self._providers.get(self._task.provider)
        inputs = tuple(Input(given.key, given.value, given.variable) for given in self._task.inputs)
        accepted = self._providers.accepted_by(source.manifest)
        access: Access = await asyncio.to_thread(self._credentials.access, self._task.credential, source.manifest, accepted, inputs)
        if self._task.since is None:
            return await source.open(access)
        # A connector of before says one moment for all.
        return await cast("RecentSource", source).open_recent(access, self._task.since_by_part or {"": self._task.since})


def _parcels(reads: list[Read]) -> list[list[DeliveredPage]]:
    """Return the pages in as few deliveries as their sizes allow."""
    parcels: list[list[DeliveredPage]] = []
    room = 0
    for read in reads:
        page = delivered_page(read)
        size = len(orjson.dumps([one.record for one in page.records]))
        if not parcels or size > room:
            parcels.append([])
            room = LARGEST_DELIVERY
        parcels[-1].append(page)
        room -= size
    return parcels
