"""Runs of integrations: asked for, followed, cancelled, and what they could not apply."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.clients.listing import ListQuery
from api_gateway.scope import InAccount, InParts
from shared.api.runs import RunErrorOut, RunIn, RunOut
from shared.http.paging import PAGE_SIZE, Page

of_integration: APIRouter = subject("/integrations/{integration_id}/runs", "runs")
runs: APIRouter = subject("/runs", "runs")


@of_integration.post("", status_code=202)
async def request_run(integration_id: UUID, parts: InParts, account: InAccount, given: RunIn | None = None) -> RunOut:
    """Queue a run; a full one, unless the body says otherwise."""
    return await parts.runs.request(integration_id, given or RunIn(), actor=account.name)


@of_integration.get("")
async def list_runs(
    integration_id: UUID, parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[RunOut]:
    """Return the integration's runs, the newest first."""
    return await parts.runs.of_integration(integration_id, ListQuery(cursor=cursor, limit=limit), actor=account.name)


@runs.get("/{run_id}")
async def read_run(run_id: UUID, parts: InParts, account: InAccount) -> RunOut:
    """Return one run with its progress."""
    return await parts.runs.one(run_id, actor=account.name)


@runs.post("/{run_id}/cancel")
async def cancel_run(run_id: UUID, parts: InParts, account: InAccount) -> RunOut:
    """Let a run read and ask no further. What it has told is applied all the same; it says of nobody that they are absent."""
    return await parts.runs.cancel(run_id, actor=account.name)


@runs.get("/{run_id}/errors")
async def run_errors(
    run_id: UUID, parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[RunErrorOut]:
    """Return the records of a run that could not be applied."""
    return await parts.runs.errors(run_id, ListQuery(cursor=cursor, limit=limit), actor=account.name)
