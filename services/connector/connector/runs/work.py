"""What a worker does with a run it has claimed, and how a run fails."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from connector.runs.applying import Applying
from connector.runs.beginning import access_of, begin, provenance_of
from connector.runs.books import end
from connector.runs.claims import Claim, claim
from connector.runs.listing import Listing
from connector.runs.log import incidents, write_log
from connector.runs.phases import PROVING, QUEUED
from connector.runs.proving import Proving, prove
from connector.runs.replaying import Replaying
from connector.runs.watermarks import watermarks
from connector.scope import Parts
from connector.sources.base import RecentSource, Session, described
from connector.sources.incidents import requests_in_vain
from connector.tables import RUNS
from shared.errors import AppError


async def take(parts: Parts, run_id: UUID, fence: int) -> Claim | None:
    """Claim a run; None when another worker was faster."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    async with parts.units.begin() as unit:
        return await claim(unit.session, run_id, fence, lease)


async def work(parts: Parts, held: Claim) -> None:
    """Do what the run waits for. Raises whatever keeps it from being done; the run is not failed here."""
    if held.row.phase == PROVING:
        await _prove(parts, held)
        return
    if held.row.phase == QUEUED:
        held = await _begun(parts, held)
    if held.row.kind == "replay":
        await Replaying(parts.units, held, parts.settings.page_size).tell()
        return
    if held.row.kind == "apply":
        await Applying(parts.units, held).tell()
        return
    await Listing(parts.units, held).read(await _opened(parts, held, since=await since_of(parts, held)))


async def fail(parts: Parts, held: Claim, error: AppError) -> None:
    """End the run as failed, with the error as data. Raises `LeaseLost`."""
    async with parts.units.begin(correlation_id=held.row.correlation_id) as unit:
        await held.advance(unit.session, requests=RUNS.c.requests + requests_in_vain())
        await write_log(unit.session, held.run_id, incidents())
        await end(unit, held.row, "failed", described(error), of_credential=error.of_credential)


async def _begun(parts: Parts, held: Claim) -> Claim:
    async with parts.units.begin(correlation_id=held.row.correlation_id) as unit:
        await begin(unit.session, held, parts.providers)
        return await held.reread(unit.session)


async def since_of(parts: Parts, held: Claim) -> dict[str, datetime] | None:
    """Return from when on a quick run reads each part of its source; None of one that reads everything. Raises `FullRunNeeded`."""
    if held.row.kind != "quick":
        return None
    async with parts.database.reading() as session:
        return await watermarks(session, held.row.integration_id, provenance_of(held).integration_name)


async def _opened(parts: Parts, held: Claim, *, since: Mapping[str, datetime] | None = None) -> Session:
    source = parts.providers.get(provenance_of(held).provider)
    access = await access_of(parts, held)
    return await (source.open(access) if since is None else cast("RecentSource", source).open_recent(access, since))


async def _prove(parts: Parts, held: Claim) -> None:
    proving = Proving(parts.units, held, parts.settings.page_size)
    if not await proving.questions():
        await proving.conclude()
        return
    try:
        session = await _opened(parts, held)
    except AppError as error:
        # The pages are applied and stay; what cannot be proven is said, and nobody is marked for it.
        await proving.nobody_can_be_asked(error)
        return
    await prove(proving, session)
