"""The past: what changed, why a field has its value, why a record is not there, and undoing runs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api_gateway.api.v1.routing import Cursor, Limit, subject
from api_gateway.auth.access import UNDOES, RoleNeeded, reaches
from api_gateway.auth.authentication import Account
from api_gateway.scope import InAccount, InParts, Parts
from shared.api.base import Moment
from shared.api.history import DiffOut, UndoAction, UndoIn, UndoItemOut, UndoOut, WhyNotOut, WhyOut
from shared.errors import Conflict, NotFound
from shared.http.paging import PAGE_SIZE, Page

people: APIRouter = subject("/people", "history")
saas_users: APIRouter = subject("/saas-users", "history")
assets: APIRouter = subject("/assets", "history")
integrations: APIRouter = subject("/integrations", "history")
runs: APIRouter = subject("/runs", "history")
undos: APIRouter = subject("/undos", "history")

From = Annotated[Moment, Query(alias="from", description="The first moment, with its zone.")]
To = Annotated[Moment | None, Query(alias="to", description="The second moment; now, when it is not given.")]


class RunNotEnded(Conflict):
    """The run is still at work."""

    code = "run_not_ended"


@people.get("/{person_id}/diff")
async def diff_person(person_id: UUID, parts: InParts, account: InAccount, since: From, until: To = None) -> DiffOut:
    """Return what changed in a Person between two moments, and what brought each change."""
    return await parts.history.diff("people", person_id, since, until, actor=account.name)


@people.get("/{person_id}/fields/{field}/why")
async def why_person(person_id: UUID, field: str, parts: InParts, account: InAccount) -> WhyOut:
    """Return why a Person's field has its value: source, run, version of the mapping, raw value, or whoever wrote it."""
    return await parts.history.why("people", person_id, field, actor=account.name)


@saas_users.get("/{saas_user_id}/diff")
async def diff_saas_user(saas_user_id: UUID, parts: InParts, account: InAccount, since: From, until: To = None) -> DiffOut:
    """Return what changed in a SaaS user between two moments, and what brought each change."""
    return await parts.history.diff("saas-users", saas_user_id, since, until, actor=account.name)


@saas_users.get("/{saas_user_id}/fields/{field}/why")
async def why_saas_user(saas_user_id: UUID, field: str, parts: InParts, account: InAccount) -> WhyOut:
    """Return why a SaaS user's field has its value."""
    return await parts.history.why("saas-users", saas_user_id, field, actor=account.name)


@assets.get("/{asset_id}/diff")
async def diff_asset(asset_id: UUID, parts: InParts, account: InAccount, since: From, until: To = None) -> DiffOut:
    """Return what changed in an asset between two moments, and what brought each change."""
    return await parts.history.diff("assets", asset_id, since, until, actor=account.name)


@assets.get("/{asset_id}/fields/{field}/why")
async def why_asset(asset_id: UUID, field: str, parts: InParts, account: InAccount) -> WhyOut:
    """Return why a field of an asset has its value."""
    return await parts.history.why("assets", asset_id, field, actor=account.name)


@integrations.get("/{integration_id}/why-not")
async def why_not(
    integration_id: UUID, parts: InParts, account: InAccount, source_id: Annotated[str, Query(min_length=1, max_length=200)]
) -> WhyNotOut:
    """Return why the record that the source has under this id is not among the records, or is not up to date."""
    answer = await parts.history.why_not(integration_id, source_id, actor=account.name)
    if answer.state == "unknown":
        # The mapper knows integrations by their records alone: of one without any only the connector can say whether it is there.
        await parts.connector.integration(integration_id, actor=account.name)
    return answer


@runs.post("/{run_id}/undo")
async def undo_run(run_id: UUID, given: UndoIn, parts: InParts, account: InAccount) -> UndoOut:
    """Undo what a run did, or say what that would do. Fields that were changed since are kept, and listed."""
    _may_undo(account, given, "a run")
    await _has_ended(parts, run_id, account)
    return await parts.history.undo("runs", run_id, given, actor=account.name)


@undos.post("/{undo_id}/undo")
async def undo_undo(undo_id: UUID, given: UndoIn, parts: InParts, account: InAccount) -> UndoOut:
    """Undo an undo: what the run did is there again, but for what was changed since."""
    _may_undo(account, given, "an undo")
    return await parts.history.undo("undos", undo_id, given, actor=account.name)


@undos.get("/{undo_id}")
async def read_undo(undo_id: UUID, parts: InParts, account: InAccount) -> UndoOut:
    """Return an undo, counted."""
    return await parts.history.one(undo_id, actor=account.name)


@undos.get("/{undo_id}/items")
async def undo_items(
    undo_id: UUID,
    parts: InParts,
    account: InAccount,
    *,
    action: UndoAction | None = None,
    conflicts: Annotated[bool, Query(description="Only records of which something is kept.")] = False,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
) -> Page[UndoItemOut]:
    """Return an undo's records: what each field has and gets, what is kept and why, and what became of it."""
    return await parts.history.items(undo_id, action=action, conflicts=conflicts, cursor=cursor, limit=limit, actor=account.name)


def _may_undo(account: Account, given: UndoIn, what: str) -> None:
    if given.mode == "apply" and not reaches(account.role, UNDOES):
        raise RoleNeeded(f"undoing {what}", UNDOES, account.role)


async def _has_ended(parts: Parts, run_id: UUID, account: Account) -> None:
    """Raise `RunNotEnded` while a run is at work. One that the connector keeps no longer has ended."""
    try:
        run = await parts.runs.one(run_id, actor=account.name)
    except NotFound:
        return
    if run.ended_at is None:
        raise RunNotEnded(f"the run {run_id} is still at work", remedy="Cancel it, or wait until it has ended.")
