"""Routes of the runs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from connector.integrations.launching import require_complete
from connector.runs.applying import request_apply
from connector.runs.cancelling import cancel_run
from connector.runs.following import list_pages, read_log
from connector.runs.redacting import redact_error
from connector.runs.replaying import request_replay
from connector.runs.rewrites import approve_run, waiting_run
from connector.runs.runs import list_errors, list_runs, read_run, request_run
from connector.scope import InCaller, InParts, InReading, InRequest
from shared.api.runs import ReplayIn, RunErrorOut, RunIn, RunLogEntry, RunOut, RunPageOut
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(tags=["runs"])

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]


@router.post("/integrations/{integration_id}/runs", status_code=202)
async def request(integration_id: UUID, parts: InParts, caller: InCaller, given: RunIn | None = None) -> RunOut:
    """Queue a run; a worker takes it up."""
    wanted = given or RunIn()
    if wanted.mode == "plan":
        await require_complete(parts, integration_id, actor=caller.actor)
    async with parts.units.begin(actor=caller.actor) as unit:
        return await request_run(unit, integration_id, kind=wanted.kind, mode=wanted.mode)


@router.get("/integrations/{integration_id}/runs")
async def list_all(integration_id: UUID, session: InReading, cursor: str | None = None, limit: Limit = PAGE_SIZE) -> Page[RunOut]:
    """Return an integration's runs, newest first."""
    return await list_runs(session, integration_id, cursor, limit)


@router.get("/runs/{run_id}")
async def read(run_id: UUID, session: InReading) -> RunOut:
    """Return one run with its progress."""
    return await read_run(session, run_id)


@router.post("/runs/{run_id}/cancel")
async def cancel(run_id: UUID, unit: InRequest) -> RunOut:
    """Let a run read and ask no further."""
    return await cancel_run(unit, run_id)


@router.post("/runs/{run_id}/apply", status_code=202)
async def apply(run_id: UUID, parts: InParts, caller: InCaller) -> RunOut:
    """Queue a run that applies a plan."""
    plan = await parts.mapper.plan(run_id, actor=caller.actor)
    async with parts.units.begin(actor=caller.actor) as unit:
        return await request_apply(unit, run_id, plan)


@router.post("/runs/{run_id}/approve")
async def approve(run_id: UUID, unit: InRequest) -> RunOut:
    """Let a run go on that would rewrite much."""
    await approve_run(unit, run_id)
    return await read_run(unit.session, run_id)


@router.post("/runs/{run_id}/reject")
async def reject(run_id: UUID, unit: InRequest) -> RunOut:
    """End a run that would rewrite much; the pages that are held back are never applied."""
    await waiting_run(unit, run_id)
    return await cancel_run(unit, run_id)


@router.get("/runs/{run_id}/errors")
async def errors(run_id: UUID, session: InReading, cursor: str | None = None, limit: Limit = PAGE_SIZE) -> Page[RunErrorOut]:
    """Return the records of a run that could not be applied."""
    return await list_errors(session, run_id, cursor, limit)


@router.post("/runs/{run_id}/errors/replay", status_code=202)
async def replay(run_id: UUID, unit: InRequest, given: ReplayIn | None = None) -> RunOut:
    """Queue a run that tells the records of errors again."""
    return await request_replay(unit, run_id, (given or ReplayIn()).error_ids)


@router.post("/runs/{run_id}/errors/{error_id}/redact")
async def redact(run_id: UUID, error_id: UUID, unit: InRequest) -> RunErrorOut:
    """Remove the raw record of an error."""
    return await redact_error(unit, run_id, error_id)


@router.get("/runs/{run_id}/pages")
async def pages(run_id: UUID, session: InReading, cursor: str | None = None, limit: Limit = PAGE_SIZE) -> Page[RunPageOut]:
    """Return the pages of a run, and how long each took."""
    return await list_pages(session, run_id, cursor, limit)


@router.get("/runs/{run_id}/log")
async def log(run_id: UUID, session: InReading, cursor: str | None = None, limit: Limit = PAGE_SIZE) -> Page[RunLogEntry]:
    """Return what happened in a run."""
    return await read_log(session, run_id, cursor, limit)
