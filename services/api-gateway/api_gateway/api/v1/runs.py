"""Runs of integrations: asked for, followed, cancelled, and what they could not apply."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.clients.listing import ListQuery
from api_gateway.scope import InAccount, InParts, Parts
from shared.api.checks import CheckOut
from shared.api.filters import FilteredOut
from shared.api.plans import PlanAction, PlanItemOut, PlanOut, PlanOutcome
from shared.api.runs import ReplayIn, RunErrorOut, RunIn, RunLogEntry, RunOut, RunPageOut
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

NDJSON = "application/x-ndjson"

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


@runs.get("/{run_id}/plan")
async def run_plan(run_id: UUID, parts: InParts, account: InAccount) -> PlanOut:
    """Return what a run would do, counted: of a run with mode plan, or of one that waits for approval."""
    return await parts.plans.one(run_id, actor=account.name)


@runs.get("/{run_id}/plan/items")
async def run_plan_items(
    run_id: UUID,
    parts: InParts,
    account: InAccount,
    *,
    action: PlanAction | None = None,
    outcome: PlanOutcome | None = None,
    source_id: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[PlanItemOut]:
    """Return what would become of each record, with the fields that would change, and what became of it once it was applied."""
    return await parts.plans.items(
        run_id, action=action, outcome=outcome, source_id=source_id, cursor=cursor, limit=limit, actor=account.name
    )


@runs.get("/{run_id}/plan/check")
async def run_plan_check(run_id: UUID, parts: InParts, account: InAccount) -> CheckOut:
    """Return what would become of all records of a plan, with examples, and what speaks against letting them in."""
    return await parts.plans.check_plan(run_id, actor=account.name)


@runs.post("/{run_id}/apply", status_code=202)
async def apply_plan(run_id: UUID, parts: InParts, account: InAccount) -> RunOut:
    """Queue a run that applies a plan as it stands. Records that changed since are left as they are, and named as errors of that run."""
    return await parts.runs.apply(run_id, actor=account.name)


@runs.post("/{run_id}/approve")
async def approve_run(run_id: UUID, parts: InParts, account: InAccount) -> RunOut:
    """Let a run go on that waits because it would rewrite many records."""
    return await parts.runs.decide(run_id, "approve", actor=account.name)


@runs.post("/{run_id}/reject")
async def reject_run(run_id: UUID, parts: InParts, account: InAccount) -> RunOut:
    """End a run that waits; what it would have rewritten stays as it is."""
    return await parts.runs.decide(run_id, "reject", actor=account.name)


@runs.get("/{run_id}/filtered")
async def run_filtered(
    run_id: UUID, parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[FilteredOut]:
    """Return the first records of a run that its filter held back, with the conditions that each failed; the run counts all of them."""
    await parts.runs.one(run_id, actor=account.name)
    return await parts.mapper.filtered(run_id, ListQuery(cursor=cursor, limit=limit), actor=account.name)


@runs.get("/{run_id}/errors")
async def run_errors(
    run_id: UUID, parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[RunErrorOut]:
    """Return the records of a run that could not be applied."""
    return await parts.runs.errors(run_id, ListQuery(cursor=cursor, limit=limit), actor=account.name)


@runs.post("/{run_id}/errors/replay", status_code=202)
async def replay_errors(run_id: UUID, parts: InParts, account: InAccount, given: ReplayIn | None = None) -> RunOut:
    """Queue a run that tells the stored records of errors to the mapping again, once their cause is mended. Who was seen since stays."""
    return await parts.runs.replay(run_id, given or ReplayIn(), actor=account.name)


@runs.post("/{run_id}/errors/{error_id}/redact")
async def redact_error(run_id: UUID, error_id: UUID, parts: InParts, account: InAccount) -> RunErrorOut:
    """Remove the raw record of an error for good; the error stays, and can be replayed no more."""
    return await parts.runs.redact(run_id, error_id, actor=account.name)


@runs.get("/{run_id}/pages")
async def run_pages(run_id: UUID, parts: InParts, account: InAccount, cursor: Cursor = None, limit: Limit = PAGE_SIZE) -> Page[RunPageOut]:
    """Return the pages of a run in their order, and how long each took to fetch and to apply."""
    return await parts.runs.pages(run_id, ListQuery(cursor=cursor, limit=limit), actor=account.name)


@runs.get("/{run_id}/log", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}, "description": "The log."}})
async def run_log(run_id: UUID, parts: InParts, account: InAccount) -> StreamingResponse:
    """Download the log of a run: one JSON object a line, oldest first, with times and the run's correlation id; no records."""
    first = await parts.runs.log(run_id, ListQuery(limit=LARGEST_PAGE), actor=account.name)
    headers = {"Content-Disposition": f'attachment; filename="run-{run_id}.ndjson"'}
    return StreamingResponse(_lines(parts, run_id, first, account.name), media_type=NDJSON, headers=headers)


async def _lines(parts: Parts, run_id: UUID, page: Page[RunLogEntry], actor: str) -> AsyncIterator[bytes]:
    while True:
        yield b"".join(entry.model_dump_json().encode() + b"\n" for entry in page.items)
        if page.next_cursor is None:
            return
        page = await parts.runs.log(run_id, ListQuery(cursor=page.next_cursor, limit=LARGEST_PAGE), actor=actor)
