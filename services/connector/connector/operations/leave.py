"""Leave: before somebody destroys a user at a source, the guard on losses is asked, as workflows ask it for their steps."""

from hashlib import sha256

from sqlalchemy import select

from connector.scope import Parts
from connector.sources.base import Operation, Outcome
from connector.tables import INTEGRATIONS
from shared.api.guard import WITHHELD_CODE, LeaveBackIn, SourceLeaveIn, SourceLeaveOut
from shared.api.sources import OperationIn
from shared.errors import AppError
from shared.events.records import Cause
from shared.http.service_tokens import Caller
from shared.observability.logging import get_logger

log = get_logger(__name__)

ASKS_BY_ITSELF = "workflow-engine"
"""The service that has asked before it calls: for whole batches, with the steps as keys."""


def is_weighed(parts: Parts, provider: str, operation: Operation, given: OperationIn, caller: Caller) -> bool:
    """Return whether the guard must be asked: somebody takes a user away, and no workflow has asked for it."""
    takes_a_user = operation.info.destructive and parts.providers.get(provider).manifest.object_type == "user"
    return takes_a_user and isinstance(given.arguments.get("source_id"), str) and caller.service != ASKS_BY_ITSELF


async def leave_for(parts: Parts, provider: str, operation: Operation, given: OperationIn, *, actor: str) -> SourceLeaveOut:
    """Return the guard's answer; the same key is answered alike, and counted once. Raises `Upstream` when it cannot be asked."""
    async with parts.database.reading() as session:
        ids = list(await session.scalars(select(INTEGRATIONS.c.id).where(INTEGRATIONS.c.provider == provider).limit(10_000)))
    key = f"operation:{sha256(given.idempotency_key.encode()).hexdigest()}"
    cause = Cause(kind="user", id=given.idempotency_key, actor=actor, detail=operation.info.name)
    ask = SourceLeaveIn(key=key, source_id=given.arguments["source_id"].strip(), integration_ids=ids, cause=cause)
    return await parts.mapper.leave_by_source(ask, actor=actor)


def withheld(answer: SourceLeaveOut) -> Outcome:
    """Return the outcome of an operation without leave. Not final: once it is released, the same key goes through."""
    message = f"{answer.message or 'the guard withholds this'}; nothing was sent to the source"
    remedy = "Release it from the withheld losses (POST /withheld/release), then ask again with the same key."
    return Outcome("refused", message, code=WITHHELD_CODE, remedy=remedy, final=False)


async def give_back(parts: Parts, leave: SourceLeaveOut, *, actor: str) -> None:
    """Give back what was not used. What cannot be given back counts a little longer."""
    if not leave.leaves:
        return
    try:
        await parts.mapper.give_leave_back(LeaveBackIn(leaves=leave.leaves), actor=actor)
    except AppError as error:
        log.warning("leave_not_given_back", records=len(leave.leaves), code=error.code)
